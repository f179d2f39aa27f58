// Visits the gateway at a URL with urql and its document cache. Prints the data.
import { cacheExchange, Client, fetchExchange } from '@urql/core';

import { documents } from '../documents.mjs';

const [url, manager, other, course, group] = process.argv.slice(2);

function urql(token, preferGetMethod = false) {
  const headers = token ? { authorization: `Bearer ${token}` } : {};
  return new Client({ url, exchanges: [cacheExchange, fetchExchange], fetchOptions: { headers }, preferGetMethod });
}

// Returns a query's data and error codes.
async function asked(client, name, variables) {
  const { data, error } = await client.query(documents[name], variables);
  return { data, codes: error?.graphQLErrors.map(({ extensions }) => extensions.code) ?? [] };
}

const client = urql(manager);
const pages = [];
let after = null;
do {
  const { data } = await asked(client, 'CourseInvitees', { id: course, first: 2, after });
  const { edges, pageInfo } = data.course.invitees;
  pages.push(edges.map(({ node }) => node.fullName));
  after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
} while (after);

const again = await client.query(documents.CourseInvitees, { id: course, first: 2, after: null });

process.stdout.write(
  JSON.stringify({
    pages,
    cached: again.operation.context.meta?.cacheOutcome,
    get: await asked(urql(manager, 'force'), 'GroupLink', { id: group }),
    others: await asked(urql(other), 'GroupLink', { id: group }),
    anonymous: await asked(urql(), 'SentInvites', { first: 1 }),
    badToken: await asked(urql('no token'), 'GroupLink', { id: group }),
  }),
);
