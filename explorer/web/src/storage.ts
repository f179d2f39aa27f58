// What the browser keeps between visits: tabs, history, theme and widths, and never a bearer token.
//
// GraphiQL would write headers into its history whatever it is told. Here all that it writes passes
// one gate: headers are kept only as the name of the persona whose token they send.
import type { Persona } from './config';
import { headersWith } from './headers';

const PREFIX = 'invite-gateway:';

/** Prefix that GraphiQL gives its keys. */
export const GRAPHIQL = 'graphiql:';

/** Copies of what the active tab holds, which is kept with the tabs. */
const NOT_KEPT = ['query', 'variables', 'headers', 'shouldPersistHeaders'].map((key) => GRAPHIQL + key);

/** What GraphiQL finds before anybody chose otherwise: a pane of examples that leaves room. */
const DEFAULTS: Record<string, string> = { [`${GRAPHIQL}docExplorerFlex`]: '0.32' };

/** A JSON Web Token in a text, such as one that was pasted into a query. */
const TOKEN = /\beyJ[\w-]+\.[\w-]+\.[\w-]*/g;

/** The browser's storage behind that gate. */
export function guardedStorage(personas: Persona[]): Storage {
  // A demo's tabs are of no use to a gateway over other data, nor the other way round.
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
      if (NOT_KEPT.includes(key)) return null;
      const value = localStorage.getItem(prefix + key) ?? DEFAULTS[key];
      return value ? withHeaders(value, restored) : null;
    },
    setItem(key, value) {
      if (NOT_KEPT.includes(key)) return;
      localStorage.setItem(prefix + key, withHeaders(value, kept).replace(TOKEN, ''));
    },
    removeItem: (key) => localStorage.removeItem(prefix + key),
    clear: () => keys().forEach((key) => localStorage.removeItem(key)),
    key: (index) => keys()[index]?.slice(prefix.length) ?? null,
    get length() {
      return keys().length;
    },
  };
}

/** The same JSON with other headers, wherever in it they are; other texts as they are. */
function withHeaders(text: string, change: (headers: unknown) => string | null): string {
  try {
    const value: unknown = JSON.parse(text);
    return JSON.stringify(value, (key, value: unknown) => (key === 'headers' ? change(value) : value));
  } catch {
    return text;
  }
}
