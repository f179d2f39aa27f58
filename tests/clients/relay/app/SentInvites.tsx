// The viewer's sent invites, in both directions: a fragment on `Viewer`, which has no id.
import { graphql, usePaginationFragment } from 'react-relay';

import { InviteCard } from './InviteCard';
import type { SentInvitesPageQuery } from './__generated__/SentInvitesPageQuery.graphql';
import type { SentInvites_viewer$key } from './__generated__/SentInvites_viewer.graphql';

export const sentInvites = graphql`
  fragment SentInvites_viewer on Viewer
  @refetchable(queryName: "SentInvitesPageQuery")
  @argumentDefinitions(
    first: { type: "Int" }
    after: { type: "String" }
    last: { type: "Int" }
    before: { type: "String" }
    order: { type: "InviteOrder" }
  ) {
    sentInvites(first: $first, after: $after, last: $last, before: $before, orderBy: $order)
      @connection(key: "SentInvites_sentInvites", filters: ["orderBy"]) {
      edges {
        node {
          id
          ...InviteCard_invite
        }
      }
      pageInfo {
        endCursor
      }
    }
  }
`;

export function SentInvites({ viewer }: { viewer: SentInvites_viewer$key }) {
  const { data, hasNext, hasPrevious, loadNext, loadPrevious } = usePaginationFragment<
    SentInvitesPageQuery,
    SentInvites_viewer$key
  >(sentInvites, viewer);
  return (
    <section>
      {hasPrevious && <button onClick={() => loadPrevious(2)}>Newer</button>}
      {data.sentInvites.edges.map(({ node }) => (
        <InviteCard key={node.id} invite={node} />
      ))}
      {hasNext && <button onClick={() => loadNext(2)}>Older</button>}
    </section>
  );
}
