// Accepting and declining an invite. The gateway decides who may; a refusal is explained.
import type { CombinedError } from '@urql/core';
import { useState } from 'react';
import { useMutation } from 'urql';

import { Button } from '../Button';
import { graphql } from '../gql';
import type { AcceptInviteMutation, RedeemInviteInput } from '../gql/graphql';
import { useSession } from '../session';
import { SignIn } from '../SignIn';
import { WriteProblem } from '../WriteProblem';
import type { InviteCardRef } from './InviteCard';
import { isStale, reasonOf } from './refusals';

const acceptInvite = graphql(`
  mutation AcceptInvite($input: RedeemInviteInput!) {
    acceptInvite(input: $input) {
      invite {
        ...InviteCard
      }
      target {
        __typename
        ... on Workspace {
          id
          name
        }
        ... on Group {
          id
          name
        }
        ... on Course {
          id
          name
        }
      }
      userErrors {
        code
        message
      }
    }
  }
`);

const declineInvite = graphql(`
  mutation DeclineInvite($input: RedeemInviteInput!) {
    declineInvite(input: $input) {
      invite {
        ...InviteCard
      }
      userErrors {
        code
        message
      }
    }
  }
`);

type Accepted = NonNullable<AcceptInviteMutation['acceptInvite']>;
type UserError = Accepted['userErrors'][number];
type Payload = Pick<Accepted, 'invite' | 'userErrors'> & Partial<Pick<Accepted, 'target'>>;

/** A workspace, group or course that was joined. */
export type Joined = NonNullable<Accepted['target']>;

/** The state after the answer, from its payload. */
export interface Answered {
  accepted: boolean;
  /** Null if the viewer may not see the invite. */
  invite: InviteCardRef | null;
  /** Null if nothing was joined that the viewer may see. */
  joined: Joined | null;
}

interface Props {
  /** The way to the invite. */
  way: RedeemInviteInput;
  /** True if the invite can be answered. */
  open: boolean;
  onAnswer: (answered: Answered) => void;
  /** Loads the invite again, since it has changed. Without it, the viewer does not see the invite. */
  refresh?: () => void;
}

export function Answer({ way, open, onAnswer, refresh }: Props) {
  const { token, signOut } = useSession();
  const [accepting, accept] = useMutation(acceptInvite);
  const [declining, decline] = useMutation(declineInvite);
  const [failure, setFailure] = useState<CombinedError>();
  const [refusal, setRefusal] = useState<UserError>();
  const fetching = accepting.fetching || declining.fetching;
  // A group's link is for many people, so nobody declines it.
  const joins = 'groupCode' in way;

  const settle = (
    accepted: boolean,
    payload: Payload | null | undefined,
    error: CombinedError | undefined,
  ) => {
    const refused = payload?.userErrors[0];
    setFailure(payload ? undefined : error);
    setRefusal(refused);
    if (refused && isStale(refused)) refresh?.();
    if (payload && !refused) {
      onAnswer({ accepted, invite: payload.invite, joined: payload.target ?? null });
    }
  };
  const onAccept = async () => {
    const { data, error } = await accept({ input: way });
    settle(true, data?.acceptInvite, error);
  };
  const onDecline = async () => {
    const { data, error } = await decline({ input: way });
    settle(false, data?.declineInvite, error);
  };

  return (
    <>
      {failure && <WriteProblem error={failure} />}
      {refusal && (
        <div className="refusal" role="alert">
          <p>{reasonOf(refusal)}</p>
          {refusal.code === 'WRONG_ACCOUNT' && (
            <Button plain onClick={signOut}>Sign in as someone else</Button>
          )}
        </div>
      )}
      {open && token && (
        <div className="row">
          <Button off={fetching} onClick={() => void onAccept()}>
            {accepting.fetching ? 'Accepting…' : joins ? 'Join the group' : 'Accept the invite'}
          </Button>
          {!joins && (
            <Button plain off={fetching} onClick={() => void onDecline()}>
              {declining.fetching ? 'Declining…' : 'Decline'}
            </Button>
          )}
        </div>
      )}
      {open && !token && (
        <>
          <h2>Sign in first</h2>
          <p>{joins ? 'You join with your account.' : 'To accept or decline, sign in as the person invited.'}</p>
          <SignIn />
        </>
      )}
    </>
  );
}
