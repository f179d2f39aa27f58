// Browser storage for tabs, history, theme and widths. It never stores a bearer token.
//
// GraphiQL writes headers into its history regardless of its settings. This storage replaces them
// by the name of the persona whose token they have.
import type { Persona } from './config';
import { headersWith } from './headers';

const PREFIX = 'invite-gateway:';

/** Prefix that GraphiQL gives its keys. */
export const GRAPHIQL = 'graphiql:';

/** Copies of the active tab's content, which is stored with the tabs. */
const NOT_STORED = ['query', 'variables', 'headers', 'shouldPersistHeaders'].map((key) => GRAPHIQL + key);

/** Initial values: a narrower examples pane. */
const DEFAULTS: Record<string, string> = { [`${GRAPHIQL}docExplorerFlex`]: '0.32' };

/** Matches a JSON Web Token, such as one pasted into a query. */
const TOKEN = /\beyJ[\w-]+\.[\w-]+\.[\w-]*/g;

/** Returns browser storage that does not store tokens. */
export function guardedStorage(personas: Persona[]): Storage {
  // Tabs of the demo are separate, because their queries do not fit other data.
  const prefix = PREFIX + (personas.length ? 'demo:' : '');
  const keys = () => Object.keys(localStorage).filter((key) => key.startsWith(prefix + GRAPHIQL));
  const kept = (headers: unknown) =>
    personas.find(({ token }) => headers === headersWith(token))?.name ?? null;
  const restored = (name: unknown) => {
    const persona = personas.find((persona) => persona.name === name);
    return persona ? headersWith(persona.token) : null;
  };
  return {
    getItem(key) {
      if (NOT_STORED.includes(key)) return null;
      const value = localStorage.getItem(prefix + key) ?? DEFAULTS[key];
      return value ? withHeaders(value, restored) : null;
    },
    setItem(key, value) {
      if (NOT_STORED.includes(key)) return;
      localStorage.setItem(prefix + key, withoutTokens(withHeaders(value, kept)));
    },
    removeItem: (key) => localStorage.removeItem(prefix + key),
    clear: () => keys().forEach((key) => localStorage.removeItem(key)),
    key: (index) => keys()[index]?.slice(prefix.length) ?? null,
    get length() {
      return keys().length;
    },
  };
}

/** Removes JSON Web Tokens from a text. */
export function withoutTokens(text: string): string {
  return text.replace(TOKEN, '');
}

/** Replaces all `headers` in a JSON text. Returns other text unchanged. */
function withHeaders(text: string, change: (headers: unknown) => string | null): string {
  try {
    const value: unknown = JSON.parse(text);
    return JSON.stringify(value, (key, value: unknown) => (key === 'headers' ? change(value) : value));
  } catch {
    return text;
  }
}
