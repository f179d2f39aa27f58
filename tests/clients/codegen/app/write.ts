// Invites, withdraws and accepts, using only generated types, at a URL and with the tokens of a manager
// and of a person to invite. Prints the payloads.
import { ask } from './gateway';
import {
  AcceptInviteDocument,
  CancelInvitesDocument,
  CreateWorkspaceInvitesDocument,
  type CreateWorkspaceInvitesInput,
  type InviteErrorCode,
  type RedeemInviteInput,
} from './gql/graphql';
import { refused, wayOf } from './ways';

const [url = '', manager, other, emails = ''] = process.argv.slice(2);

const codes = (errors: readonly { code: InviteErrorCode }[]) => errors.map(({ code }) => code);

async function accept(token: string | undefined, input: RedeemInviteInput): Promise<unknown> {
  const { data, errors } = await ask(url, token, AcceptInviteDocument, { input });
  const payload = data?.acceptInvite;
  if (!payload) return errors?.map(({ extensions }) => extensions.code);
  const { target, userErrors } = payload;
  return { joined: target && `${target.__typename} as ${target.viewerRole}`, codes: codes(userErrors) };
}

async function write(): Promise<unknown> {
  const input: CreateWorkspaceInvitesInput = {
    workspace: '1',
    invitees: emails.split(' ').map((email) => ({ email, role: 'editor' })),
  };
  const made = await ask(url, manager, CreateWorkspaceInvitesDocument, { input });
  const { results = [] } = made.data?.createWorkspaceInvites ?? {};
  const first = results[0];
  const link: string = first?.acceptUrl ?? '';
  const way = wayOf(new URL(link).pathname);
  const accepted = [await accept(manager, way), await accept(other, way)];
  const ids = first?.invite ? [first.invite.id] : [];
  const cancelled = await ask(url, manager, CancelInvitesDocument, { input: { ids } });
  return {
    created: results.map(({ email, userErrors }) => [email, codes(userErrors)]),
    way: Object.keys(way),
    accepted,
    // The gateway refuses what the compiler refuses.
    refused: await Promise.all(refused.map((input) => accept(other, input))),
    cancelled: cancelled.data?.cancelInvites?.results.map(({ userErrors }) => codes(userErrors)),
  };
}

write().then(
  (seen) => process.stdout.write(JSON.stringify(seen)),
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);
