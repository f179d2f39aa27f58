// Options of a list: search, status, order, page size and cursor. Cursors keep pages stable while
// rows are added or removed.
import { useState } from 'react';

import type { InviteStatus } from '../gql/graphql';
import { statusNames } from '../wording';

export interface PageInfo {
  startCursor: string | null;
  endCursor: string | null;
  hasNextPage: boolean;
  hasPreviousPage: boolean;
}

/** A status; empty for all. */
export type StatusChoice = InviteStatus | '';

export const anyStatus: Record<StatusChoice, string> = { '': 'Any', ...statusNames };

export interface ListOptions<Order extends string> {
  search: string;
  status: StatusChoice;
  order: Order;
  size: number;
  cursor: { after: string } | { before: string } | null;
}

export interface Listing<Order extends string> {
  options: ListOptions<Order>;
  /** Changes options and returns to the first page. */
  setOptions: (changed: Partial<Omit<ListOptions<Order>, 'cursor'>>) => void;
  next: (from: PageInfo) => void;
  previous: (from: PageInfo) => void;
}

export function useListing<Order extends string>(
  order: Order,
  status: StatusChoice = '',
): Listing<Order> {
  const [options, set] = useState<ListOptions<Order>>({
    search: '',
    status,
    order,
    size: 10,
    cursor: null,
  });
  return {
    options,
    setOptions: (changed) => set({ ...options, ...changed, cursor: null }),
    next: ({ endCursor }) => endCursor && set({ ...options, cursor: { after: endCursor } }),
    previous: ({ startCursor }) => startCursor && set({ ...options, cursor: { before: startCursor } }),
  };
}

/** Returns the pagination arguments of a connection. */
export function pageOf({ size, cursor }: ListOptions<string>) {
  return cursor && 'before' in cursor
    ? { last: size, before: cursor.before }
    : { first: size, after: cursor?.after ?? null };
}

/** Conditions that all filters share. Null does not filter. */
export const searchOf = ({ search }: ListOptions<string>) => ({ search: search || null });
export const statusOf = ({ status }: ListOptions<string>) => ({ status: status ? [status] : null });
