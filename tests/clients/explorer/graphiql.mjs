// GraphiQL in a page, by what its users see; the texts of its editors come from Monaco's models.

/** Opens it, and waits until its first editor is there. */
export async function open(page, url) {
  await page.goto(url);
  await ready(page);
}

/** Waits until the editors and the schema are there. */
export async function ready(page) {
  await page.locator('.graphiql-query-editor .view-line').first().waitFor();
  await page.waitForFunction(() => window.__MONACO?.editor.getModels().length >= 4);
  await page.locator('.graphiql-sidebar .graphiql-spin').waitFor({ state: 'detached' });
}

/** The text of an editor: `operation`, `variables`, `request-headers` or `response`. */
export function text(page, editor) {
  return page.evaluate((editor) => {
    const models = window.__MONACO.editor.getModels();
    return models.find((model) => model.uri.path.includes(editor)).getValue();
  }, editor);
}

/** Writes a text into an editor, as pasting does. */
export function write(page, editor, value) {
  return page.evaluate(([editor, value]) => {
    const models = window.__MONACO.editor.getModels();
    models.find((model) => model.uri.path.includes(editor)).setValue(value);
  }, [editor, value]);
}

/** The tabs, with what is in the editors of each. */
export async function tabs(page) {
  const buttons = page.locator('.graphiql-tab-button');
  const tabs = [];
  for (const button of await buttons.all()) {
    await button.click();
    tabs.push({
      title: await button.textContent(),
      query: await text(page, 'operation'),
      variables: await text(page, 'variables'),
      headers: await text(page, 'request-headers'),
    });
  }
  return tabs;
}

/** Waits for an answer, and reads it. */
export async function answer(page) {
  await page.waitForFunction(() => {
    const models = window.__MONACO.editor.getModels();
    return models.find((model) => model.uri.path.includes('response')).getValue().trim().endsWith('}');
  });
  await page.locator('.graphiql-response .graphiql-spinner').waitFor({ state: 'detached' });
  return JSON.parse(await text(page, 'response'));
}

/** Runs what is in the editors. */
export async function run(page) {
  await write(page, 'response', '');
  await page.locator('.graphiql-execute-button').click();
  return answer(page);
}

/** Chooses an example in the pane. */
export async function choose(page, name) {
  await page.locator('.examples button').filter({ has: page.getByText(name, { exact: true }) }).click();
}

/** Waits until Monaco marks an editor with a message that holds a text; gives that message. Of one
 * mistake there are several marks, and which of them comes first differs. */
export async function marker(page, editor, text) {
  const handle = await page.waitForFunction(([editor, text]) => {
    const markers = window.__MONACO.editor.getModelMarkers({});
    const messages = markers.filter(({ resource }) => resource.path.includes(editor)).map(({ message }) => message);
    return messages.find((message) => message.includes(text));
  }, [editor, text]);
  return handle.jsonValue();
}

/** Waits until a completion holds a text; gives all that are shown then. */
export async function completions(page, text) {
  const handle = await page.waitForFunction((text) => {
    const rows = [...document.querySelectorAll('.suggest-widget.visible .monaco-list-row')];
    const shown = rows.map((row) => row.innerText);
    return shown.some((row) => row.includes(text)) && shown;
  }, text);
  return handle.jsonValue();
}

/** Waits until the page and the query's first word, a keyword, are drawn in a theme; gives the colours of both. */
export async function colours(page, theme) {
  const handle = await page.waitForFunction((theme) => {
    const word = document.querySelector('.graphiql-query-editor .view-line span span');
    // Until it is read as GraphQL, the whole line is one piece.
    if (word?.textContent !== 'query' || !document.body.classList.contains(`graphiql-${theme}`)) return undefined;
    return {
      page: getComputedStyle(document.querySelector('.graphiql-container')).backgroundColor,
      keyword: getComputedStyle(word).color,
    };
  }, theme);
  return handle.jsonValue();
}

/** All that the page has written to the browser's storages. */
export function stored(page) {
  return page.evaluate(() => ({ ...localStorage, ...Object.fromEntries(Object.entries(sessionStorage)) }));
}
