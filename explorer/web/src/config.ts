// What the gateway offers on this page: example queries and, in the demo, people to sign in as.
import { parse, print } from 'graphql';

/** Somebody to sign in as. */
export interface Persona {
  name: string;
  username: string;
  story: string;
  sees: string;
  token: string;
}

/** A query to try. */
export interface Example {
  name: string;
  /** What the answer shows; empty where the data is not known. */
  shows: string;
  query: string;
  variables: Record<string, unknown>;
  /** Whose token to send: the name of a persona, or a role where there are no personas. */
  persona: string | null;
  /** The code of the error to expect. */
  error: string | null;
}

/** What the gateway offers on this page. */
export interface Config {
  personas: Persona[];
  examples: Example[];
}

/** Asks for it, beside the page. */
export async function loadConfig(): Promise<Config> {
  const response = await fetch('graphiql/config.json');
  if (!response.ok) throw new Error(`its configuration was answered ${response.status}.`);
  const config: Config = await response.json();
  // Examples are written to be pasted into a line; here there is room.
  const examples = config.examples.map((example) => ({ ...example, query: print(parse(example.query)) }));
  return { ...config, examples };
}
