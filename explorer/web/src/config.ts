// Configuration of the page: example queries and, in the demo, personas.
import { parse, print } from 'graphql';

/** A demo user whose token the page can send. */
export interface Persona {
  name: string;
  username: string;
  story: string;
  sees: string;
  token: string;
}

/** An example query. */
export interface Example {
  name: string;
  /** Description of the response; empty if the data is not known. */
  shows: string;
  query: string;
  variables: Record<string, unknown>;
  /** Name of the persona whose token to send, or "signed-in viewer" if there are no personas. */
  persona: string | null;
  /** Code of the expected error. */
  error: string | null;
}

/** Configuration of the page. */
export interface Config {
  personas: Persona[];
  examples: Example[];
}

/** Loads the configuration from the gateway. */
export async function loadConfig(): Promise<Config> {
  const response = await fetch('graphiql/config.json');
  if (!response.ok) throw new Error(`loading its configuration failed with status ${response.status}.`);
  const config: Config = await response.json();
  // The examples are one-liners. The editor shows them formatted.
  const examples = config.examples.map((example) => ({ ...example, query: print(parse(example.query)) }));
  return { ...config, examples };
}
