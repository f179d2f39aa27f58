// Invites, withdraws and accepts, at a URL and with the tokens of a manager and of a person to invite.
// Prints the content of the store after each mutation, and the number of requests.
import { inviteCard } from './InviteCard';
import type { AcceptInviteMutation } from './__generated__/AcceptInviteMutation.graphql';
import type { AcceptInviteQuery } from './__generated__/AcceptInviteQuery.graphql';
import type { InviteCard_invite$key } from './__generated__/InviteCard_invite.graphql';
import type { WorkspaceInvitesCancelMutation } from './__generated__/WorkspaceInvitesCancelMutation.graphql';
import type { WorkspaceInvitesCreateMutation } from './__generated__/WorkspaceInvitesCreateMutation.graphql';
import type { WorkspaceInvitesQuery } from './__generated__/WorkspaceInvitesQuery.graphql';
import type { WorkspaceInvites_workspace$key } from './__generated__/WorkspaceInvites_workspace.graphql';
import { acceptInvite, inviteBehindToken } from './AcceptInvite';
import { environment } from './environment';
import { commit, load, look, read } from './store';
import {
  cancelInvites,
  createInvites,
  prependCreated,
  workspaceInvites,
  workspaceQuery,
} from './WorkspaceInvites';

const [url = '', manager, other, emails = ''] = process.argv.slice(2);

let requests = 0;
const send = globalThis.fetch;
globalThis.fetch = (...request) => {
  requests += 1;
  return send(...request);
};

const codes = (errors: readonly { code: string }[] | undefined) => errors?.map(({ code }) => code);

async function write(): Promise<unknown> {
  const gateway = environment(url, manager);
  const { workspace } = await load<WorkspaceInvitesQuery>(gateway, workspaceQuery, { id: '1' });
  if (!workspace) throw new Error(`nothing at ${url}`);
  const list = () => {
    const { invites } = read<WorkspaceInvites_workspace$key>(gateway, workspaceInvites, workspace);
    if (!invites) throw new Error('the list is denied');
    return invites;
  };
  // The list in the store, and the number of requests since the last time.
  const shown = () => {
    const seen = { emails: list().edges.map(({ node }) => node.email), requests };
    requests = 0;
    return seen;
  };

  const before = shown();
  const invitees = emails.split(' ').map((email) => ({ email }));
  const { createWorkspaceInvites: made } = await commit<WorkspaceInvitesCreateMutation>(gateway, {
    mutation: createInvites,
    variables: { input: { workspace: workspace.id, invitees } },
    updater: prependCreated(list().__id),
  });
  const rows = made?.results.map(({ email, userErrors }) => [email, codes(userErrors)]);
  const created = { rows, shown: shown() };

  const oldest = list().edges.at(-1)?.node;
  if (!oldest) throw new Error('no invite');
  await commit<WorkspaceInvitesCancelMutation>(gateway, {
    mutation: cancelInvites,
    variables: { ids: [oldest.id], connections: [list().__id] },
  });
  const cancelled = {
    shown: shown(),
    status: read<InviteCard_invite$key>(gateway, inviteCard, oldest).status,
  };

  const token = made?.results[0]?.acceptUrl?.split('/').at(-1) ?? '';
  const invited = environment(url, other);
  const behind = await load<AcceptInviteQuery>(invited, inviteBehindToken, { token });
  const invite = behind.workspaceInvite;
  if (!invite) throw new Error('no invite behind the token');
  const card = () => {
    const { workspaceInvite } = look<AcceptInviteQuery>(invited, inviteBehindToken, { token });
    const { status } = read<InviteCard_invite$key>(invited, inviteCard, invite);
    return { status, role: workspaceInvite?.workspace?.viewerRole };
  };
  const accept = async (reader: typeof invited) => {
    const config = { mutation: acceptInvite, variables: { input: { token } } };
    const { acceptInvite: payload } = await commit<AcceptInviteMutation>(reader, config);
    return codes(payload?.userErrors);
  };
  const accepted = { wrong: await accept(gateway), before: card(), right: await accept(invited), after: card() };
  return { before, created, cancelled, accepted };
}

write().then(
  (seen) => process.stdout.write(JSON.stringify(seen)),
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);
