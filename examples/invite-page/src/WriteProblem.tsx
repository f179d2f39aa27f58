// A mutation that was not carried out, or whose response was lost. The screen stays as it is, since
// each mutation may be sent again.
import type { CombinedError } from '@urql/core';

import { InlineProblem } from './InlineProblem';

export function WriteProblem({ error }: { error: CombinedError }) {
  return (
    <InlineProblem
      error={error}
      unreachable="We could not reach the invites just now. Try again in a moment: nothing happens twice."
      denied="You may not do this."
    />
  );
}
