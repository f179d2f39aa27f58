// Drives GraphiQL in a page like a user. The texts of its editors come from Monaco's models.

/** Opens the page, and waits for its first editor. */
export async function open(page, url) {
  await page.goto(url);
  await ready(page);
}

/** Waits for the editors and the schema. */
export async function ready(page) {
  await page.locator('.graphiql-query-editor .view-line').first().waitFor();
  await page.waitForFunction(() => window.__MONACO?.editor.getModels().length >= 4);
  await page.locator('.graphiql-sidebar .graphiql-spin').waitFor({ state: 'detached' });
}

/** Returns the text of an editor: `operation`, `variables`, `request-headers` or `response`. */
export function text(page, editor) {
  return page.evaluate((editor) => {
    const models = window.__MONACO.editor.getModels();
    return models.find((model) => model.uri.path.includes(editor)).getValue();
  }, editor);
}

/** Replaces the text of an editor, like pasting. */
export function write(page, editor, value) {
  return page.evaluate(([editor, value]) => {
    const models = window.__MONACO.editor.getModels();
    models.find((model) => model.uri.path.includes(editor)).setValue(value);
  }, [editor, value]);
}

/** Returns the tabs, with the contents of their editors. */
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

/** Waits for a response, and returns it. */
export async function answer(page) {
  await page.waitForFunction(() => {
    const models = window.__MONACO.editor.getModels();
    return models.find((model) => model.uri.path.includes('response')).getValue().trim().endsWith('}');
  });
  await page.locator('.graphiql-response .graphiql-spinner').waitFor({ state: 'detached' });
  return JSON.parse(await text(page, 'response'));
}

/** Runs the operation in the editors. */
export async function run(page) {
  await write(page, 'response', '');
  await page.locator('.graphiql-execute-button').click();
  return answer(page);
}

/** Selects an example in the pane. */
export async function choose(page, name) {
  await page.locator('.examples button').filter({ has: page.getByText(name, { exact: true }) }).click();
}

/** Waits until Monaco marks an editor with a message that contains a text. Returns that message. One
 * mistake has several marks, in no fixed order. */
export async function marker(page, editor, text) {
  const handle = await page.waitForFunction(([editor, text]) => {
    const markers = window.__MONACO.editor.getModelMarkers({});
    const messages = markers.filter(({ resource }) => resource.path.includes(editor)).map(({ message }) => message);
    return messages.find((message) => message.includes(text));
  }, [editor, text]);
  return handle.jsonValue();
}

/** Waits until a completion contains a text. Returns all completions shown. */
export async function completions(page, text) {
  const handle = await page.waitForFunction((text) => {
    const rows = [...document.querySelectorAll('.suggest-widget.visible .monaco-list-row')];
    const shown = rows.map((row) => row.innerText);
    return shown.some((row) => row.includes(text)) && shown;
  }, text);
  return handle.jsonValue();
}

/** Waits until the page and the query's first keyword have a theme's colours. Returns both colours. */
export async function colours(page, theme) {
  const handle = await page.waitForFunction((theme) => {
    const word = document.querySelector('.graphiql-query-editor .view-line span span');
    // Before GraphQL is tokenized, the whole line is one token.
    if (word?.textContent !== 'query' || !document.body.classList.contains(`graphiql-${theme}`)) return undefined;
    return {
      page: getComputedStyle(document.querySelector('.graphiql-container')).backgroundColor,
      keyword: getComputedStyle(word).color,
    };
  }, theme);
  return handle.jsonValue();
}

/** Returns all that the page has stored in the browser. */
export function stored(page) {
  return page.evaluate(() => ({ ...localStorage, ...Object.fromEntries(Object.entries(sessionStorage)) }));
}
