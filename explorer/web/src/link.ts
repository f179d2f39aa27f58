// Links to a query: /graphiql?query=…&variables=…&operationName=…
//
// A link has no headers, so that it neither discloses a token nor chooses the viewer. The page runs
// nothing by itself.
import { operationOf } from './fetcher';
import { withoutTokens } from './storage';

/** The content of a tab that a link opens. */
export interface Link {
  query: string;
  variables: string;
  operationName: string | null;
}

/** Returns the query that the page's address has, and removes it there, so that a reload keeps edits. */
export function takeLink(): Link | undefined {
  const parameters = new URLSearchParams(location.search);
  const query = parameters.get('query');
  if (!query) return undefined;
  history.replaceState(history.state, '', location.pathname);
  return {
    query,
    variables: formatted(parameters.get('variables') ?? '', 2),
    operationName: parameters.get('operationName'),
  };
}

/** Returns the link to a query. The operation's name is in it only if there are several. */
export function linkTo({ query, variables, operationName }: Link): string {
  const link = new URL(location.pathname, location.href);
  const parameters = { query, variables: formatted(variables), operationName: operationOf(query, operationName) };
  for (const [name, value] of Object.entries(parameters)) {
    if (value?.trim()) link.searchParams.set(name, withoutTokens(value));
  }
  return link.href;
}

/** Formats JSON. Returns other text unchanged: the editor marks its errors. */
function formatted(json: string, indentation?: number): string {
  try {
    return JSON.stringify(JSON.parse(json), null, indentation);
  } catch {
    return json;
  }
}
