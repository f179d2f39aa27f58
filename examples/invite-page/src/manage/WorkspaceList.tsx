// Screen at /manage/workspace/…: invites to a workspace, for its managers.
import { useQuery } from 'urql';

import { QueryResult } from '../QueryResult';
import { graphql } from '../gql';
import { inviteOrderBy, type InviteOrderName, inviteOrders } from '../listing/inviteOrders';
import { List } from '../listing/List';
import { anyStatus, pageOf, searchOf, statusOf, useListing } from '../listing/listing';
import { Status } from '../listing/Status';
import { dayOf } from '../wording';
import { NothingHere } from './NothingHere';

const query = graphql(`
  query WorkspaceList(
    $id: ID!
    $first: Int
    $after: String
    $last: Int
    $before: String
    $filter: WorkspaceInviteFilter
    $orderBy: InviteOrder
  ) {
    workspace(id: $id) {
      name
      invites(
        first: $first
        after: $after
        last: $last
        before: $before
        filter: $filter
        orderBy: $orderBy
      ) {
        totalCount
        pageInfo {
          startCursor
          endCursor
          hasNextPage
          hasPreviousPage
        }
        nodes {
          id
          email
          roleDisplay
          status
          inviterName
          createdAt
          expiresAt
        }
      }
    }
  }
`);

export function WorkspaceList({ id }: { id: string }) {
  const listing = useListing<InviteOrderName>('newest');
  const { options } = listing;
  const [result, retry] = useQuery({
    query,
    variables: {
      id,
      ...pageOf(options),
      filter: { ...searchOf(options), ...statusOf(options) },
      orderBy: inviteOrderBy[options.order],
    },
  });
  return (
    <QueryResult result={result} retry={retry} list>
      {({ workspace }) =>
        workspace?.invites ? (
          <List
            title={`Invites to ${workspace.name}`}
            listing={listing}
            searched="addresses and messages"
            statuses={anyStatus}
            orders={inviteOrders}
            connection={workspace.invites}
            fetching={result.fetching}
            rows={workspace.invites.nodes}
            keyOf={({ id }) => id}
            columns={{
              For: ({ email }) => email,
              Role: ({ roleDisplay }) => roleDisplay,
              Status: ({ status }) => <Status status={status} />,
              'Invited by': ({ inviterName }) => <bdi>{inviterName ?? 'Not known'}</bdi>,
              Made: ({ createdAt }) => dayOf(createdAt),
              Expires: ({ expiresAt }) => (expiresAt ? dayOf(expiresAt) : 'Never'),
            }}
          />
        ) : (
          <NothingHere />
        )
      }
    </QueryResult>
  );
}
