// The four mutations: GraphQL documents, requests to the baseline, and data that each consumes. A request
// is made of a number that no other request of the run has, since a mutation happens once.
import { createHash } from 'node:crypto';

import { tokenOf } from './tokens.mjs';

const MANY = 100; // invites of W3 and W4

// Ids of the invites to accept and to cancel, which are not those of the data.
const ACCEPTED = 2_000_000_000;
const CANCELLED = 3_000_000_000;
const MAX_ACCEPTORS = 500;

const ACCEPT = `mutation AcceptInvite($input: RedeemInviteInput!) {
  acceptInvite(input: $input) {
    invite {
      id
      status
    }
    userErrors {
      code
    }
  }
}`;

const CREATE = `mutation CreateWorkspaceInvites($input: CreateWorkspaceInvitesInput!) {
  createWorkspaceInvites(input: $input) {
    results {
      invite {
        id
        email
        role
        status
        expiresAt
      }
      acceptUrl
      userErrors {
        code
      }
    }
    userErrors {
      code
    }
  }
}`;

const CANCEL = `mutation CancelInvites($input: InviteIdsInput!) {
  cancelInvites(input: $input) {
    results {
      invite {
        id
        status
      }
      userErrors {
        code
      }
    }
  }
}`;

// Returns a version 4 UUID, as tokens are.
function uuidOf(text) {
  const hex = createHash('md5').update(text).digest('hex');
  const digits = `${hex.slice(0, 12)}4${hex.slice(13, 16)}8${hex.slice(17)}`;
  return digits.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5');
}

const globalId = (workspace, id) => Buffer.from(`WorkspaceInvite:${workspace}:${id}`).toString('base64url');

// Returns users with a verified address who manage nothing.
function acceptors({ managers, people }) {
  const ids = Array.from({ length: Math.min(people, 2 * MAX_ACCEPTORS) }, (_, n) => managers + 1 + n);
  return ids.filter((id) => id % 3 !== 0 && id % 200 !== 0).slice(0, MAX_ACCEPTORS);
}

// Returns the workspace of a request, and its manager. Adjacent numbers give distant workspaces.
function workspaceOf(n, { workspaces, managers }) {
  const workspace = 1 + ((n * 7919) % workspaces);
  return { workspace, user: 1 + Math.floor(((workspace - 1) * managers) / workspaces) };
}

// SQL of pending invites for the numbers of `first` to `last`. `columns` are id, workspace and address.
const invites = (columns, first, last) => `
INSERT INTO workspace_invites (id, workspace_id, email, email_norm, inviter_id, role, status, created_at, expires_at)
SELECT id, workspace, address, address, 1, 'member', 'pending', now(), now() + interval '7 days'
FROM generate_series(${first}::bigint, ${last}) n, LATERAL (SELECT ${columns}) invite (id, workspace, address);`;

function create(rows, label) {
  return {
    rows,
    trips: 6,
    event: 'created',
    document: CREATE,
    prepare: () => '',
    parameter: (n, sizes) => ({
      ...workspaceOf(n, sizes),
      emails: Array.from({ length: rows }, (_, row) => `${label}.${n}.${row}@example.net`),
    }),
    variables: ({ workspace, emails }) => ({
      input: { workspace: String(workspace), invitees: emails.map((email) => ({ email })) },
    }),
    body: ({ workspace, emails }) => ({ workspace, emails }),
  };
}

// `parameter` returns the parameter of the request with that number, and `prepare` the SQL that inserts
// what the requests from `first` to `last` consume. `rows` is the number of invites of a request, each with
// an event of type `event`. `trips` are the round trips of a lone request to the gateway's database, without
// the pool's pings.
export const MUTATIONS = {
  W1: {
    title: 'an invite accepted by its token',
    rows: 1,
    trips: 3,
    event: 'accepted',
    document: ACCEPT,
    prepare: (first, last, sizes) => {
      const users = acceptors(sizes);
      const user = `(ARRAY[${users}])[1 + n % ${users.length}]`;
      const columns = `${ACCEPTED} + n, 1 + (n / ${users.length}) % ${sizes.workspaces}, 'user-' || ${user} || '@example.org'`;
      const tokens = Array.from({ length: last - first + 1 }, (_, index) => `(${ACCEPTED + first + index}, '${uuidOf(`accept ${first + index}`)}'::uuid)`);
      return `${invites(columns, first, last)}
INSERT INTO invite_tokens (token_hash, invite_id, workspace_id, created_at)
SELECT sha256(uuid_send(token)), invite.id, workspace_id, created_at
FROM (VALUES ${tokens.join(', ')}) link (id, token) JOIN workspace_invites invite ON invite.id = link.id;`;
    },
    parameter: (n, sizes) => {
      const users = acceptors(sizes);
      return { token: uuidOf(`accept ${n}`), user: users[n % users.length] };
    },
    variables: ({ token }) => ({ input: { token } }),
    path: ({ token }) => `/w1/${token}`,
    body: () => undefined,
  },
  W2: {
    title: 'an invite created',
    ...create(1, 'one'),
    path: () => '/w2',
  },
  W3: {
    title: 'a hundred invites created',
    ...create(MANY, 'many'),
    path: () => '/w3',
  },
  W4: {
    title: 'a hundred invites cancelled',
    rows: MANY,
    trips: 4,
    event: 'cancelled',
    document: CANCEL,
    prepare: (first, last, { workspaces }) => {
      const columns = `${CANCELLED} + n, 1 + ((n / ${MANY}) * 7919) % ${workspaces}, 'cancelled.' || n || '@example.net'`;
      return invites(columns, first * MANY, (last + 1) * MANY - 1);
    },
    parameter: (n, sizes) => ({
      ...workspaceOf(n, sizes),
      ids: Array.from({ length: MANY }, (_, row) => CANCELLED + n * MANY + row),
    }),
    variables: ({ workspace, ids }) => ({ input: { ids: ids.map((id) => globalId(workspace, id)) } }),
    path: () => '/w4',
    body: ({ ids }) => ({ ids }),
  },
};

export function toGraphQL(mutation, parameter) {
  const body = JSON.stringify({ query: mutation.document, variables: mutation.variables(parameter) });
  return { method: 'POST', path: '/graphql', token: tokenOf(parameter.user), body };
}

export function toBaseline(mutation, parameter) {
  const body = JSON.stringify(mutation.body(parameter));
  return { method: 'POST', path: mutation.path(parameter), token: tokenOf(parameter.user), body };
}
