// Tells a viewer whose token is valid that they have no account.
import { Notice } from './Notice';

export function NoAccount() {
  return (
    <Notice title="You have no account here">
      <p>You are signed in. Reload this page once your account is set up.</p>
    </Notice>
  );
}
