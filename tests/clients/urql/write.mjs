// Invites, withdraws and accepts with urql and its document cache, at a URL and with the tokens of a
// manager and of a person to invite. A mutation invalidates the queries that have an object of a type in
// its payload. Prints the data, and whether the cache had it.
import { cacheExchange, Client, fetchExchange } from '@urql/core';

import { documents } from '../documents.mjs';

const [url, manager, other, emails] = process.argv.slice(2);

function urql(token) {
  const headers = { authorization: `Bearer ${token}` };
  return new Client({
    url,
    exchanges: [cacheExchange, fetchExchange],
    fetchOptions: { headers },
    preferGetMethod: false,
  });
}

const client = urql(manager);
const variables = { id: '1', first: 10, filter: { status: ['PENDING'] } };

async function shown() {
  const { data, operation } = await client.query(documents.WorkspaceInvites, variables);
  const { edges, totalCount } = data.workspace.invites;
  const { cacheOutcome } = operation.context.meta;
  return { emails: edges.map(({ node }) => node.email), totalCount, cacheOutcome };
}

// A result without rows has no row's type, so the query names it.
const countContext = { additionalTypenames: ['WorkspaceInvite'] };

async function count(context) {
  const { data, operation } = await client.query(documents.PendingWorkspaceInvites, { first: 0 }, context);
  return [data.workspaceInvites.totalCount, operation.context.meta.cacheOutcome];
}

// Sends a mutation. Returns its payload.
async function send(sender, name, input) {
  const { data, error } = await sender.mutation(documents[name], { input });
  if (error) throw error;
  return Object.values(data)[0];
}

const before = await shown();
await count(countContext);
const { results } = await send(client, 'CreateWorkspaceInvites', {
  workspace: '1',
  invitees: emails.split(' ').map((email) => ({ email })),
});
const created = {
  rows: results.map(({ email, userErrors }) => [email, userErrors.map(({ code }) => code)]),
  shown: await shown(),
  again: await shown(),
  count: await count(countContext),
};

const { data } = await client.query(documents.WorkspaceInvites, variables);
const { id } = data.workspace.invites.edges.at(-1).node;
const { results: withdrawn } = await send(client, 'CancelInvites', { ids: [id] });
const cancelled = { statuses: withdrawn.map(({ invite }) => invite.status), shown: await shown() };

const token = results[0].acceptUrl.split('/').at(-1);
const invited = urql(other);
const codes = async (sender) => {
  const { userErrors } = await send(sender, 'AcceptInvite', { token });
  return userErrors.map(({ code }) => code);
};
const card = async () => {
  const { data, operation } = await invited.query(documents.InviteBehindToken, { token });
  const { status, workspace } = data.workspaceInvite;
  return { status, role: workspace.viewerRole, cacheOutcome: operation.context.meta.cacheOutcome };
};
const accepted = { before: await card(), wrong: await codes(client), right: await codes(invited), after: await card() };

process.stdout.write(JSON.stringify({ before, created, cancelled, accepted }));
