// Card of an invite of any kind. One fragment on the interface `Invite` has the fields that all
// kinds share. Fields of a kind are passed as children.
import { type ReactNode, useId } from 'react';

import { type FragmentType, graphql, readFragment } from '../gql';
import type { InviteCardFragment } from '../gql/graphql';
import { Picture } from '../Picture';
import { dayOf, nameOf, roleOf } from '../wording';

const fragment = graphql(`
  fragment InviteCard on Invite {
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

interface Props {
  invite: FragmentType<typeof fragment>;
  /** URL that accepts the invite. */
  accept?: string | undefined;
  /** Name of the role, if the kind has one. */
  roleName?: string;
  /** `Detail`s of the kind. */
  children?: ReactNode;
  /** True if the screen has several cards. */
  listed?: boolean;
}

export function InviteCard(props: Props) {
  const invite = readFragment(fragment, props.invite);
  const { inviter, role, status, target } = invite;
  const what = target?.name ?? 'The community';
  const roleName = props.roleName ?? (role && roleOf(role));
  const Heading = props.listed ? 'h2' : 'h1';
  const heading = useId();
  const [state, advice] = explained(invite);
  return (
    <article className={props.listed ? 'card' : 'card alone'} aria-labelledby={heading}>
      {!props.listed && <title>{`Join ${target?.name ?? 'the community'}`}</title>}
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
      <p className={`status ${status.toLowerCase()}`}>
        <strong>{state}</strong> {advice}
      </p>
      <dl>
        {roleName && <Detail term="You join as">{roleName}</Detail>}
        {props.children}
      </dl>
      {status === 'PENDING' && props.accept && (
        <a className="button" href={props.accept}>Accept the invite</a>
      )}
    </article>
  );
}

/** Explains the status to the invitee, and the next step. */
function explained({ status, acceptedAt, expiresAt, inviter, target }: InviteCardFragment) {
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
        'An invite works once. If that was you, sign in.',
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
