// Card of an invite of any kind, with its answers. One fragment on the interface `Invite` has the fields
// that all kinds share. Fields of a kind are passed as children.
import { type ReactNode, useId, useState } from 'react';

import { useFocusOn } from '../focus';
import { type FragmentType, graphql, readFragment } from '../gql';
import type { InviteCardFragment, RedeemInviteInput } from '../gql/graphql';
import { Picture } from '../Picture';
import { useSession } from '../session';
import { targetAddress } from '../TargetPage';
import { dayOf, nameOf, roleOf } from '../wording';
import { Answer, type Answered } from './Answer';

const fragment = graphql(`
  fragment InviteCard on Invite {
    __typename
    status
    role
    acceptedAt
    expiresAt
    inviter {
      username
      fullName
      avatarUrl
    }
    target {
      __typename
      ... on Workspace {
        name
        description
        logoUrl
      }
      ... on Group {
        name
      }
      ... on Course {
        name
        description
      }
    }
  }
`);

export type InviteCardRef = FragmentType<typeof fragment>;

/** Names of what is joined if the viewer may not see it. */
const unseen: Record<InviteCardFragment['__typename'], string> = {
  InviteCode: 'The community',
  WorkspaceInvite: 'A workspace',
  GroupInvite: 'A group',
  CourseInvite: 'A course',
};

interface Props {
  invite: InviteCardRef;
  /** The way to the invite, for those who may answer it. */
  way?: RedeemInviteInput | undefined;
  /** Loads the invite again. */
  refresh: () => void;
  /** Name of the role, if the kind has one. */
  roleName?: string;
  /** `Detail`s of the kind. */
  children?: ReactNode;
  /** True if the screen has several cards. */
  listed?: boolean;
}

export function InviteCard(props: Props) {
  const { token } = useSession();
  const [answered, setAnswered] = useState<Answered>();
  const onAnswer = (answered: Answered) => {
    setAnswered(answered);
    if (!answered.invite) props.refresh();
  };
  const shown = readFragment(fragment, props.invite);
  // The state after an answer comes with it. A target that may be seen no longer keeps its name.
  const invite = answered?.invite
    ? { ...readFragment(fragment, answered.invite), target: shown.target }
    : shown;
  const { inviter, role, status, target } = invite;
  const what = target?.name ?? unseen[invite.__typename];
  const roleName = props.roleName ?? (role && roleOf(role));
  const Heading = props.listed ? 'h2' : 'h1';
  const heading = useId();
  const news = useFocusOn<HTMLParagraphElement>(answered);
  const [state, advice] = answered
    ? afterAnswer(answered.accepted, invite)
    : explained(invite, token !== null);
  return (
    <article className={props.listed ? 'card' : 'card alone'} aria-labelledby={heading}>
      {!props.listed && <title>{`Join ${target?.name ?? unseen[invite.__typename].toLowerCase()}`}</title>}
      <p className="inviter">
        {inviter ? (
          <>
            <Picture url={inviter.avatarUrl} name={nameOf(inviter)} />
            <span><bdi>{nameOf(inviter)}</bdi> invites you to join</span>
          </>
        ) : (
          'You are invited to join'
        )}
      </p>
      <div className="target">
        {target?.__typename === 'Workspace' && <Picture url={target.logoUrl} name={what} />}
        <Heading id={heading}><bdi>{what}</bdi></Heading>
      </div>
      {target && 'description' in target && target.description && <p>{target.description}</p>}
      <p className={`status ${status.toLowerCase()}`} ref={news} tabIndex={-1}>
        <strong>{state}</strong> {advice}
      </p>
      {answered?.joined && (
        <p><a href={targetAddress(answered.joined.id)}>Go to <bdi>{answered.joined.name}</bdi></a></p>
      )}
      <dl>
        {roleName && <Detail term="You join as">{roleName}</Detail>}
        {props.children}
      </dl>
      {props.way && (
        <Answer
          way={props.way}
          open={status === 'PENDING' && !answered}
          onAnswer={onAnswer}
          refresh={props.refresh}
        />
      )}
    </article>
  );
}

/** Says what the viewer has just done. */
function afterAnswer(accepted: boolean, invite: InviteCardFragment): [string, string] {
  return accepted
    ? ['You have accepted.', 'Welcome!']
    : ['You have declined.', explained({ ...invite, status: 'DECLINED' }, true)[1]];
}

/** Explains the status to the invitee, and the next step. */
function explained(invite: InviteCardFragment, signedIn: boolean): [string, string] {
  const { status, acceptedAt, expiresAt, inviter, target } = invite;
  const whom = inviter ? nameOf(inviter) : 'whoever sent it to you';
  switch (status) {
    case 'PENDING':
      if (target?.__typename === 'Group') return ['Open.', 'The link works for many people and does not expire.'];
      return [
        'Waiting for your answer.',
        expiresAt ? `You can accept until ${dayOf(expiresAt)}.` : 'This invite does not expire.',
      ];
    case 'ACCEPTED':
      return [
        acceptedAt ? `Accepted on ${dayOf(acceptedAt)}.` : 'Accepted already.',
        signedIn ? 'An invite works once.' : 'An invite works once. If that was you, sign in.',
      ];
    case 'EXPIRED':
      return [
        expiresAt ? `Expired on ${dayOf(expiresAt)}.` : 'Expired.',
        `Ask ${whom} for a new invite.`,
      ];
    case 'CANCELLED':
      return ['Withdrawn before it was accepted.', `If you did not expect that, ask ${whom}.`];
    case 'DECLINED':
      return ['Declined.', `If you changed your mind, ask ${whom} for a new invite.`];
  }
}

export function Detail({ term, children }: { term: string; children: ReactNode }) {
  return (
    <div>
      <dt>{term}</dt>
      <dd>{children}</dd>
    </div>
  );
}
