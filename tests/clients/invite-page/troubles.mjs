// Errors that visitors see, and how they continue.
import { asking, headingOf, visit } from './browser.mjs';

const ADDRESS = '/i/code/WELCOME-2026';

/** The gateway becomes unreachable and comes back: trying again suffices. */
export async function outage(browser, app, wire) {
  const page = await browser.open({ rough: true });
  await wire.cut();
  await visit(page, app.url + ADDRESS);
  const away = await headingOf(page);
  const again = page.getByRole('button', { name: 'Try again' });
  await asking(page, () => again.click());
  const stillAway = await headingOf(page);
  await wire.mend();
  await again.focus();
  await asking(page, () => page.keyboard.press('Enter'));
  const back = await headingOf(page);
  const focused = await page.evaluate(() => document.activeElement.id);
  await page.close();
  return { away, stillAway, back, focused };
}

/** Error responses of a gateway, or of a proxy in front of it. */
export async function answers(browser, app, bad) {
  const seen = [];
  for (const { status, contentType, body } of bad) {
    const page = await browser.open({ rough: true });
    await page.route('**/graphql', (route) => route.fulfill({ status, contentType, body }));
    await visit(page, app.url + ADDRESS);
    const buttons = await page.locator('main').getByRole('button').allInnerTexts();
    seen.push({ heading: await headingOf(page), buttons });
    await page.close();
  }
  return seen;
}

/** A token that the gateway refuses does not block a visitor. */
export async function refusedToken(browser, app) {
  const page = await browser.open({ token: 'refused', rough: true });
  await visit(page, app.url + ADDRESS);
  const refused = await headingOf(page);
  await asking(page, () => page.getByRole('button', { name: 'Continue signed out' }).click());
  const then = await headingOf(page);
  await page.close();
  return { refused, then };
}
