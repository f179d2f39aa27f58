// Screen at /i/workspace/…: an e-mailed invitation.
import { useQuery } from 'urql';

import { QueryResult } from '../QueryResult';
import { graphql } from '../gql';
import { roleOf } from '../wording';
import { Detail, InviteCard } from './InviteCard';
import { UnknownInvite } from './UnknownInvite';

const query = graphql(`
  query WorkspacePage($token: String!) {
    workspaceInvite(token: $token) {
      ...InviteCard
      email
      message
      role
      roleDisplay
    }
  }
`);

export function WorkspacePage({ token }: { token: string }) {
  const [result, retry] = useQuery({ query, variables: { token } });
  return (
    <QueryResult result={result} retry={retry}>
      {({ workspaceInvite: invite }) => {
        if (!invite) return <UnknownInvite />;
        const { email, message, role, roleDisplay } = invite;
        const roleName = roleDisplay === 'UNKNOWN' && role ? roleOf(role) : roleDisplay;
        return (
          <InviteCard invite={invite} way={{ token }} refresh={retry} roleName={roleName}>
            {email && <Detail term="For">{email}</Detail>}
            {message && <Detail term="Message"><blockquote>{message}</blockquote></Detail>}
          </InviteCard>
        );
      }}
    </QueryResult>
  );
}
