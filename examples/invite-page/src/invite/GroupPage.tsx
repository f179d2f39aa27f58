// Screen at /i/group/…: a group's join link. Only its managers can see the invite, so this screen
// shows each visitor what they can see: nothing, the group, or the invite.
import { useQuery } from 'urql';

import { QueryResult } from '../QueryResult';
import { graphql } from '../gql';
import type { GroupPageQuery } from '../gql/graphql';
import { Notice } from '../Notice';
import { problemOf } from '../problem';
import { useSession } from '../session';
import { acceptUrl } from '../settings';
import { SignIn } from '../SignIn';
import { dayOf, roleOf } from '../wording';
import { Detail, InviteCard } from './InviteCard';
import { UnknownInvite } from './UnknownInvite';

const query = graphql(`
  query GroupPage($slug: ID!) {
    group(id: $slug) {
      name
      viewerRole
      invite {
        ...InviteCard
        code
        updatedAt
      }
    }
  }
`);

export function GroupPage({ slug, code }: { slug: string; code: string }) {
  const { token } = useSession();
  const [result, retry] = useQuery({ query, variables: { slug } });
  // Only `invite` is denied: the response has the group and an error.
  const denied = result.error && result.data?.group && problemOf(result.error) === 'denied';
  const accept = acceptUrl('group', slug, code);
  return (
    <QueryResult result={denied ? { ...result, error: undefined } : result} retry={retry}>
      {({ group }) => {
        if (!group) return token ? <UnknownInvite /> : <SignedOut />;
        if (denied) return <Group group={group} accept={accept} />;
        if (group.invite?.code !== code) return <Outdated group={group} slug={slug} />;
        return (
          <InviteCard invite={group.invite} accept={accept}>
            <Detail term="Your own role">{group.viewerRole ? roleOf(group.viewerRole) : 'None'}</Detail>
            <Detail term="Link changed">{dayOf(group.invite.updatedAt)}</Detail>
          </InviteCard>
        );
      }}
    </QueryResult>
  );
}

type GroupOf = { group: NonNullable<GroupPageQuery['group']> };

function SignedOut() {
  return (
    <Notice title="You are invited to a group">
      <p>Sign in to see which group this link joins.</p>
      <SignIn />
    </Notice>
  );
}

function Group({ group, accept }: GroupOf & { accept: string | undefined }) {
  return (
    <Notice title={`Join ${group.name}`}>
      {group.viewerRole ? (
        <p>You are in this group already, as {roleOf(group.viewerRole)}.</p>
      ) : (
        <>
          <p>You have a link to join this group.</p>
          <p className="quiet">Only the group’s managers can see if the link is still valid.</p>
          {accept && <a className="button" href={accept}>Join the group</a>}
        </>
      )}
    </Notice>
  );
}

function Outdated({ group, slug }: GroupOf & { slug: string }) {
  const current = group.invite;
  return (
    <Notice title={`This link no longer joins ${group.name}`}>
      {current ? (
        <p>
          The group has had a newer link since {dayOf(current.updatedAt)}:{' '}
          <a href={`/i/group/${encodeURIComponent(slug)}/${encodeURIComponent(current.code)}`}>
            show the current link
          </a>
          . You see this because you manage the group.
        </p>
      ) : (
        <p>The group has no join link now. You see this because you manage the group.</p>
      )}
    </Notice>
  );
}
