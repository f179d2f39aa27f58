// Links to queries: what a link opens, what the button copies, and what a link cannot do. Arguments:
// the gateway's URL, and a token.
import { watched } from './browser.mjs';
import * as graphiql from './graphiql.mjs';

const [base, token] = process.argv.slice(2);

const QUERY = 'query First { __typename }\n\nquery Second($code: String!) { inviteCode(code: $code) { status } }';
const VARIABLES = '{"code":"WELCOME-2026"}';
/** Text that would run a script in a page that wrote it as HTML. */
const HOSTILE = '"></script><img src=x onerror="document.title=1"><script>document.title=1</script>{{nonce}}';

function link(parameters) {
  return `${base}/graphiql?${new URLSearchParams(parameters)}`;
}

/** Returns the active tab, its position and its content. */
async function active(page) {
  const tabs = page.locator('.graphiql-tab');
  const classes = await tabs.evaluateAll((tabs) => tabs.map((tab) => tab.className));
  return {
    position: classes.findIndex((name) => name.includes('graphiql-tab-active')),
    count: classes.length,
    title: await page.locator('.graphiql-tab-active .graphiql-tab-button').textContent(),
    query: await graphiql.text(page, 'operation'),
    variables: await graphiql.text(page, 'variables'),
    headers: await graphiql.text(page, 'request-headers'),
    response: await graphiql.text(page, 'response'),
    address: page.url(),
  };
}

/** Waits until a text is in the stored tabs, which are written with a delay. */
function kept(page, text) {
  return page.waitForFunction((text) => {
    const key = Object.keys(localStorage).find((key) => key.endsWith('tabState'));
    return key && localStorage[key].includes(text);
  }, text);
}

const told = await watched(async (page) => {
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin: base });
  const posted = [];
  page.on('request', (request) => {
    if (request.method() === 'POST') posted.push(request.postDataJSON());
  });

  // The first visit, without stored tabs.
  await graphiql.open(page, link({ query: QUERY, variables: VARIABLES, operationName: 'Second' }));
  await page.locator('.graphiql-tab-active', { hasText: 'Second' }).waitFor();
  const first = await active(page);
  const before = posted.map(({ operationName }) => operationName);
  await page.locator('.graphiql-execute-button').click();
  await page.getByRole('menuitem', { name: 'Second' }).click();
  const answer = await graphiql.answer(page);

  // The link that the button copies: with headers, and a token among the variables.
  await graphiql.write(page, 'request-headers', JSON.stringify({ authorization: `Bearer ${token}` }));
  await graphiql.write(page, 'variables', JSON.stringify({ ...JSON.parse(VARIABLES), pasted: token }));
  await page.getByRole('button', { name: 'Copy link' }).click();
  await page.getByRole('button', { name: 'Link copied' }).waitFor();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  await graphiql.write(page, 'operation', 'query Single { __typename }');
  await graphiql.write(page, 'variables', '');
  await page.locator('.graphiql-tab-active', { hasText: 'Single' }).waitFor();
  await page.getByRole('button', { name: /Copy link|Link copied/ }).click();
  await page.waitForFunction(async () => (await navigator.clipboard.readText()).includes('Single'));
  const single = await page.evaluate(() => navigator.clipboard.readText());

  // A visit with stored tabs: the link's tab is before them, once.
  await kept(page, 'Single');
  await graphiql.open(page, copied);
  await page.locator('.graphiql-tab-active', { hasText: 'Second' }).waitFor();
  const second = await active(page);
  await graphiql.open(page, copied);
  await page.locator('.graphiql-tab-active', { hasText: 'Second' }).waitFor();
  const again = await active(page);
  await kept(page, 'Second');
  await page.reload();
  await graphiql.ready(page);
  const reloaded = await active(page);

  // Parameters are text, and never headers.
  const hostile = { query: HOSTILE, variables: HOSTILE, operationName: HOSTILE };
  await graphiql.open(page, link({ ...hostile, headers: '{"authorization":"Bearer x"}' }));
  const attacked = { ...(await active(page)), pageTitle: await page.title(), images: await page.locator('img').count() };

  // Without a query, the page opens as it was.
  await graphiql.open(page, `${base}/graphiql?variables=x`);
  const without = await active(page);

  // Where copying is not allowed, the link is shown.
  await page.context().clearPermissions();
  await page.evaluate(() => {
    navigator.clipboard.writeText = () => Promise.reject(new Error('not allowed'));
    window.prompt = (message, link) => void (window.shown = link);
  });
  await page.getByRole('button', { name: 'Copy link' }).click();
  const shown = await (await page.waitForFunction(() => window.shown)).jsonValue();
  return { first, before, answer, copied, single, second, again, reloaded, attacked, without, shown };
});
process.stdout.write(JSON.stringify(told));
