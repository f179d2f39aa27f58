// A newcomer's visit to the demo's page: what it shows, returns and stores. Arguments: the
// gateway's URL, and a folder for screenshots.
import { join } from 'node:path';

import { watched } from './browser.mjs';
import * as graphiql from './graphiql.mjs';

const [base, folder] = process.argv.slice(2);

const told = await watched(async (page) => {
  await graphiql.open(page, base);
  const opened = page.url();
  const tabs = await graphiql.tabs(page);

  // The first tab, unchanged.
  await page.locator('.graphiql-tab-button').first().click();
  const first = await graphiql.run(page);
  await page.screenshot({ path: join(folder, 'light.png') });

  // A denial, from the pane. Then the same as another persona.
  await graphiql.choose(page, 'course-invitees-forbidden');
  const denied = await graphiql.answer(page);
  const tabCount = await page.locator('.graphiql-tab-button').count();
  await page.getByLabel('Ask as').selectOption('course-manager');
  const allowed = await graphiql.run(page);
  await page.getByLabel('Ask as').selectOption('nobody');
  const stranger = await graphiql.run(page);
  await page.getByLabel('Ask as').selectOption('');
  const anonymous = await graphiql.run(page);

  await graphiql.choose(page, 'course');
  await graphiql.answer(page);
  await page.locator('.graphiql-tab-active').evaluate((tab) => {
    const { left, right } = tab.getBoundingClientRect();
    const bar = tab.closest('.graphiql-tabs').getBoundingClientRect();
    if (left < bar.left - 1 || right > bar.right + 1) throw new Error('The active tab is out of view.');
  });

  // A second visit restores everything.
  await page.waitForFunction(() => Object.keys(localStorage).some((key) => key.endsWith('tabState')));
  await page.waitForFunction(() => Object.keys(localStorage).some((key) => key.endsWith('queries')));
  await page.waitForFunction(() => {
    const key = Object.keys(localStorage).find((key) => key.endsWith('tabState'));
    const { tabs, activeTabIndex } = JSON.parse(localStorage[key]);
    return tabs[activeTabIndex].title === 'Course';
  });
  const stored = await graphiql.stored(page);
  await page.reload();
  await graphiql.ready(page);
  const again = {
    tabCount: await page.locator('.graphiql-tab-button').count(),
    active: await page.locator('.graphiql-tab-active .graphiql-tab-button').textContent(),
    persona: await page.getByLabel('Ask as').inputValue(),
    answer: await graphiql.run(page),
  };

  // An unknown token, in the headers and in a query.
  await graphiql.write(page, 'request-headers', '{ "Authorization": "Bearer an-opaque-secret" }');
  await graphiql.run(page);
  await page.waitForFunction(() => document.querySelector('.persona select').value === '?');
  await graphiql.write(page, 'operation', '# eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.c2lnbmF0dXJl\nquery Pasted { __typename }');
  // The content of the editors reaches the tab, and then the history, with a delay.
  await page.locator('.graphiql-tab-active', { hasText: 'Pasted' }).waitFor();
  await graphiql.run(page);
  await page.waitForFunction(() => {
    const written = Object.entries(localStorage).filter(([, value]) => value.includes('Pasted'));
    return ['tabState', 'queries'].every((name) => written.some(([key]) => key.endsWith(name)));
  });
  await page.getByRole('button', { name: 'Show History' }).click();
  const pasted = page.locator('.graphiql-history-items', { hasText: 'Pasted' }).first();
  await pasted.waitFor();
  const history = await pasted.innerText();
  const storedLater = await graphiql.stored(page);

  return { opened, tabs, first, denied, tabCount, allowed, stranger, anonymous, stored, again, history, storedLater };
});
process.stdout.write(JSON.stringify(told));
