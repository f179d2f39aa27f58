// A workspace or course that the gateway does not show. Unknown and hidden look the same.
import { Notice } from '../Notice';
import { useSession } from '../session';
import { SignIn } from '../SignIn';

export function NothingHere() {
  const { token } = useSession();
  return token ? (
    <Notice title="There is nothing here for you">
      <p>It may not exist, or you are not a member. <a href="/manage">Everything you manage</a></p>
    </Notice>
  ) : (
    <Notice title="Sign in to see this">
      <SignIn />
    </Notice>
  );
}
