// What the gateway answered to a query: awaited, a problem that says what to do next, or data.
import type { CombinedError } from '@urql/core';
import type { ReactNode } from 'react';

import { Notice } from './Notice';
import { codeOf, problemOf } from './problem';
import { useSession } from './session';
import { SignIn } from './SignIn';

interface Result<Data> {
  data?: Data | undefined;
  error?: CombinedError | undefined;
  fetching: boolean;
}

interface Props<Data> {
  result: Result<Data>;
  retry: () => void;
  children: (data: Data) => ReactNode;
  /** A list announces its length by itself: nobody wants to hear all of its rows. */
  list?: boolean;
}

export function Answer<Data>({ result, retry, children, list }: Props<Data>) {
  const { data, error, fetching } = result;
  return (
    <div aria-live={list && data && !error ? 'off' : 'polite'} aria-busy={fetching}>
      {error ? (
        <Problem error={error} fetching={fetching} retry={retry} />
      ) : data ? (
        children(data)
      ) : (
        <p className="card alone">Asking the gateway…</p>
      )}
    </div>
  );
}

interface ProblemProps {
  error: CombinedError;
  fetching: boolean;
  retry: () => void;
}

export function Problem({ error, fetching, retry }: ProblemProps) {
  const { token, signOut } = useSession();
  // The button goes when the answer comes: focus must not go with it.
  const again = () => {
    document.getElementById('main')?.focus();
    retry();
  };
  const retryButton = (
    <button type="button" aria-disabled={fetching} onClick={fetching ? undefined : again}>
      {fetching ? 'Trying…' : 'Try again'}
    </button>
  );
  switch (problemOf(error)) {
    case 'unreachable':
      return (
        <Notice title="We cannot reach the invites just now">
          <p>Nothing is lost: this is on our side, or on the way to us. Try again in a moment.</p>
          {retryButton}
        </Notice>
      );
    case 'too many':
      return (
        <Notice title="That was a little too fast">
          <p>Too many requests came from here. Wait a minute, then try again.</p>
          {retryButton}
        </Notice>
      );
    case 'signed out':
      return token ? (
        <Notice title="Your sign-in is no longer good">
          <p>Sign in again, or go on without: most invites can be seen by who holds the link.</p>
          <button type="button" onClick={signOut}>Go on signed out</button>
        </Notice>
      ) : (
        <Notice title="Sign in to see this">
          <SignIn />
        </Notice>
      );
    case 'denied':
      return (
        <Notice title="This is not yours to see">
          <p>Only those who manage it can. If you should, ask an owner to make you a manager.</p>
          {token && <button type="button" onClick={signOut}>Sign in as somebody else</button>}
        </Notice>
      );
    case 'other':
      return (
        <Notice title="That did not work">
          <p>{error.graphQLErrors[0]?.message ?? 'The answer could not be understood.'}</p>
          <p className="quiet">Code: {codeOf(error) ?? 'none'}</p>
          {retryButton}
        </Notice>
      );
  }
}
