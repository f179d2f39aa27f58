// Invites, withdraws and accepts with Apollo Client, at a URL and with the tokens of a manager and of a
// person to invite. Prints what the cache shows after each mutation, and the number of requests.
import { documents } from '../documents.mjs';
import { acceptInvite, cancelInvites, createWorkspaceInvites } from './changes.mjs';
import { apollo } from './client.mjs';

const [url, manager, other, emails] = process.argv.slice(2);

let requests = 0;
const send = globalThis.fetch;
globalThis.fetch = (...request) => {
  requests += 1;
  return send(...request);
};

const client = apollo(url, manager);
const list = { query: documents.WorkspaceInvites, variables: { id: '1', first: 10, filter: { status: ['PENDING'] } } };
const { data } = await client.query(list);
const { workspace } = data;

// Returns the list in the cache, and the number of requests since the last time.
function shown() {
  const { edges, totalCount } = client.readQuery(list).workspace.invites;
  const seen = { emails: edges.map(({ node }) => node.email), totalCount, requests };
  requests = 0;
  return seen;
}

const before = shown();
const input = { workspace: workspace.id, invitees: emails.split(' ').map((email) => ({ email })) };
const { results } = (await createWorkspaceInvites(client, input, list.variables)).data.createWorkspaceInvites;
const created = {
  rows: results.map(({ email, userErrors }) => [email, userErrors.map(({ code }) => code)]),
  shown: shown(),
};

const { node: oldest } = workspace.invites.edges.at(-1);
await cancelInvites(client, [oldest.id], workspace.id);
const cancelled = {
  shown: shown(),
  status: client.cache.extract()[client.cache.identify(oldest)].status,
};

// The wrong account, then the right one.
const token = results[0].acceptUrl.split('/').at(-1);
const codes = async (reader) => {
  const { data } = await acceptInvite(reader, { token });
  return data.acceptInvite.userErrors.map(({ code }) => code);
};
const invited = apollo(url, other);
const behind = { query: documents.InviteBehindToken, variables: { token } };
await invited.query(behind);
const card = () => {
  const { status, workspace } = invited.readQuery(behind).workspaceInvite;
  return { status, role: workspace.viewerRole };
};
const accepted = { wrong: await codes(client), before: card(), right: await codes(invited), after: card() };

process.stdout.write(JSON.stringify({ before, created, cancelled, accepted }));
client.stop();
invited.stop();
