// Orders of a list of invites, with their labels and arguments.
import type { InviteOrder } from '../gql/graphql';

export type InviteOrderName = 'newest' | 'oldest' | 'expiring';

export const inviteOrders: Record<InviteOrderName, string> = {
  newest: 'Newest first',
  oldest: 'Oldest first',
  expiring: 'Expiring first',
};

export const inviteOrderBy: Record<InviteOrderName, InviteOrder> = {
  newest: { field: 'CREATED_AT', direction: 'DESC' },
  oldest: { field: 'CREATED_AT', direction: 'ASC' },
  expiring: { field: 'EXPIRES_AT', direction: 'ASC' },
};
