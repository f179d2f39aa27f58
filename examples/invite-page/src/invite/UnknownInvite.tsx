// An invite that the gateway does not show. Unknown, mistyped, deleted and hidden look the same on
// purpose, so the words must fit all of them.
import { Notice } from '../Notice';

export function UnknownInvite() {
  return (
    <Notice title="We cannot find this invite">
      <p>
        The link may have lost a part on its way to you, or the invite is no longer there. Copy the
        whole link again (letter case counts), or ask whoever sent it.
      </p>
    </Notice>
  );
}
