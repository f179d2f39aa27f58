// Screen at /received: the viewer's invites of all kinds, in one list, with their answers.
import { useQuery } from 'urql';

import { QueryResult } from '../QueryResult';
import { graphql } from '../gql';
import type { OrderDirection } from '../gql/graphql';
import { Controls } from '../listing/Controls';
import { pageOf, statusOf, useListing } from '../listing/listing';
import { Pager } from '../listing/Pager';
import { NoAccount } from '../NoAccount';
import { Notice } from '../Notice';
import { SignIn } from '../SignIn';
import { statusNames } from '../wording';
import { InviteCard } from './InviteCard';

const query = graphql(`
  query ReceivedPage(
    $first: Int
    $after: String
    $last: Int
    $before: String
    $filter: InviteFilter
    $orderBy: InviteOrder
  ) {
    viewer {
      hasAccount
      receivedInvites(
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
          ...InviteCard
        }
      }
    }
  }
`);

export function ReceivedPage() {
  const listing = useListing<OrderDirection>('DESC', 'PENDING');
  const { options } = listing;
  const [result, retry] = useQuery({
    query,
    variables: {
      ...pageOf(options),
      filter: statusOf(options),
      orderBy: { field: 'CREATED_AT', direction: options.order },
    },
  });
  return (
    <QueryResult result={result} retry={retry} list>
      {({ viewer }) => {
        if (!viewer) {
          return (
            <Notice title="Sign in to see your invites">
              <SignIn />
            </Notice>
          );
        }
        if (!viewer.hasAccount) return <NoAccount />;
        const { nodes, pageInfo, totalCount } = viewer.receivedInvites;
        return (
          <>
            <title>Your invites</title>
            <h1>Your invites</h1>
            <Controls
              listing={listing}
              statuses={statusNames}
              orders={{ DESC: 'Newest first', ASC: 'Oldest first' }}
            />
            {nodes.length === 0 && <p className="card">No invites.</p>}
            {nodes.map((invite) => (
              <InviteCard
                key={invite.id}
                invite={invite}
                // Who is invited needs neither code nor token.
                way={{ id: invite.id }}
                refresh={retry}
                listed
              />
            ))}
            <Pager {...{ listing, pageInfo, totalCount }} shown={nodes.length} fetching={result.fetching} />
          </>
        );
      }}
    </QueryResult>
  );
}
