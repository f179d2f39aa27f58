// The invite behind a token, and accepting it. The payload has the objects that change, so that the store
// needs no updater.
import { graphql, useLazyLoadQuery, useMutation } from 'react-relay';

import { InviteCard } from './InviteCard';
import type { AcceptInviteMutation } from './__generated__/AcceptInviteMutation.graphql';
import type { AcceptInviteQuery } from './__generated__/AcceptInviteQuery.graphql';

export const inviteBehindToken = graphql`
  query AcceptInviteQuery($token: String!) {
    workspaceInvite(token: $token) {
      ...InviteCard_invite
      workspace {
        viewerRole
      }
    }
  }
`;

export const acceptInvite = graphql`
  mutation AcceptInviteMutation($input: RedeemInviteInput!) {
    acceptInvite(input: $input) {
      invite {
        ...InviteCard_invite
      }
      target {
        ... on Course {
          viewerRole
        }
        ... on Group {
          viewerRole
        }
        ... on Workspace {
          viewerRole
        }
      }
      userErrors {
        code
        message
      }
    }
  }
`;

export function AcceptInvite({ token }: { token: string }) {
  const { workspaceInvite } = useLazyLoadQuery<AcceptInviteQuery>(inviteBehindToken, { token });
  const [accept, accepting] = useMutation<AcceptInviteMutation>(acceptInvite);
  if (!workspaceInvite) return null;
  return (
    <section>
      <InviteCard invite={workspaceInvite} />
      <button disabled={accepting} onClick={() => accept({ variables: { input: { token } } })}>
        Accept
      </button>
    </section>
  );
}
