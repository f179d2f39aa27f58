// Histories and numbers of invites, as managers read them.
import { asking, press, settled, visit } from './browser.mjs';
import { decide, search, select } from './managing.mjs';

/** Returns the numbers of invites, by status. */
export async function countsOf(page) {
  const list = page.getByRole('list', { name: 'Numbers of invites' });
  const counts = {};
  for (const text of await list.getByRole('listitem').allInnerTexts()) {
    const [, status, number] = /^(\w+) (\d+)$/.exec(text);
    counts[status] = Number(number);
  }
  return counts;
}

const buttonOf = (page, name) => page.getByRole('button', { name: `History of ${name}`, exact: true });

/** Opens or closes a history by keyboard, because it must work without a mouse. */
async function toggle(page, button) {
  await button.focus();
  const expanded = await button.getAttribute('aria-expanded');
  const act = () => page.keyboard.press('Enter');
  await (expanded === 'false' ? asking(page, act) : act());
}

/** Returns the sentences of the open history, newest first, the times of its events, and its length. */
async function shown(page) {
  const panel = page.locator('.history');
  const sentences = [];
  const times = [];
  for (const item of await panel.getByRole('listitem').all()) {
    const time = item.locator('time');
    times.push({ text: await time.innerText(), machine: await time.getAttribute('datetime') });
    sentences.push((await item.innerText()).replace(times.at(-1).text, '').trim());
  }
  return { sentences, times, says: await panel.getByRole('status').innerText() };
}

/** Responds to the next request for a history with the gateway's response as changed by `change`. */
async function nextHistory(page, change) {
  await page.route(
    '**/graphql',
    async (route) => {
      const response = await route.fetch();
      const body = await response.json();
      change(body.data.node);
      await route.fulfill({ response, json: body });
    },
    { times: 1 },
  );
}

/** Changes an invite several times, by the gateway's API. */
async function update(app, token, id, times) {
  const query = `mutation Update($id: ID!, $message: String!) {
    updateInvite(input: { id: $id, message: $message, role: "guest" }) { userErrors { code } }
  }`;
  for (let time = 1; time <= times; time += 1) {
    const response = await fetch(`${app.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ query, variables: { id, message: `Message ${time}` } }),
    });
    const { data } = await response.json();
    if (data.updateInvite.userErrors.length > 0) throw new Error(JSON.stringify(data));
  }
}

/**
 * Reads the history of an invite to a workspace, while the invite is sent again, changed and withdrawn.
 * `page` shows the workspace's invites.
 */
export async function workspaceHistory(page, app, token, [name, id]) {
  const asked = [];
  page.on('request', (request) => {
    const { operationName } = request.postDataJSON() ?? {};
    if (operationName === 'InviteHistory') asked.push(request);
  });
  await search(page, name);
  const button = buttonOf(page, name);
  const seen = { countsBefore: await countsOf(page), askedBefore: asked.length };
  await toggle(page, button);
  seen.expanded = await button.getAttribute('aria-expanded');
  seen.unrecorded = await shown(page);

  // An open history is loaded again after a change on the page.
  await select(page, name);
  await press(page, 'Send again', /resent the invite/);
  seen.resent = await shown(page);
  await toggle(page, button);
  seen.closed = await page.locator('.history').count();

  // One more than a page: ten, and then the rest.
  await update(app, token, id, 11);
  await toggle(page, button);
  seen.page = await shown(page);
  const more = page.getByRole('button', { name: 'Show more', exact: true });
  await more.focus();
  await asking(page, () => page.keyboard.press('Enter'));
  seen.all = await shown(page);
  seen.hasMore = (await more.count()) > 0;
  seen.focused = await page
    .locator('.history li')
    .evaluateAll((items) => items.indexOf(document.activeElement));

  await select(page, name);
  await decide(page, 'Withdraw', 'Withdraw', /withdrew the invite/);
  await settled(page);
  seen.withdrawn = await shown(page);
  seen.countsAfter = await countsOf(page);

  await toggle(page, button);
  await nextHistory(page, (node) => {
    node.history.nodes[0].type = 'DELIVERY_FAILED';
    node.history.nodes[1].actor = null;
  });
  await toggle(page, button);
  seen.unknown = await shown(page);
  await toggle(page, button);
  await nextHistory(page, (node) => {
    node.history = null;
  });
  await toggle(page, button);
  seen.denied = await page.locator('tr.opened').innerText();
  await toggle(page, button);
  await page.route('**/graphql', (route) => route.abort(), { times: 1 });
  await button.click();
  seen.failed = await page.locator('.history').getByRole('alert').locator('p').innerText();
  await asking(page, () => page.getByRole('button', { name: 'Try again' }).click());
  seen.again = (await shown(page)).sentences[0];
  await toggle(page, button);
  return seen;
}

/**
 * Reads the history of an invite to a course that is sent again, and the numbers by status before and after
 * it is withdrawn.
 */
export async function courseHistory(browser, app, token, slug, name) {
  const page = await browser.open({ token });
  await visit(page, `${app.url}/manage/course/${slug}`);
  const countsBefore = await countsOf(page);
  await search(page, name);
  await toggle(page, buttonOf(page, name));
  await select(page, name);
  await press(page, 'Send again', /resent the invite/);
  const history = await shown(page);
  await select(page, name);
  await decide(page, 'Withdraw', 'Withdraw', 'Withdrawn:');
  await page.getByText('No invite matches.').waitFor();
  const countsAfter = await countsOf(page);
  await page.close();
  return { countsBefore, history, countsAfter };
}

/** Reads the history of a group's link, which is replaced while the history is open. */
export async function linkHistory(browser, app, token, slug) {
  const page = await browser.open({ token });
  await visit(page, `${app.url}/manage/group/${slug}`);
  await toggle(page, page.getByRole('button', { name: 'History', exact: true }));
  const before = await shown(page);
  await decide(page, 'Replace the link', 'Replace the link', 'The link is new.');
  await page.locator('.history li').nth(before.sentences.length).waitFor();
  const after = await shown(page);
  await page.close();
  return { before: before.sentences, after: after.sentences };
}

/** Reads the histories of invite codes. */
export async function codeHistory(browser, app, token, codes) {
  const page = await browser.open({ token });
  await visit(page, `${app.url}/manage/codes`);
  await asking(page, () => page.getByLabel('Rows per page').selectOption('100'));
  const seen = {};
  for (const code of codes) {
    await toggle(page, buttonOf(page, code));
    seen[code] = (await shown(page)).sentences;
    await toggle(page, buttonOf(page, code));
  }
  await page.close();
  return seen;
}
