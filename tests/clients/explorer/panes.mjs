// Panes: where they open, and how they are placed in a narrow window. Arguments: the gateway's URL,
// and a folder for screenshots.
import { join } from 'node:path';

import { watched } from './browser.mjs';
import * as graphiql from './graphiql.mjs';

const [base, folder] = process.argv.slice(2);

/** Returns the places of the panes, in pixels. */
function places(page) {
  return page.evaluate(() => {
    const names = ['graphiql-plugin', 'graphiql-editors', 'graphiql-response'];
    const place = (name) => {
      const { left, top, right, bottom } = document.querySelector(`.${name}`).getBoundingClientRect();
      return { left, top, right, bottom };
    };
    return {
      panes: names.map(place),
      width: document.documentElement.clientWidth,
      scrolls: document.documentElement.scrollWidth > document.documentElement.clientWidth,
    };
  });
}

const told = await watched(async (page) => {
  await graphiql.open(page, `${base}/graphiql`);
  const pane = page.locator('.graphiql-plugin');
  const scrolled = await pane.evaluate((pane) => {
    pane.scrollTo(0, 400);
    return pane.scrollTop;
  });
  await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
  await page.locator('.graphiql-doc-explorer').waitFor();
  const opened = await pane.evaluate((pane) => pane.scrollTop);
  await page.getByRole('button', { name: 'Show Examples' }).click();
  await page.locator('.examples').waitFor();
  const wide = await places(page);

  await page.setViewportSize({ width: 390, height: 844 });
  await page.screenshot({ path: join(folder, 'narrow.png') });
  const narrow = await places(page);
  await graphiql.choose(page, 'viewer');
  const answer = await graphiql.answer(page);
  await page.getByRole('button', { name: 'Hide Examples' }).click();
  await page.locator('.examples').waitFor({ state: 'detached' });
  await page.locator('.graphiql-response').scrollIntoViewIfNeeded();
  await page.screenshot({ path: join(folder, 'narrow-response.png') });
  const isReadable = await page.locator('.graphiql-response .view-line').first().isVisible();
  // The text of an editor scrolls with its pane.
  const offset = await page.evaluate(() => {
    const top = (selector) => document.querySelector(selector).getBoundingClientRect().top;
    return top('.graphiql-query-editor .view-line') - top('.graphiql-query-editor');
  });
  const isScrolled = await page.locator('.graphiql-main').evaluate((main) => main.scrollTop > 0);
  return { scrolled, opened, wide, narrow, answer, isReadable, offset, isScrolled };
});
process.stdout.write(JSON.stringify(told));
