// GraphiQL's tools for writing queries: documentation, completion, validation, themes. Arguments:
// the gateway's URL, and a folder for screenshots.
import { join } from 'node:path';

import { watched } from './browser.mjs';
import * as graphiql from './graphiql.mjs';

const [base, folder] = process.argv.slice(2);

const told = await watched(async (page) => {
  await graphiql.open(page, `${base}/graphiql`);

  await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
  const docs = page.locator('.graphiql-doc-explorer');
  await docs.getByRole('link', { name: 'Query', exact: true }).click();
  await docs.getByText('inviteCode', { exact: true }).first().waitFor();
  const documentation = await docs.innerText();

  await graphiql.write(page, 'operation', '{ nothing }');
  const wrongQuery = await graphiql.marker(page, 'operation', 'Cannot query field');
  await graphiql.write(page, 'variables', '{ "code": }');
  const wrongVariables = await graphiql.marker(page, 'variables', 'alue expected');
  await graphiql.write(page, 'variables', '');

  await graphiql.write(page, 'operation', '{ inviteC }');
  await page.locator('.graphiql-query-editor .view-line').first().click();
  await page.keyboard.press('Home');
  for (let step = 0; step < '{ inviteC'.length; step += 1) await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Control+Space');
  const completions = await graphiql.completions(page, 'inviteCodes');
  await page.keyboard.press('Escape');

  await graphiql.write(page, 'operation', 'query   Spaced{viewer{user{username}}}');
  await page.getByRole('button', { name: 'Prettify query' }).click();
  await page.waitForFunction(() => {
    const models = window.__MONACO.editor.getModels();
    return models.find((model) => model.uri.path.includes('operation')).getValue().includes('\n');
  });
  const pretty = await graphiql.text(page, 'operation');

  // Monaco's styles must be the same in both themes.
  const themes = {};
  for (const theme of ['Light', 'Dark']) {
    await page.getByRole('button', { name: 'Open settings dialog' }).click();
    await page.getByRole('button', { name: theme, exact: true }).click();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    themes[theme] = await graphiql.colours(page, theme.toLowerCase());
  }
  await page.getByRole('button', { name: 'Show Examples' }).click();
  await graphiql.choose(page, 'viewer');
  await graphiql.answer(page);
  await page.screenshot({ path: join(folder, 'dark.png') });
  return { documentation, wrongQuery, wrongVariables, completions, pretty, themes };
});
process.stdout.write(JSON.stringify(told));
