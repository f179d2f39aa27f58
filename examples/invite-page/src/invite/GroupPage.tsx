// Screen at /i/group/…: a group's join link. Only its managers can see the invite, so this screen
// shows each visitor what they can see: nothing, the group, or the invite.
import { useState } from 'react';
import { useQuery } from 'urql';

import { useFocusOn } from '../focus';
import { QueryResult } from '../QueryResult';
import { graphql } from '../gql';
import type { GroupPageQuery } from '../gql/graphql';
import { groupLinkAddress } from '../manage/GroupLink';
import { Notice } from '../Notice';
import { problemOf } from '../problem';
import { useSession } from '../session';
import { SignIn } from '../SignIn';
import { targetAddress } from '../TargetPage';
import { dayOf, roleOf } from '../wording';
import { Answer } from './Answer';
import { Detail, InviteCard } from './InviteCard';
import { UnknownInvite } from './UnknownInvite';

const query = graphql(`
  query GroupPage($slug: ID!) {
    group(id: $slug) {
      id
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
  return (
    <QueryResult result={denied ? { ...result, error: undefined } : result} retry={retry}>
      {({ group }) => {
        if (!group) return token ? <UnknownInvite /> : <SignedOut />;
        if (denied) return <Group group={group} code={code} />;
        if (group.invite?.code !== code) return <Outdated group={group} slug={slug} />;
        // Staff may join. Other managers have.
        const way = group.viewerRole ? undefined : { groupCode: code };
        return (
          <InviteCard invite={group.invite} way={way} refresh={retry}>
            <Detail term="Your own role">{group.viewerRole ? roleOf(group.viewerRole) : 'None'}</Detail>
            <Detail term="Link changed">{dayOf(group.invite.updatedAt)}</Detail>
            <Detail term="You manage it"><a href={groupLinkAddress(slug)}>Change the link</a></Detail>
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

function Group({ group, code }: GroupOf & { code: string }) {
  const [joined, setJoined] = useState(false);
  const news = useFocusOn<HTMLParagraphElement>(joined);
  if (joined) {
    return (
      <Notice title={`You are in ${group.name}`}>
        <p className="status accepted" ref={news} tabIndex={-1}><strong>You have joined.</strong> Welcome!</p>
        <p><a href={targetAddress(group.id)}>Go to <bdi>{group.name}</bdi></a></p>
      </Notice>
    );
  }
  return (
    <Notice title={`Join ${group.name}`}>
      {group.viewerRole ? (
        <p>
          You are in this group already, as {roleOf(group.viewerRole)}.{' '}
          <a href={targetAddress(group.id)}>Go to the group</a>
        </p>
      ) : (
        <>
          <p>You have a link to join this group.</p>
          <p className="quiet">Only the group’s managers can see if the link is still valid.</p>
          <Answer way={{ groupCode: code }} open onAnswer={() => setJoined(true)} />
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
      <p><a href={groupLinkAddress(slug)}>Change the link</a></p>
    </Notice>
  );
}
