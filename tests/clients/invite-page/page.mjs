// Visits the screens of the example `invite-page` that change nothing. Arguments: the gateway's URL; its
// program, which describes the demo; the screens to visit, and the error responses to try, in JSON;
// optionally a folder for screenshots, light and dark. Prints the contents of the screens.
import { join } from 'node:path';

import { headingOf, visit } from './browser.mjs';
import { course, workspace } from './lists.mjs';
import { browse } from './session.mjs';
import { answers, outage, refusedToken } from './troubles.mjs';

const [gateway, program, plan, screenshots] = process.argv.slice(2);
const { visits, bad } = JSON.parse(plan);

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

await browse(gateway, program, async ({ app, browser, tokenOf, wire }) => {
  const screens = [];
  const pages = new Map();
  for (const [index, { address, persona }] of visits.entries()) {
    if (!pages.has(persona)) {
      const token = persona && tokenOf(persona);
      pages.set(persona, await browser.open({ token, viewport: PHONE }));
    }
    screens.push(await screen(pages.get(persona), app.url + address, index));
  }
  return {
    screens,
    workspace: await workspace(browser, app, 'workspace-admin', /Tidewater/),
    course: await course(browser, app, tokenOf('course-manager'), 'rust-from-zero', 'maria'),
    outage: await outage(browser, app, wire),
    answers: await answers(browser, app, bad),
    refusedToken: await refusedToken(browser, app),
  };
});
