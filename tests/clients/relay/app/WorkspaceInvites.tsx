// The pending invites of a workspace, and what its managers do: invite people, and withdraw invites.
import { type FormEvent, useState } from 'react';
import { graphql, useFragment, useMutation } from 'react-relay';
import { ConnectionHandler } from 'relay-runtime';
import type { RecordSourceSelectorProxy } from 'relay-runtime';

import { InviteCard } from './InviteCard';
import type { WorkspaceInvitesCancelMutation } from './__generated__/WorkspaceInvitesCancelMutation.graphql';
import type { WorkspaceInvitesCreateMutation } from './__generated__/WorkspaceInvitesCreateMutation.graphql';
import type { WorkspaceInvites_workspace$key } from './__generated__/WorkspaceInvites_workspace.graphql';

export const workspaceQuery = graphql`
  query WorkspaceInvitesQuery($id: ID!) {
    workspace(id: $id) {
      id
      ...WorkspaceInvites_workspace
    }
  }
`;

export const workspaceInvites = graphql`
  fragment WorkspaceInvites_workspace on Workspace {
    id
    invites(first: 100, filter: { status: [PENDING] }) @connection(key: "WorkspaceInvites_invites") {
      __id
      edges {
        node {
          id
          email
          ...InviteCard_invite
        }
      }
    }
  }
`;

export const createInvites = graphql`
  mutation WorkspaceInvitesCreateMutation($input: CreateWorkspaceInvitesInput!) {
    createWorkspaceInvites(input: $input) {
      results {
        email
        acceptUrl
        invite {
          id
          email
          ...InviteCard_invite
        }
        userErrors {
          code
        }
      }
      userErrors {
        code
      }
    }
  }
`;

export const cancelInvites = graphql`
  mutation WorkspaceInvitesCancelMutation($ids: [ID!]!, $connections: [ID!]!) {
    cancelInvites(input: { ids: $ids }) {
      results {
        invite {
          id @deleteEdge(connections: $connections)
          status
        }
        userErrors {
          code
        }
      }
      userErrors {
        code
      }
    }
  }
`;

// Returns an updater that puts created invites at the top of a list. A row that was refused has no new
// invite.
export function prependCreated(connection: string) {
  return (store: RecordSourceSelectorProxy<WorkspaceInvitesCreateMutation['response']>): void => {
    const list = store.get(connection);
    const results = store.getRootField('createWorkspaceInvites')?.getLinkedRecords('results') ?? [];
    for (const result of results) {
      const invite = result.getLinkedRecord('invite');
      const refused = result.getLinkedRecords('userErrors').length > 0;
      if (!list || !invite || refused) continue;
      const edge = ConnectionHandler.createEdge(store, list, invite, 'WorkspaceInviteEdge');
      ConnectionHandler.insertEdgeBefore(list, edge);
    }
  };
}

export function WorkspaceInvites({ workspace }: { workspace: WorkspaceInvites_workspace$key }) {
  const { id, invites } = useFragment(workspaceInvites, workspace);
  const [create] = useMutation<WorkspaceInvitesCreateMutation>(createInvites);
  const [cancel] = useMutation<WorkspaceInvitesCancelMutation>(cancelInvites);
  const [email, setEmail] = useState('');
  if (!invites) return null;
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    const input = { workspace: id, invitees: [{ email }] };
    create({ variables: { input }, updater: prependCreated(invites.__id) });
  };
  return (
    <form onSubmit={onSubmit}>
      <input value={email} onChange={({ target }) => setEmail(target.value)} />
      {invites.edges.map(({ node }) => (
        <article key={node.id}>
          <h2>{node.email}</h2>
          <InviteCard invite={node} />
          <button
            type="button"
            onClick={() => cancel({ variables: { ids: [node.id], connections: [invites.__id] } })}
          >
            Withdraw
          </button>
        </article>
      ))}
    </form>
  );
}
