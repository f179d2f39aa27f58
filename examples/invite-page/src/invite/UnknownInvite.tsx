// An invite that the gateway does not show. Unknown, mistyped, deleted and hidden invites look the
// same on purpose, so the text must fit all of them.
import { Notice } from '../Notice';

export function UnknownInvite() {
  return (
    <Notice title="We cannot find this invite">
      <p>
        The link may be incomplete, or the invite may have been deleted. Copy the whole link again,
        or ask the person who sent it.
      </p>
    </Notice>
  );
}
