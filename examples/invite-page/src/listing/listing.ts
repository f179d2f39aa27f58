// What somebody asks of a list: search, status, order, page size, and where the page stands.
// A page is asked for by cursors, so that rows that come and go meanwhile shift nothing.
import { useState } from 'react';

import type { InviteStatus } from '../gql/graphql';
import { statusNames } from '../wording';

export interface PageInfo {
  startCursor: string | null;
  endCursor: string | null;
  hasNextPage: boolean;
  hasPreviousPage: boolean;
}

/** A status, or none to choose all. */
export type StatusChoice = InviteStatus | '';

export const anyStatus: Record<StatusChoice, string> = { '': 'Any', ...statusNames };

export interface Asked<Order extends string> {
  search: string;
  status: StatusChoice;
  order: Order;
  size: number;
  place: { after: string } | { before: string } | null;
}

export interface Listing<Order extends string> {
  asked: Asked<Order>;
  /** Other questions start from the first page. */
  ask: (changed: Partial<Omit<Asked<Order>, 'place'>>) => void;
  next: (from: PageInfo) => void;
  previous: (from: PageInfo) => void;
}

export function useListing<Order extends string>(
  order: Order,
  status: StatusChoice = '',
): Listing<Order> {
  const [asked, set] = useState<Asked<Order>>({
    search: '',
    status,
    order,
    size: 10,
    place: null,
  });
  return {
    asked,
    ask: (changed) => set({ ...asked, ...changed, place: null }),
    next: ({ endCursor }) => endCursor && set({ ...asked, place: { after: endCursor } }),
    previous: ({ startCursor }) => startCursor && set({ ...asked, place: { before: startCursor } }),
  };
}

/** The arguments of every connection. */
export function pageOf({ size, place }: Asked<string>) {
  return place && 'before' in place
    ? { last: size, before: place.before }
    : { first: size, after: place?.after ?? null };
}

/** What the filters have in common; null does not filter. */
export const searchOf = ({ search }: Asked<string>) => ({ search: search || null });
export const statusOf = ({ status }: Asked<string>) => ({ status: status ? [status] : null });
