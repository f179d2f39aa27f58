// Screen at /manage/group/…: the join link of a group, for its managers, who switch it on, replace it
// and switch it off, and read its history.
import { useId, useState } from 'react';
import { useQuery } from 'urql';

import { Button } from '../Button';
import { useFocusOn } from '../focus';
import { QueryResult } from '../QueryResult';
import { graphql, readFragment } from '../gql';
import { Notice } from '../Notice';
import { Question } from '../Question';
import { dayOf } from '../wording';
import { WriteProblem } from '../WriteProblem';
import { CopyLink } from './CopyLink';
import { groupLink, type GroupLinkRef, useGroupLinkChanges } from './groupLinkChanges';
import { History } from './History';
import { NothingHere } from './NothingHere';

const query = graphql(`
  query GroupLinkPage($slug: ID!) {
    group(id: $slug) {
      ...GroupLink
    }
  }
`);

export const groupLinkAddress = (slug: string) => `/manage/group/${encodeURIComponent(slug)}`;

export function GroupLink({ slug }: { slug: string }) {
  const [result, retry] = useQuery({ query, variables: { slug } });
  return (
    <QueryResult result={result} retry={retry}>
      {({ group }) => (group ? <Link group={group} refresh={retry} /> : <NothingHere />)}
    </QueryResult>
  );
}

function Link(props: { group: GroupLinkRef; refresh: () => void }) {
  const loaded = readFragment(groupLink, props.group);
  const { id } = loaded;
  const { changed, failure, refusal, ...changes } = useGroupLinkChanges(id, props.refresh);
  // The link after a change comes with it.
  const { name, slug, invite } = changed ? readFragment(groupLink, changed.group) : loaded;
  const news = useFocusOn<HTMLParagraphElement>(changed);
  const off = changes.fetching;
  return (
    <Notice title={`Join link of ${name}`}>
      <p><a href="/manage">Everything you manage</a></p>
      {changed && <p className="status" ref={news} tabIndex={-1}>{changed.news}</p>}
      {failure && <WriteProblem error={failure} />}
      {refusal && <p className="refusal" role="alert">{refusal}</p>}
      {invite ? (
        <>
          <p>Everybody who has this link can join. It was last changed on {dayOf(invite.updatedAt)}.</p>
          <CopyLink key={invite.code} link={invite.url} whose={name} />
          <p>
            <a href={`/i/group/${encodeURIComponent(slug)}/${encodeURIComponent(invite.code)}`}>
              See its page
            </a>
          </p>
          <div className="row">
            <Question
              name="Replace the link"
              question="Replace the link?"
              act={changes.rotate}
              off={off}
            >
              The present link ends at once, wherever it was posted or sent. Who has joined stays.
            </Question>
            <Question
              name="Switch it off"
              question="Switch the link off?"
              act={changes.disable}
              off={off}
            >
              It ends at once, and nobody can join by it. Switching on again makes another link.
            </Question>
          </div>
          <LinkHistory key={invite.id} invite={invite} name={name} />
        </>
      ) : (
        <>
          <p>The group has no join link now.</p>
          <Button off={off} onClick={changes.enable}>Switch it on</Button>
        </>
      )}
    </Notice>
  );
}

function LinkHistory({ invite, name }: { invite: { id: string; updatedAt: string }; name: string }) {
  const [isOpen, setOpen] = useState(false);
  const id = useId();
  return (
    <>
      <Button plain opens={{ id, isOpen }} onClick={() => setOpen(!isOpen)}>History</Button>
      {isOpen && (
        <div id={id}>
          <History invite={invite.id} name={name} thing="link" changes={invite.updatedAt} />
        </div>
      )}
    </>
  );
}
