// The events of an invite: the newest at first, and older ones by the cursor of the last.
import type { CombinedError } from '@urql/core';
import { useEffect, useRef, useState } from 'react';
import { useClient } from 'urql';

import { graphql } from '../gql';
import type { InviteHistoryQuery } from '../gql/graphql';

const query = graphql(`
  query InviteHistory($id: ID!, $first: Int!, $after: String) {
    node(id: $id) {
      ... on Invite {
        history(first: $first, after: $after) {
          totalCount
          pageInfo {
            endCursor
            hasNextPage
          }
          nodes {
            id
            type
            at
            changedFields
            actor {
              username
              fullName
            }
          }
        }
      }
    }
  }
`);

/** Events per page. */
const PAGE = 10;
/** Maximum of events per request. */
const MAX_PAGE = 100;

type Invite = Extract<NonNullable<InviteHistoryQuery['node']>, { history: unknown }>;
type Page = NonNullable<Invite['history']>;

export type InviteEvent = Page['nodes'][number];

export interface InviteHistory {
  /** The events so far. Undefined until they are loaded, and null if the viewer may not read them. */
  events: InviteEvent[] | null | undefined;
  totalCount: number;
  hasMore: boolean;
  /** Index of the first event that `loadMore` has added; 0 if it has added none. */
  added: number;
  error: CombinedError | undefined;
  fetching: boolean;
  loadMore: () => void;
  reload: () => void;
}

/** Loads the history of an invite, and loads it again when `changes` changes. */
export function useInviteHistory(invite: string, changes: unknown): InviteHistory {
  const client = useClient();
  const [page, setPage] = useState<Page | null>();
  const [added, setAdded] = useState(0);
  const [error, setError] = useState<CombinedError>();
  const [fetching, setFetching] = useState(true);
  const latest = useRef(0);
  const events = page?.nodes ?? [];

  const load = async (known: InviteEvent[], first: number, after: string | null) => {
    const request = ++latest.current;
    setFetching(true);
    const { data, error } = await client.query(query, { id: invite, first, after }).toPromise();
    // A later request replaces this one.
    if (request !== latest.current) return;
    setFetching(false);
    setError(error);
    if (error || !data) return;
    const loaded = data.node && 'history' in data.node ? data.node.history : null;
    setPage(loaded && { ...loaded, nodes: [...known, ...loaded.nodes] });
    setAdded(known.length);
  };
  // Loads as many events as are shown, from the newest, because no cursor leads to newer ones.
  const reload = () => void load([], Math.min(Math.max(events.length, PAGE), MAX_PAGE), null);
  useEffect(() => {
    reload();
    return () => {
      latest.current += 1;
    };
    // `reload` is another function for each rendering.
  }, [client, invite, changes]);

  return {
    events: page && page.nodes,
    totalCount: page?.totalCount ?? 0,
    hasMore: page?.pageInfo.hasNextPage ?? false,
    added,
    error,
    fetching,
    loadMore: () => page && void load(page.nodes, PAGE, page.pageInfo.endCursor),
    reload,
  };
}
