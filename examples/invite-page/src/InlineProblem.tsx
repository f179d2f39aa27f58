// A part of the screen that could not be loaded or changed. The rest of the screen stays as it is.
import type { CombinedError } from '@urql/core';
import type { ReactNode } from 'react';

import { Button } from './Button';
import { problemOf } from './problem';
import { useSession } from './session';

interface Props {
  error: CombinedError;
  /** Explains that the gateway cannot be reached. */
  unreachable: string;
  /** Explains that the viewer lacks the right. */
  denied: string;
  /** Ways forward. */
  children?: ReactNode;
}

export function InlineProblem({ error, unreachable, denied, children }: Props) {
  const { signOut } = useSession();
  const problem = problemOf(error);
  const explanations = {
    unreachable,
    'too many': 'That was a little too fast. Wait a minute, then try again.',
    'signed out': 'Your sign-in is no longer valid.',
    denied,
    other: error.graphQLErrors[0]?.message ?? 'The response could not be read.',
  };
  return (
    <div className="refusal" role="alert">
      <p>{explanations[problem]}</p>
      {problem === 'signed out' ? <Button plain onClick={signOut}>Sign in again</Button> : children}
    </div>
  );
}
