// Managers invite many people, send invites again and withdraw them, and change a group's link.
import { asking, headingOf, press, visit } from './browser.mjs';

/** Returns the outcome of each row, and its link. */
async function outcome(page) {
  const section = page.getByRole('region', { name: 'Outcome' });
  const rows = [];
  for (const item of await section.getByRole('listitem').all()) {
    const link = item.getByRole('textbox');
    const text = (await item.innerText()).split('\n')[0];
    rows.push({ text, link: (await link.count()) > 0 ? await link.inputValue() : null });
  }
  return { heading: await section.getByRole('heading').innerText(), rows };
}

/** Returns the length of a list. */
async function totalOf(page) {
  const [, total] = /of (\d+) shown/.exec(await page.locator('.pager').innerText());
  return Number(total);
}

const boxOf = (page, name) => page.getByLabel(`Select ${name}`, { exact: true });

/** Selects rows of a list. */
export async function select(page, ...names) {
  for (const name of names) await boxOf(page, name).check();
}

/** Searches a list. */
export async function search(page, text) {
  await page.getByRole('searchbox').fill(text);
  await asking(page, () => page.keyboard.press('Enter'));
}

/** Presses a button that asks first, and answers the question. */
export async function decide(page, name, answer, says) {
  await page.getByRole('button', { name, exact: true }).click();
  const dialog = page.getByRole('dialog');
  const question = await dialog.innerText();
  await dialog.getByRole('button', { name: answer, exact: true }).click();
  await dialog.waitFor({ state: 'hidden' });
  if (says) await page.getByText(says).first().waitFor();
  return question;
}

/** Opens a workspace's invites. */
export async function openWorkspace(browser, app, token, id) {
  const page = await browser.open({ token, rough: true });
  await visit(page, `${app.url}/manage/workspace/${id}`);
  return page;
}

/** Invites people by pasted text. The first response is lost, and the form is sent again. */
export async function inviting(page, text, role, message) {
  const keys = [];
  let lose = true;
  await page.route('**/graphql', async (route) => {
    const { variables, query } = route.request().postDataJSON();
    if (!query.includes('mutation InvitePeople')) return route.continue();
    keys.push(variables.input.idempotencyKey);
    if (!lose) return route.continue();
    lose = false;
    await route.fetch();
    await route.abort();
  });
  const before = await totalOf(page);
  await page.getByText('Invite people').click();
  const addresses = page.getByLabel('E-mail addresses');
  const roles = await page.getByLabel('Role').locator('option').allInnerTexts();
  await addresses.fill(text);
  await page.getByLabel('Role').selectOption(role);
  await page.getByLabel('Message (optional)').fill(message);
  await press(page, 'Invite', 'We could not reach the invites');
  await press(page, 'Invite', 'Invited:');
  const invited = await outcome(page);
  await lengthens(page, before);
  const total = await totalOf(page);

  await page.getByRole('button', { name: 'Copy the link' }).first().click();
  await page.getByRole('button', { name: 'Copied' }).waitFor();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  const left = await addresses.inputValue();

  await addresses.fill('twice@example.org');
  await page.getByRole('button', { name: 'Invite', exact: true }).dblclick();
  await lengthens(page, total);
  const twice = { left: await addresses.inputValue(), made: (await totalOf(page)) - total };
  await page.unroute('**/graphql');
  return {
    roles,
    invited,
    made: total - before,
    copied,
    left,
    twice,
    sent: keys.length,
    // The submission that was sent again has one key, and the next has another.
    keys: new Set(keys).size,
  };
}

/** Waits until a list has been loaded again, with more rows. */
async function lengthens(page, from) {
  await page.waitForFunction((from) => {
    const shown = /of (\d+) shown/.exec(document.querySelector('.pager').innerText);
    return shown && Number(shown[1]) > from;
  }, from);
}

/** Withdraws one invite. */
export async function withdraw(page, name) {
  await search(page, name);
  await select(page, name);
  await decide(page, 'Withdraw', 'Withdraw', 'Withdrawn: 1 of 1');
}

