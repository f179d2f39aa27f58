// A manager's lists: sign-in, search, filters, order, and pages in both directions.
import { asking, headingOf, visit } from './browser.mjs';
import { countsOf } from './history.mjs';

/** Returns a list's first column of data, and the text about its length. */
async function shown(page) {
  const first = 'tbody td:first-child[data-heading], tbody td.select + td';
  const rows = await page.locator(first).allInnerTexts();
  return { rows, says: await page.locator('.pager').getByRole('status').innerText() };
}

async function press(page, name) {
  const button = page.getByRole('button', { name });
  if ((await button.getAttribute('aria-disabled')) === 'true') return false;
  // By keyboard, because the pager must work without a mouse.
  await button.focus();
  await asking(page, () => page.keyboard.press('Enter'));
  return true;
}

const choose = (page, label, name) =>
  asking(page, () => page.getByLabel(label).selectOption(name));

/** Returns all pages of a list to its end, and all on the way back. */
async function paged(page) {
  const forward = [await shown(page)];
  while (await press(page, 'Next page')) forward.push(await shown(page));
  const backward = [await shown(page)];
  while (await press(page, 'Previous page')) backward.push(await shown(page));
  return { forward, backward };
}

/** Visits the invites to a workspace, starting with signing in as a persona. */
export async function workspace(browser, app, persona, name) {
  const page = await browser.open();
  await visit(page, `${app.url}/manage`);
  const before = await headingOf(page);
  await asking(page, () => page.getByRole('button', { name: persona, exact: true }).click());
  await asking(page, () => page.getByRole('link', { name }).click());
  const seen = { before, heading: await headingOf(page), counts: await countsOf(page), first: await paged(page) };
  await choose(page, 'Rows per page', '50');
  seen.fifty = await paged(page);
  await choose(page, 'Order', 'Oldest first');
  seen.oldest = await shown(page);
  await choose(page, 'Status', 'Expired');
  seen.expired = await shown(page);
  await page.getByLabel('Search').fill('no such address');
  await asking(page, () => page.getByRole('button', { name: 'Search' }).click());
  seen.nothing = { ...(await shown(page)), text: await page.locator('main').innerText() };
  Object.assign(seen, await signedOut(page));
  await page.close();
  return seen;
}

/** Returns the screen after signing out: before the gateway has responded, and after. */
async function signedOut(page) {
  let answer;
  const held = new Promise((resolve) => (answer = resolve));
  await page.route('**/graphql', async (route) => {
    await held;
    await route.continue();
  });
  const asked = page.waitForRequest('**/graphql');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await asked;
  const meanwhile = await page.locator('main').innerText();
  await asking(page, answer);
  return { meanwhile, signedOut: await page.locator('main').innerText() };
}

/** Visits the invitees of a course, starting with pasting a token. */
export async function course(browser, app, token, slug, search) {
  const page = await browser.open();
  await visit(page, `${app.url}/manage`);
  await page.getByLabel('Bearer token').fill(token);
  await asking(page, () => page.keyboard.press('Enter'));
  await visit(page, `${app.url}/manage/course/${slug}`);
  const seen = { heading: await headingOf(page), counts: await countsOf(page), all: await shown(page) };
  await page.getByLabel('Search').fill(search);
  await asking(page, () => page.keyboard.press('Enter'));
  seen.found = await shown(page);
  await choose(page, 'Order', 'By username');
  await choose(page, 'Rows per page', '100');
  seen.ordered = await shown(page);
  await page.close();
  return seen;
}
