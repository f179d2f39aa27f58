// A Chromium that records errors, and requests that leave the app.
import { chromium } from 'playwright-core';

const TOKEN_KEPT_AS = 'invite-page.token';

/** The logo of every workspace that has one, since no other host is reachable. */
const LOGO = Buffer.from(
  '<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"><rect width="64" height="64" fill="teal"/></svg>',
).toString('base64');

export async function startBrowser(app) {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
    ],
  });
  const noticed = { errors: [], foreign: new Set(), graphqlMethods: new Set() };

  // All pages share one, because each new context would load every module of the app. The token is a
  // tab's own.
  const context = await browser.newContext({
    locale: 'en-GB',
    timezoneId: 'UTC',
    viewport: { width: 1000, height: 800 },
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  // Slow machines are no failure.
  context.setDefaultTimeout(120_000);

  /**
   * Opens a page, signed in if there is a `token`. With `rough`, error responses are part of the
   * scenario, and the browser's messages about them are no errors.
   */
  async function open({ token, rough, viewport } = {}) {
    const page = await context.newPage();
    if (viewport) await page.setViewportSize(viewport);
    if (token) {
      // Only once, since sign-out and a new sign-in must persist.
      await page.addInitScript(
        ([key, value]) => {
          if (!sessionStorage.getItem('told')) sessionStorage.setItem(key, value);
          sessionStorage.setItem('told', 'yes');
        },
        [TOKEN_KEPT_AS, token],
      );
    }
    const devtools = await context.newCDPSession(page);
    // Not with `route`, which would reload every module of the app for every screen.
    devtools.on('Fetch.requestPaused', ({ requestId }) =>
      devtools.send('Fetch.fulfillRequest', {
        requestId,
        responseCode: 200,
        responseHeaders: [{ name: 'content-type', value: 'image/svg+xml' }],
        body: LOGO,
      }),
    );
    await devtools.send('Fetch.enable', { patterns: [{ urlPattern: 'https://*' }] });
    page.on('pageerror', (error) => noticed.errors.push(String(error)));
    page.on('console', (message) => {
      const text = message.text();
      if (!['error', 'warning'].includes(message.type())) return;
      if (rough && text.startsWith('Failed to load resource')) return;
      noticed.errors.push(`${page.url()}: ${text}`);
    });
    page.on('request', (request) => {
      const { origin, pathname, protocol } = new URL(request.url());
      if (origin !== app.url && protocol !== 'data:') noticed.foreign.add(request.url());
      if (pathname === '/graphql') noticed.graphqlMethods.add(request.method());
    });
    return page;
  }

  return { open, noticed, stop: () => browser.close() };
}

/** Opens an address of the app, and waits for its content. */
export async function visit(page, address) {
  await page.goto(address);
  await settled(page);
}

/** Waits until there is a heading and no request is pending. */
export async function settled(page) {
  await page.locator('h1').waitFor();
  await page.waitForFunction(() => !document.querySelector('[aria-busy="true"]'));
}

/** Runs an action that sends requests, and waits until the responses are on the screen. */
export async function asking(page, act) {
  const answered = page.waitForResponse((response) => new URL(response.url()).pathname === '/graphql');
  await act();
  await answered;
  await settled(page);
}

/** Presses a button, of the screen or a part of it, and waits until the screen says something new. */
export async function press(page, name, says, part = page) {
  await part.getByRole('button', { name, exact: true }).click();
  await page.getByText(says).first().waitFor();
}

export const headingOf = (page) => page.locator('h1').innerText();
