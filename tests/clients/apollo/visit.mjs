// Visits the gateway at a URL with Apollo Client. Prints the data.
import { CombinedGraphQLErrors, ServerError } from '@apollo/client';
import { filter, firstValueFrom } from 'rxjs';

import { documents, fragments } from '../documents.mjs';
import { apollo } from './client.mjs';

const [url, manager, other, code, course, group] = process.argv.slice(2);
const [InviteCard] = fragments;

// Returns the codes of errors, and the status of responses that are not GraphQL.
function codes(error) {
  if (CombinedGraphQLErrors.is(error)) return error.errors.map(({ extensions }) => extensions.code);
  if (ServerError.is(error)) return [error.statusCode, ...codesOf(error.bodyText)];
  return error ? [String(error)] : [];
}

function codesOf(body) {
  return JSON.parse(body).errors.map(({ extensions }) => extensions.code);
}

// Returns a query's data and error codes.
async function asked(client, query, variables) {
  const { data, error } = await client.query({ query, variables, errorPolicy: 'all' }).catch((error) => ({ error }));
  return { data, codes: codes(error) };
}

const client = apollo(url, manager);

// Reads an invite behind a code from the cache, as an `Invite`.
const behind = await client.query({ query: documents.InviteBehindCode, variables: { code } });
const card = client.cache.readFragment({
  id: client.cache.identify(behind.data.inviteCode),
  fragment: InviteCard,
  fragmentName: 'InviteCard',
});

// Pages of one list are one list in the cache. Another filter is another list.
const variables = { id: course, first: 2 };
const list = client.watchQuery({ query: documents.CourseInvitees, variables });
// Watches a query, like a mounted component.
const mounted = list.subscribe({});
// Returns its rows, once there are more than before.
const shown = async (before) => {
  const { data } = await firstValueFrom(
    list.pipe(filter(({ data, loading }) => !loading && data.course.invitees.edges.length > before)),
  );
  return data.course.invitees;
};
const names = ({ edges }) => edges.map(({ node }) => node.fullName);
let invitees = await shown(0);
const pages = [names(invitees)];
while (invitees.pageInfo.hasNextPage) {
  const more = shown(invitees.edges.length);
  await list.fetchMore({ variables: { after: invitees.pageInfo.endCursor } });
  invitees = await more;
  pages.push(names(invitees));
}
mounted.unsubscribe();
const search = pages[0][0];
const found = await client.query({
  query: documents.CourseInvitees,
  variables: { ...variables, filter: { search } },
});

const sent = await client.query({ query: documents.SentInvites, variables: { first: 10 } });
const linkOf = (reader) => asked(reader, documents.GroupLink, { id: group });

process.stdout.write(
  JSON.stringify({
    card: { status: card.status, target: card.target, inviter: card.inviter.fullName },
    pages,
    total: invitees.totalCount,
    search: names(found.data.course.invitees),
    sent: sent.data.viewer.sentInvites.edges.map(({ node }) => node.__typename),
    // A null result, a refused field, and no response.
    nobody: await asked(apollo(url), documents.InviteBehindCode, { code: 'no such code' }),
    managers: await linkOf(client),
    others: await linkOf(apollo(url, other)),
    anonymous: await asked(apollo(url), documents.SentInvites, { first: 1 }),
    signedOut: await asked(apollo(url), documents.PendingWorkspaceInvites, { first: 1 }),
    badInput: await asked(apollo(url, manager), documents.SentInvites, { first: 101 }),
    badToken: await linkOf(apollo(url, 'no token')),
  }),
);
client.stop();
