// Classifies errors of the gateway for the user.
import type { CombinedError } from '@urql/core';

export type Problem = 'unreachable' | 'too many' | 'signed out' | 'denied' | 'other';

/** Returns `extensions.code` of the first error that has one. */
export function codeOf(error: CombinedError): string | undefined {
  const codes = error.graphQLErrors.map(({ extensions }) => extensions.code);
  return codes.find((code) => typeof code === 'string');
}

export function problemOf(error: CombinedError): Problem {
  const response = error.response as Response | undefined;
  // A proxy's own error responses, such as those of a rate limit, are not GraphQL.
  if (response?.status === 429) return 'too many';
  switch (codeOf(error)) {
    case 'UNAUTHENTICATED':
      return 'signed out';
    case 'FORBIDDEN':
      return 'denied';
    case 'SERVICE_UNAVAILABLE':
      return 'unreachable';
    case 'RATE_LIMITED':
      return 'too many';
    case undefined:
      return error.networkError ? 'unreachable' : 'other';
    default:
      return 'other';
  }
}
