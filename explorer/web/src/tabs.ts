// Initial tabs: those of the last visit, or one per example.
import type { Config, Example } from './config';
import { headersFor } from './headers';
import { GRAPHIQL } from './storage';

interface Tab {
  query?: string | null;
  variables?: string | null;
  headers?: string | null;
}

/** Returns the tab of an example. */
export function tabOf(example: Example, config: Config): Required<Tab> {
  const hasVariables = Object.keys(example.variables).length > 0;
  return {
    query: example.query,
    variables: hasVariables ? JSON.stringify(example.variables, null, 2) : '',
    headers: headersFor(example, config),
  };
}

/** Returns the default tabs, and the initial content of GraphiQL's editors, which ignore the tabs. */
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

/** Returns the tab that was active at the end of the last visit. */
function storedTab(storage: Storage): Tab | undefined {
  const text = storage.getItem(`${GRAPHIQL}tabState`);
  if (!text) return undefined;
  const { tabs, activeTabIndex } = JSON.parse(text);
  return tabs?.[activeTabIndex];
}
