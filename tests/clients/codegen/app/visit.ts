// Reads a personal code and its holder's sent invites from the gateway at a URL, using only
// generated types. Prints the data.
import { ask } from './gateway';
import { type FragmentType, useFragment } from './gql';
import {
  GroupLinkDocument,
  InviteBehindCodeDocument,
  InviteCardFragmentDoc,
  type InviteStatus,
  SentInvitesDocument,
} from './gql/graphql';
import persisted from './gql/persisted-documents.json';

const [url = '', token, code = '', group = ''] = process.argv.slice(2);

// Every status, and no other, has a label.
const WORDS: Record<InviteStatus, string> = {
  ACCEPTED: 'accepted',
  CANCELLED: 'withdrawn',
  DECLINED: 'declined',
  EXPIRED: 'expired',
  PENDING: 'pending',
};

function card(invite: FragmentType<typeof InviteCardFragmentDoc>): string {
  const { createdAt, inviter, status, target } = useFragment(InviteCardFragmentDoc, invite);
  const made: string = createdAt;
  const joins: string = target?.name ?? 'the community';
  return `${WORDS[status]}, to ${joins}, by ${inviter?.fullName ?? 'nobody'}, ${made.slice(0, 10)}`;
}

async function visit(): Promise<unknown> {
  const behind = await ask(url, undefined, InviteBehindCodeDocument, { code });
  const invite = behind.data?.inviteCode;
  const sent = await ask(url, token, SentInvitesDocument, { first: 10 });
  const { data: joined, errors } = await ask(url, token, GroupLinkDocument, { id: group });
  const edges = sent.data?.viewer?.sentInvites.edges ?? [];
  const first = edges[0]?.node;
  const id: string | undefined = first?.databaseId;
  return {
    code: invite && { card: card(invite), databaseId: invite.databaseId, tags: invite.tags.map(({ name }) => name) },
    sent: edges.map(({ node }) => `${node.__typename} ${card(node)}`),
    role: first?.__typename === 'WorkspaceInvite' ? first.roleDisplay : undefined,
    first: id,
    link: joined?.group?.invite?.url ?? errors?.map(({ extensions }) => extensions.code),
    persisted: Object.values<string>(persisted).map((document) => document.match(/\b(?:query|mutation) (\w+)/)?.[1]).sort(),
  };
}

visit().then(
  (seen) => process.stdout.write(JSON.stringify(seen)),
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);
