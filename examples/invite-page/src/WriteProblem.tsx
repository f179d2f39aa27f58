// A mutation that was not carried out, or whose response was lost. The screen stays as it is, since
// each mutation may be sent again.
import type { CombinedError } from '@urql/core';

import { Button } from './Button';
import { problemOf } from './problem';
import { useSession } from './session';

export function WriteProblem({ error }: { error: CombinedError }) {
  const { signOut } = useSession();
  const problem = problemOf(error);
  return (
    <div className="refusal" role="alert">
      <p>{explained(error)}</p>
      {problem === 'signed out' && <Button plain onClick={signOut}>Sign in again</Button>}
    </div>
  );
}

function explained(error: CombinedError): string {
  switch (problemOf(error)) {
    case 'unreachable':
      return 'We could not reach the invites just now. Try again in a moment: nothing happens twice.';
    case 'too many':
      return 'That was a little too fast. Wait a minute, then try again.';
    case 'signed out':
      return 'Your sign-in is no longer valid.';
    case 'denied':
      return 'You may not do this.';
    case 'other':
      return error.graphQLErrors[0]?.message ?? 'The response could not be read.';
  }
}
