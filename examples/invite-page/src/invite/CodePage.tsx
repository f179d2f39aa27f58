// Screen at /i/code/…: a personal code for joining the community.
import { useQuery } from 'urql';

import { QueryResult } from '../QueryResult';
import { graphql } from '../gql';
import { Detail, InviteCard } from './InviteCard';
import { UnknownInvite } from './UnknownInvite';

const query = graphql(`
  query CodePage($code: String!) {
    inviteCode(code: $code) {
      ...InviteCard
      name
      email
      tags {
        id
        name
        color
        active
        visible
      }
    }
  }
`);

export function CodePage({ code }: { code: string }) {
  const [result, retry] = useQuery({ query, variables: { code } });
  return (
    <QueryResult result={result} retry={retry}>
      {({ inviteCode: invite }) => {
        if (!invite) return <UnknownInvite />;
        const recipient = [invite.name, invite.email].filter(Boolean).join(', ');
        const tags = invite.tags.filter(({ active, visible }) => active && visible);
        return (
          <InviteCard invite={invite} way={{ code }} refresh={retry}>
            {recipient && <Detail term="For"><bdi>{recipient}</bdi></Detail>}
            {tags.length > 0 && (
              <Detail term="You get the tags">
                <ul className="tags">
                  {tags.map(({ id, name, color }) => (
                    <li key={id} style={{ borderColor: color ?? undefined }}>{name}</li>
                  ))}
                </ul>
              </Detail>
            )}
          </InviteCard>
        );
      }}
    </QueryResult>
  );
}
