// The text of the headers editor, and whose bearer token is in it.
import type { Config, Example, Persona } from './config';

/** Headers that send a bearer token. */
export function headersWith(token: string): string {
  return JSON.stringify({ authorization: `Bearer ${token}` }, null, 2);
}

/** Headers that an example is to be sent with. */
export function headersFor(example: Example, config: Config): string {
  if (!example.persona) return '';
  const persona = config.personas.find(({ name }) => name === example.persona);
  return headersWith(persona?.token ?? `<token of a ${example.persona}>`);
}

/** The same headers with another persona's token, or without any; what is no JSON is replaced. */
export function headersAs(persona: Persona | undefined, text: string): string {
  const headers = Object.entries(read(text) ?? {}).filter(([name]) => !isAuthorization(name));
  if (persona) headers.push(['authorization', `Bearer ${persona.token}`]);
  return headers.length ? JSON.stringify(Object.fromEntries(headers), null, 2) : '';
}

/** Whom headers sign in: a persona, nobody, or somebody whom the page does not know. */
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
    // Being typed, or empty.
    return undefined;
  }
}
