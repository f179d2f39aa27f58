// Initial tabs: those of the last visit, or one per example. A link's query is in the first tab.
import { StorageAPI } from '@graphiql/toolkit';

import type { Config, Example } from './config';
import { headersFor } from './headers';
import type { Link } from './link';
import { GRAPHIQL } from './storage';

interface Tab {
  query: string | null;
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
export function openingTabs(config: Config, storage: Storage, link?: Link) {
  const defaultTabs: Tab[] = config.examples.map((example) => tabOf(example, config));
  if (link) {
    defaultTabs.unshift(link);
    storeFirst(link, storage);
  }
  const first: Tab | undefined = link ?? storedTab(storage) ?? defaultTabs[0];
  return {
    defaultTabs,
    initialQuery: first?.query ?? '',
    initialVariables: first?.variables ?? '',
    initialHeaders: first?.headers ?? '',
  };
}

const TAB_STATE = 'tabState';

/** Returns the tabs of the last visit. */
function storedTabs(storage: Storage): { tabs: Tab[]; activeTabIndex: number } | undefined {
  const text = storage.getItem(GRAPHIQL + TAB_STATE);
  return text ? JSON.parse(text) : undefined;
}

/** Returns the tab that was active at the end of the last visit. */
function storedTab(storage: Storage): Tab | undefined {
  const stored = storedTabs(storage);
  return stored?.tabs?.[stored.activeTabIndex];
}

/** Adds a link's tab to those of the last visit, instead of the tab with the same content. */
function storeFirst(link: Link, storage: Storage) {
  const stored = storedTabs(storage);
  if (!stored) return;
  const isSame = ({ query, variables, headers }: Tab) =>
    query === link.query && (variables ?? '') === link.variables && !headers;
  const { query, variables } = link;
  const title = link.operationName ?? 'Link';
  const first = { id: `link-${Date.now()}`, title, query, variables, headers: null, operationName: null, response: null };
  const tabs = [first, ...stored.tabs.filter((tab) => !isSame(tab))];
  // If the storage is full, GraphiQL adds the tab at the end.
  new StorageAPI(storage).set(TAB_STATE, JSON.stringify({ tabs, activeTabIndex: 0 }));
}