/** Sends selected invites again, twice, and withdraws them, after keeping them first. */
export async function selecting(page, text, [first, second, third]) {
  await search(page, text);
  await select(page, first, second);
  const selected = await page.getByText(/^\d+ selected$/).innerText();
  await press(page, 'Send again', 'Sent again: 2 of 2');
  const sent = await outcome(page);
  await select(page, first, third);
  await press(page, 'Send again', 'Sent again: 1 of 2');
  const sentTwice = await outcome(page);

  await select(page, first, second);
  const question = await decide(page, 'Withdraw', 'Go back');
  await decide(page, 'Withdraw', 'Withdraw', 'Withdrawn: 2 of 2');
  const withdrawn = await outcome(page);
  const rowOf = (name) => page.getByRole('row').filter({ hasText: name });
  await rowOf(second).getByText('Withdrawn').waitFor();
  const statuses = [];
  for (const name of [first, second, third]) {
    statuses.push(await rowOf(name).locator('.status').innerText());
  }
  const boxes = await boxOf(page, first).count();
  await press(page, 'Close', 'selected');
  const closed = (await page.getByRole('region', { name: 'Outcome' }).count()) === 0;
  return { selected, sent, sentTwice, question, withdrawn, statuses, boxes, closed };
}

/** Staff invite an owner. An admin of the workspace cannot send that invite again, but withdraws it. */
export async function ownersInvite(browser, app, staff, page, email) {
  const other = await browser.open({ token: staff });
  await visit(other, page.url());
  await other.getByText('Invite people').click();
  await other.getByLabel('E-mail addresses').fill(email);
  await other.getByLabel('Role').selectOption('owner');
  await press(other, 'Invite', 'Invited: 1 of 1');
  await other.close();

  await search(page, email);
  await select(page, email);
  await press(page, 'Send again', 'Sent again: 0 of 1');
  const sent = await outcome(page);
  await select(page, email);
  await decide(page, 'Withdraw', 'Withdraw', 'Withdrawn: 1 of 1');
  return { sent, withdrawn: await outcome(page) };
}

/** Sends all invites of a search of a course again, and withdraws them. */
export async function courseInvites(browser, app, token, slug, text) {
  const page = await browser.open({ token });
  await visit(page, `${app.url}/manage/course/${slug}`);
  await search(page, text);
  await page.getByLabel('Select all on this page').check();
  await press(page, 'Send again', 'Sent again:');
  const sent = await outcome(page);
  await page.getByLabel('Select all on this page').check();
  await decide(page, 'Withdraw', 'Withdraw', 'Withdrawn:');
  const withdrawn = await outcome(page);
  await page.getByText('No invite matches.').waitFor();
  await page.close();
  return { sent, withdrawn };
}

/** Replaces the link of a group, and switches it off and on. Another visitor tries the first link. */
export async function groupLink(browser, app, token, visitor, slug) {
  const page = await browser.open({ token });
  await visit(page, `${app.url}/manage/group/${slug}`);
  const heading = await headingOf(page);
  const link = () => page.getByRole('textbox').inputValue();
  const first = await link();
  const question = await decide(page, 'Replace the link', 'Go back');
  const kept = await link();

  // The visitor has the link open when it ends.
  const late = await browser.open({ token: visitor });
  await visit(late, `${app.url}/i/group/${slug}/${first.split('/').at(-1)}`);
  const lateHeadings = [await headingOf(late)];
  await decide(page, 'Replace the link', 'Replace the link', 'The link is new.');
  const second = await link();
  await press(late, 'Join the group', 'This link no longer joins');
  lateHeadings.push(await headingOf(late));
  await late.close();

  await decide(page, 'Switch it off', 'Switch it off', 'The link is switched off.');
  const off = await page.locator('main').innerText();
  await press(page, 'Switch it on', 'The link is switched on.');
  const third = await link();
  await page.close();
  return {
    heading,
    question,
    kept: kept === first,
    links: new Set([first, second, third]).size,
    late: lateHeadings,
    off,
  };
}
