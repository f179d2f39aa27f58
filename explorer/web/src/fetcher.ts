// Sends GraphiQL's requests to the gateway.
import type { FetcherParams, FetcherOpts } from '@graphiql/toolkit';
import { Kind, parse } from 'graphql';

/** Sends a request as POST, per the GraphQL over HTTP specification. */
export async function fetcher(parameters: FetcherParams, options?: FetcherOpts) {
  const { query, variables } = parameters;
  const operationName = operationOf(query, parameters.operationName);
  const response = await fetch('graphql', {
    method: 'POST',
    credentials: 'omit',
    headers: {
      accept: 'application/graphql-response+json, application/json;q=0.9',
      'content-type': 'application/json',
      ...options?.headers,
    },
    body: JSON.stringify({ query, variables, operationName }),
  });
  return response.json();
}

/** Returns the name only if it is needed: GraphiQL may still send the name of the last tab's operation. */
export function operationOf(query: string, chosen?: string | null): string | null {
  try {
    const operations = parse(query).definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION);
    return operations.length > 1 ? (chosen ?? null) : null;
  } catch {
    // The gateway reports the syntax error.
    return null;
  }
}
