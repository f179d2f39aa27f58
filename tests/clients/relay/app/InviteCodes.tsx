// The last page first: a fragment on `Query`, paginated backwards.
import { graphql, usePaginationFragment } from 'react-relay';

import type { InviteCodesPageQuery } from './__generated__/InviteCodesPageQuery.graphql';
import type { InviteCodes_query$key } from './__generated__/InviteCodes_query.graphql';

export const inviteCodes = graphql`
  fragment InviteCodes_query on Query
  @refetchable(queryName: "InviteCodesPageQuery")
  @argumentDefinitions(
    count: { type: "Int", defaultValue: 2 }
    cursor: { type: "String" }
    status: { type: "[InviteStatus!]", defaultValue: [PENDING] }
  ) {
    inviteCodes(last: $count, before: $cursor, filter: { status: $status })
      @connection(key: "InviteCodes_inviteCodes") {
      edges {
        node {
          id
          code
        }
      }
    }
  }
`;

export function InviteCodes({ query }: { query: InviteCodes_query$key }) {
  const { data, hasPrevious, loadPrevious } = usePaginationFragment<
    InviteCodesPageQuery,
    InviteCodes_query$key
  >(inviteCodes, query);
  return (
    <ul>
      {hasPrevious && <button onClick={() => loadPrevious(25)}>Newer</button>}
      {data.inviteCodes?.edges.map(({ node }) => <li key={node.id}>{node.code}</li>)}
    </ul>
  );
}
