// Reads and writes bearer tokens in the text of the headers editor.
import type { Config, Example, Persona } from './config';

/** Returns headers with a bearer token. */
export function headersWith(token: string): string {
  return JSON.stringify({ authorization: `Bearer ${token}` }, null, 2);
}

/** Returns the headers of an example. */
export function headersFor(example: Example, config: Config): string {
  if (!example.persona) return '';
  const persona = config.personas.find(({ name }) => name === example.persona);
  return headersWith(persona?.token ?? `<token of a ${example.persona}>`);
}

/** Replaces the token by that of a persona, or removes it. Replaces text that is not a JSON object. */
export function headersAs(persona: Persona | undefined, text: string): string {
  const headers = Object.entries(read(text) ?? {}).filter(([name]) => !isAuthorization(name));
  if (persona) headers.push(['authorization', `Bearer ${persona.token}`]);
  return headers.length ? JSON.stringify(Object.fromEntries(headers), null, 2) : '';
}

/** Returns the persona whose token the headers have, `unknown` for another token, or `anonymous`. */
export function signedIn(text: string, personas: Persona[]): Persona | 'anonymous' | 'unknown' {
  const header = Object.entries(read(text) ?? {}).find(([name]) => isAuthorization(name));
  if (!header) return 'anonymous';
  return personas.find(({ token }) => header[1] === `Bearer ${token}`) ?? 'unknown';
}

function isAuthorization(name: string): boolean {
  return name.toLowerCase() === 'authorization';
}

function read(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    // Incomplete or empty.
    return undefined;
  }
}
