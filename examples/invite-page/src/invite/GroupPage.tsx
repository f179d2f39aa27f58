// Screen at /i/group/…: a group's join link. Everybody who has its code sees the group that it joins. Only
// managers of the group see the invite.
import { useState } from 'react';
import { useQuery } from 'urql';

import { useFocusOn } from '../focus';
import { QueryResult } from '../QueryResult';
import { graphql } from '../gql';
import type { GroupPageQuery } from '../gql/graphql';
import { groupLinkAddress } from '../manage/GroupLink';
import { Notice } from '../Notice';
import { problemOf } from '../problem';
import { targetAddress } from '../TargetPage';
import { dayOf, roleOf } from '../wording';
import { Answer, type Joined } from './Answer';
import { Detail, InviteCard } from './InviteCard';
import { UnknownInvite } from './UnknownInvite';

const query = graphql(`
  query GroupPage($slug: ID!, $code: String!) {
    groupPreview(code: $code) {
      name
      slug
      memberCount
      viewerIsMember
    }
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
  const [result, retry] = useQuery({ query, variables: { slug, code } });
  // Only `invite` is denied: the response has the rest and an error.
  const denied = result.error && result.data?.group && problemOf(result.error) === 'denied';
  return (
    <QueryResult result={denied ? { ...result, error: undefined } : result} retry={retry}>
      {({ group, groupPreview: preview }) => {
        // The slug is only for people. It may be that of a group that was renamed.
        const own = group && preview && slug !== preview.slug ? null : group;
        if (own && !denied) {
          if (own.invite?.code !== code) return <Outdated group={own} slug={slug} />;
          // Staff may join. Other managers have.
          const way = own.viewerRole ? undefined : { groupCode: code };
          return (
            <InviteCard invite={own.invite} way={way} refresh={retry}>
              <Detail term="Your own role">{own.viewerRole ? roleOf(own.viewerRole) : 'None'}</Detail>
              <Detail term="Link changed">{dayOf(own.invite.updatedAt)}</Detail>
              <Detail term="You manage it"><a href={groupLinkAddress(slug)}>Change the link</a></Detail>
            </InviteCard>
          );
        }
        if (preview) return <Group preview={preview} group={own} code={code} refresh={retry} />;
        return own ? <Ended name={own.name} /> : <UnknownInvite />;
      }}
    </QueryResult>
  );
}

type Preview = NonNullable<GroupPageQuery['groupPreview']>;
type GroupOf = { group: NonNullable<GroupPageQuery['group']> };

interface Props {
  preview: Preview;
  /** The group, if the viewer sees it. */
  group: GroupOf['group'] | null;
  code: string;
  /** Loads the preview again. */
  refresh: () => void;
}

function Group({ preview, group, code, refresh }: Props) {
  const [joined, setJoined] = useState<{ target: Joined | null }>();
  const news = useFocusOn<HTMLParagraphElement>(joined);
  const { name, memberCount } = preview;
  if (joined) {
    return (
      <Notice title={`You are in ${name}`}>
        <p className="status accepted" ref={news} tabIndex={-1}><strong>You have joined.</strong> Welcome!</p>
        {joined.target && (
          <p><a href={targetAddress(joined.target.id)}>Go to <bdi>{joined.target.name}</bdi></a></p>
        )}
      </Notice>
    );
  }
  return (
    <Notice title={`Join ${name}`}>
      {preview.viewerIsMember ? (
        <p>
          You are in this group already{group?.viewerRole && `, as ${roleOf(group.viewerRole)}`}.{' '}
          {group && <a href={targetAddress(group.id)}>Go to the group</a>}
        </p>
      ) : (
        <>
          <p>You have a link to join this group.</p>
          <p className="quiet">{memberCount === 1 ? 'It has 1 member.' : `It has ${memberCount} members.`}</p>
          <Answer
            way={{ groupCode: code }}
            open
            onAnswer={(answered) => setJoined({ target: answered.joined })}
            refresh={refresh}
          />
        </>
      )}
    </Notice>
  );
}

/** The link has been replaced or switched off. */
function Ended({ name }: { name: string }) {
  return (
    <Notice title={`This link no longer joins ${name}`}>
      <p>It was replaced or switched off. Ask a manager of the group for the current link.</p>
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
