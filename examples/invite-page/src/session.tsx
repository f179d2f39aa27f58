// The session: the viewer's token, and a GraphQL client that sends it.
import { Client, fetchExchange } from '@urql/core';
import { createContext, type ReactNode, use, useMemo, useState } from 'react';
import { Provider } from 'urql';

// The tab keeps the token while it is open, which is only for trials. In production, sign in with
// your identity provider. To protect the token from injected scripts, keep it on a server of your
// own, behind an HttpOnly cookie.
const STORAGE_KEY = 'invite-page.token';

interface Session {
  token: string | null;
  signIn: (token: string) => void;
  signOut: () => void;
}

const SessionContext = createContext<Session>({ token: null, signIn() {}, signOut() {} });

export const useSession = () => use(SessionContext);

function clientOf(token: string | null): Client {
  return new Client({
    url: '/graphql',
    // No cache, because a status is derived at the instant of the request.
    exchanges: [fetchExchange],
    // urql's default is GET, which writes codes and tokens into logs along the way.
    preferGetMethod: false,
    fetchOptions: token ? { headers: { authorization: `Bearer ${token}` } } : {},
  });
}

export function SessionProvider({ children }: { children: ReactNode }) {
  const [token, setToken] = useState(() => sessionStorage.getItem(STORAGE_KEY));
  const client = useMemo(() => clientOf(token), [token]);
  const session: Session = {
    token,
    signIn(token) {
      sessionStorage.setItem(STORAGE_KEY, token);
      setToken(token);
    },
    signOut() {
      sessionStorage.removeItem(STORAGE_KEY);
      setToken(null);
    },
  };
  return (
    <SessionContext value={session}>
      {/* The key resets the screen when the viewer changes. */}
      <Provider key={token} value={client}>
        {children}
      </Provider>
    </SessionContext>
  );
}
