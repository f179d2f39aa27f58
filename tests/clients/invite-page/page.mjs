// Visits the example `invite-page` in Chromium, from its dev server with a gateway in demo mode.
// Arguments: the gateway's URL; its program, which describes the demo; the screens to visit, what to do
// on them, and the error responses to try, in JSON; optionally a folder for screenshots, light and dark.
// Prints the contents of the screens. Visits that change something come last, each with invites of its
// own.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { npmRun, startApp, textOf, wireTo } from './app.mjs';
import { headingOf, startBrowser, visit } from './browser.mjs';
import { changed } from './changes.mjs';
import { course, workspace } from './lists.mjs';
import { answers, outage, refusedToken } from './troubles.mjs';

const [gateway, program, plan, screenshots] = process.argv.slice(2);
const { visits, bad, changes } = JSON.parse(plan);

const WIDE = { width: 1000, height: 800 };
const PHONE = { width: 360, height: 640 };

/** Returns a screen's texts, and whether it suits screen readers and phones. */
async function screen(page, address, index) {
  await visit(page, address);
  const main = page.locator('main');
  const seen = {
    heading: await headingOf(page),
    text: await main.innerText(),
    title: await page.title(),
    accept: await main.getByRole('button', { name: /^(Accept|Join)/ }).allInnerTexts(),
    signInFirst: await main.getByRole('heading', { name: 'Sign in first' }).count(),
    pictures: await page.locator('img').evaluateAll((images) =>
      Promise.all(
        images.map((image) => image.decode().then(() => image.src, () => `not shown: ${image.src}`)),
      ),
    ),
    headings: await page.locator('h1').count(),
    unlabelled: await page.locator('input, select, textarea').evaluateAll((controls) =>
      controls.filter(({ labels }) => labels.length === 0).length,
    ),
    overflows: await page.evaluate(() => document.documentElement.scrollWidth > innerWidth),
  };
  if (screenshots) {
    await page.setViewportSize(WIDE);
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: join(screenshots, `${index}-${colorScheme}.png`) });
    }
    await page.setViewportSize(PHONE);
  }
  return seen;
}

const built = mkdtempSync(join(tmpdir(), 'invite-page-'));
const wire = await wireTo(gateway);
let app;
let browser;
try {
  npmRun('check');
  // Without its `prebuild`, because the types exist.
  npmRun('--ignore-scripts', 'build', '--', '--outDir', built, '--emptyOutDir', '--logLevel', 'warn');
  const text = textOf(built);
  app = await startApp({
    GATEWAY_URL: wire.url,
    INVITE_GATEWAY: program,
    VITE_IMAGE_ORIGINS: 'https://logos.example.com',
  });
  browser = await startBrowser(app);
  const { personas } = await (await fetch(`${app.url}/demo.json`)).json();
  const tokenOf = (persona) => personas.find(({ name }) => name === persona).token;

  const screens = [];
  const pages = new Map();
  for (const [index, { address, persona }] of visits.entries()) {
    if (!pages.has(persona)) {
      const token = persona && tokenOf(persona);
      pages.set(persona, await browser.open({ token, viewport: PHONE }));
    }
    screens.push(await screen(pages.get(persona), app.url + address, index));
  }
  const seen = {
    built: { queries: text.includes('inviteCode('), demo: text.includes('demo.json') },
    screens,
    workspace: await workspace(browser, app, 'workspace-admin', /Tidewater/),
    course: await course(browser, app, tokenOf('course-manager'), 'rust-from-zero', 'maria'),
    outage: await outage(browser, app, wire),
    answers: await answers(browser, app, bad),
    refusedToken: await refusedToken(browser, app),
    ...(await changed(browser, app, tokenOf, changes)),
  };
  const { errors, foreign, graphqlMethods } = browser.noticed;
  const noticed = { errors, foreign: [...foreign], graphqlMethods: [...graphqlMethods] };
  process.stdout.write(JSON.stringify({ ...seen, noticed }));
} finally {
  await browser?.stop();
  await app?.stop();
  await wire.cut();
  rmSync(built, { recursive: true, force: true });
}
