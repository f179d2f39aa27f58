// Sends what GraphiQL asks to the endpoint beside the page.
import type { FetcherParams, FetcherOpts } from '@graphiql/toolkit';
import { Kind, parse } from 'graphql';

/** POST, as GraphQL over HTTP has it. */
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

/** GraphiQL may still name the operation of the tab before: a document's only one needs no choice. */
function operationOf(query: string, chosen?: string | null): string | null {
  try {
    const operations = parse(query).definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION);
    return operations.length > 1 ? (chosen ?? null) : null;
  } catch {
    // The gateway says better what is wrong with the document.
    return null;
  }
}
