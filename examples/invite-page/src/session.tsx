// Who is signed in, and the client that asks the gateway for them.
import { Client, fetchExchange } from '@urql/core';
import { createContext, type ReactNode, use, useMemo, useState } from 'react';
import { Provider } from 'urql';

// The tab keeps the token as long as it is open. That is for trying things: in production, signing
// in is your identity provider's part, and a page that must be safe from injected scripts leaves
// the token to a server of its own, behind an HttpOnly cookie.
const KEPT_AS = 'invite-page.token';

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
    // No cache: a status is true at the instant of the request.
    exchanges: [fetchExchange],
    // urql's default is GET, which writes codes and tokens into the logs on the way.
    preferGetMethod: false,
    fetchOptions: token ? { headers: { authorization: `Bearer ${token}` } } : {},
  });
}

export function SessionProvider({ children }: { children: ReactNode }) {
  const [token, setToken] = useState(() => sessionStorage.getItem(KEPT_AS));
  const client = useMemo(() => clientOf(token), [token]);
  const session: Session = {
    token,
    signIn(token) {
      sessionStorage.setItem(KEPT_AS, token);
      setToken(token);
    },
    signOut() {
      sessionStorage.removeItem(KEPT_AS);
      setToken(null);
    },
  };
  return (
    <SessionContext value={session}>
      {/* The key: nothing that one person was answered stays on the screen of the next. */}
      <Provider key={token} value={client}>
        {children}
      </Provider>
    </SessionContext>
  );
}
