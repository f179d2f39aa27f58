// Screen at /manage/codes: the viewer's invite codes. Staff see all.
import { useQuery } from 'urql';

import { QueryResult } from '../QueryResult';
import { graphql } from '../gql';
import type { CodeListQuery } from '../gql/graphql';
import { inviteOrderBy, type InviteOrderName, inviteOrders } from '../listing/inviteOrders';
import { List } from '../listing/List';
import { anyStatus, pageOf, searchOf, statusOf, useListing } from '../listing/listing';
import { Status } from '../listing/Status';
import { dayOf, roleOf } from '../wording';
import { histories } from './History';

const query = graphql(`
  query CodeList(
    $first: Int
    $after: String
    $last: Int
    $before: String
    $filter: InviteCodeFilter
    $orderBy: InviteOrder
  ) {
    inviteCodes(
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
        code
        name
        email
        role
        status
        createdAt
        expiresAt
      }
    }
  }
`);

type Row = NonNullable<CodeListQuery['inviteCodes']>['nodes'][number];

const rowHistories = histories<Row>({
  idOf: ({ id }) => id,
  nameOf: ({ code, name }) => code ?? (name || 'a code'),
});

export function CodeList() {
  const listing = useListing<InviteOrderName>('newest');
  const { options } = listing;
  const [result, retry] = useQuery({
    query,
    variables: {
      ...pageOf(options),
      filter: { ...searchOf(options), ...statusOf(options) },
      orderBy: inviteOrderBy[options.order],
    },
  });
  return (
    <QueryResult result={result} retry={retry} list>
      {({ inviteCodes }) =>
        inviteCodes && (
          <List
            title="Invite codes"
            listing={listing}
            searched="names and addresses"
            statuses={anyStatus}
            orders={inviteOrders}
            connection={inviteCodes}
            fetching={result.fetching}
            rows={inviteCodes.nodes}
            keyOf={({ id }) => id}
            details={rowHistories}
            columns={{
              Code: ({ code }) =>
                code && <a href={`/i/code/${encodeURIComponent(code)}`}>{code}</a>,
              For: ({ name, email }) => [name, email].filter(Boolean).join(', ') || 'Anybody',
              Role: ({ role }) => role && roleOf(role),
              Status: ({ status }) => <Status status={status} />,
              Made: ({ createdAt }) => dayOf(createdAt),
              Expires: ({ expiresAt }) => (expiresAt ? dayOf(expiresAt) : 'Never'),
            }}
          />
        )
      }
    </QueryResult>
  );
}
