// An invite of any kind: a fragment on the interface, refetched by `node(id:)`.
import { graphql, useRefetchableFragment } from 'react-relay';
import { readInlineData } from 'relay-runtime';

import type { InviteCardRefetchQuery } from './__generated__/InviteCardRefetchQuery.graphql';
import type { InviteCard_invite$key } from './__generated__/InviteCard_invite.graphql';
import type { InviteCard_target$key } from './__generated__/InviteCard_target.graphql';

export const inviteCard = graphql`
  fragment InviteCard_invite on Invite @refetchable(queryName: "InviteCardRefetchQuery") {
    id
    databaseId
    status
    createdAt
    target {
      ...InviteCard_target @alias(as: "joined")
    }
    ... on WorkspaceInvite @alias(as: "workspaceInvite") {
      roleDisplay
    }
  }
`;

export const inviteTarget = graphql`
  fragment InviteCard_target on InviteTarget @inline {
    __typename
    ... on Workspace {
      name
    }
    ... on Group {
      name
    }
    ... on Course {
      name
    }
  }
`;

// Describes the target of an invite.
export function targetName(target: InviteCard_target$key): string {
  const read = readInlineData(inviteTarget, target);
  switch (read.__typename) {
    case 'Workspace':
    case 'Group':
    case 'Course':
      return `${read.__typename} ${read.name}`;
    default:
      return 'the community';
  }
}

export function InviteCard({ invite }: { invite: InviteCard_invite$key }) {
  const [data, refetch] = useRefetchableFragment<InviteCardRefetchQuery, InviteCard_invite$key>(
    inviteCard,
    invite,
  );
  const joined = data.target?.joined;
  return (
    <p>
      {data.status} {joined ? targetName(joined) : 'the community'} {data.workspaceInvite?.roleDisplay}
      <button onClick={() => refetch({})}>Look again</button>
    </p>
  );
}
