// A session of visits: the dev server with a gateway in demo mode, and Chromium.
import { startApp, wireTo } from './app.mjs';
import { startBrowser } from './browser.mjs';

/** Prints the result of the visits, and what the browser noticed. */
export async function browse(gateway, program, visits) {
  const wire = await wireTo(gateway);
  let app;
  let browser;
  try {
    app = await startApp({
      GATEWAY_URL: wire.url,
      INVITE_GATEWAY: program,
      VITE_IMAGE_ORIGINS: 'https://logos.example.com',
    });
    browser = await startBrowser(app);
    const { personas } = await (await fetch(`${app.url}/demo.json`)).json();
    const tokenOf = (persona) => personas.find(({ name }) => name === persona).token;
    const seen = await visits({ app, browser, tokenOf, wire });
    const { errors, foreign, graphqlMethods } = browser.noticed;
    const noticed = { errors, foreign: [...foreign], graphqlMethods: [...graphqlMethods] };
    process.stdout.write(JSON.stringify({ ...seen, noticed }));
  } finally {
    await browser?.stop();
    await app?.stop();
    await wire.cut();
  }
}
