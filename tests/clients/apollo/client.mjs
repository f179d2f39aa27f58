// Apollo Client for the gateway, configured like a frontend's.
import { ApolloClient, HttpLink, InMemoryCache } from '@apollo/client';
import { relayStylePagination } from '@apollo/client/utilities';

import { possibleTypes } from '../documents.mjs';

// Pages merge. Arguments that filter or order make another list.
const list = relayStylePagination(['filter', 'orderBy']);
export const typePolicies = {
  Course: { fields: { invitees: list, invites: list } },
  Query: { fields: { groupInvites: list, inviteCodes: list, users: list, workspaceInvites: list } },
  User: { fields: { receivedInvites: list, sentInvites: list } },
  // There is one `Viewer`, and it has no id.
  Viewer: { keyFields: [], fields: { receivedInvites: list, sentInvites: list } },
  Workspace: { fields: { invites: list } },
};

// `before` are links in front of the HTTP link.
export function apollo(url, token, before = []) {
  const http = new HttpLink({ uri: url, headers: token ? { authorization: `Bearer ${token}` } : {} });
  return new ApolloClient({
    cache: new InMemoryCache({ possibleTypes, typePolicies }),
    link: before.concat(http).reduceRight((next, link) => link.concat(next)),
  });
}
