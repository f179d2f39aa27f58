// Shows the state of a query: loading, a problem with a way forward, or its data.
import type { CombinedError } from '@urql/core';
import type { ReactNode } from 'react';

import { Button } from './Button';
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
  /** Keeps screen readers from announcing all rows: a list announces its length itself. */
  list?: boolean;
}

export function QueryResult<Data>({ result, retry, children, list }: Props<Data>) {
  const { data, error, fetching } = result;
  return (
    <div aria-live={list && data && !error ? 'off' : 'polite'} aria-busy={fetching}>
      {error ? (
        <Problem error={error} fetching={fetching} retry={retry} />
      ) : data ? (
        children(data)
      ) : (
        <p className="card alone">Loading…</p>
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
  // Moves the focus, because the button disappears when the response arrives.
  const again = () => {
    document.getElementById('main')?.focus();
    retry();
  };
  const retryButton = (
    <Button off={fetching} onClick={again}>{fetching ? 'Trying…' : 'Try again'}</Button>
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
        <Notice title="Your sign-in is no longer valid">
          <p>Sign in again, or continue without: anyone with the link can see most invites.</p>
          <button type="button" onClick={signOut}>Continue signed out</button>
        </Notice>
      ) : (
        <Notice title="Sign in to see this">
          <SignIn />
        </Notice>
      );
    case 'denied':
      return (
        <Notice title="You cannot see this">
          <p>Only its managers can. Ask an owner to make you one.</p>
          {token && <button type="button" onClick={signOut}>Sign in as someone else</button>}
        </Notice>
      );
    case 'other':
      return (
        <Notice title="That did not work">
          <p>{error.graphQLErrors[0]?.message ?? 'The response could not be read.'}</p>
          <p className="quiet">Code: {codeOf(error) ?? 'none'}</p>
          {retryButton}
        </Notice>
      );
  }
}
