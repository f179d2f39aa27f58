// Mutations with Apollo Client. Objects of a payload replace those in the cache; lists that gain or lose
// rows are changed here.
import { documents } from '../documents.mjs';

// Invites people to a workspace. The new invites come first in its list, which has these variables.
export function createWorkspaceInvites(client, input, variables) {
  return client.mutate({
    mutation: documents.CreateWorkspaceInvites,
    variables: { input },
    update(cache, { data }) {
      const created = data.createWorkspaceInvites.results.filter(({ userErrors }) => userErrors.length === 0);
      const edges = created.reverse().map(({ invite: node }) => ({
        __typename: 'WorkspaceInviteEdge',
        cursor: '',
        node,
      }));
      cache.updateQuery({ query: documents.WorkspaceInvites, variables }, (shown) => {
        if (!shown?.workspace?.invites) return undefined;
        const { invites } = shown.workspace;
        const longer = {
          ...invites,
          edges: [...edges, ...invites.edges],
          totalCount: invites.totalCount + edges.length,
        };
        return { workspace: { ...shown.workspace, invites: longer } };
      });
    },
  });
}

// Withdraws invites. They leave the workspace's lists of pending invites.
export function cancelInvites(client, ids, workspace) {
  return client.mutate({
    mutation: documents.CancelInvites,
    variables: { input: { ids } },
    update(cache, { data }) {
      const cancelled = data.cancelInvites.results.map(({ invite }) => invite && cache.identify(invite));
      cache.modify({
        id: cache.identify({ __typename: 'Workspace', id: workspace }),
        fields: {
          invites(list, { storeFieldName }) {
            if (!storeFieldName.includes('PENDING')) return list;
            const edges = list.edges.filter(({ node }) => !cancelled.includes(node.__ref));
            return { ...list, edges, totalCount: list.totalCount - list.edges.length + edges.length };
          },
        },
      });
    },
  });
}

// Accepts an invite. Its status, and the viewer's role in what was joined, are in the payload.
export function acceptInvite(client, input) {
  return client.mutate({ mutation: documents.AcceptInvite, variables: { input } });
}
