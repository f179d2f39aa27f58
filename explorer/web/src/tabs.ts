// The tabs that the page opens with: those of the last visit, or else one for each example.
import type { Config, Example } from './config';
import { headersFor } from './headers';
import { GRAPHIQL } from './storage';

interface Tab {
  query?: string | null;
  variables?: string | null;
  headers?: string | null;
}

/** The tab that shows an example. */
export function tabOf(example: Example, config: Config): Required<Tab> {
  const hasVariables = Object.keys(example.variables).length > 0;
  return {
    query: example.query,
    variables: hasVariables ? JSON.stringify(example.variables, null, 2) : '',
    headers: headersFor(example, config),
  };
}

/** The tabs, and what the first one shows: GraphiQL's editors begin with that, not with the tab. */
export function openingTabs(config: Config, storage: Storage) {
  const defaultTabs = config.examples.map((example) => tabOf(example, config));
  const first = storedTab(storage) ?? defaultTabs[0];
  return {
    defaultTabs,
    initialQuery: first?.query ?? '',
    initialVariables: first?.variables ?? '',
    initialHeaders: first?.headers ?? '',
  };
}

/** The tab that was open at the end of the last visit. */
function storedTab(storage: Storage): Tab | undefined {
  const text = storage.getItem(`${GRAPHIQL}tabState`);
  if (!text) return undefined;
  const { tabs, activeTabIndex } = JSON.parse(text);
  return tabs?.[activeTabIndex];
}
