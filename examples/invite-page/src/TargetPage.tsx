// Screen at /joined/…: a workspace, group or course by its global id, for those who may see it.
import { useQuery } from 'urql';

import { QueryResult } from './QueryResult';
import { graphql } from './gql';
import type { TargetPageQuery } from './gql/graphql';
import { NothingHere } from './manage/NothingHere';
import { Notice } from './Notice';
import { roleOf } from './wording';

const query = graphql(`
  query TargetPage($id: ID!) {
    node(id: $id) {
      __typename
      ... on Workspace {
        databaseId
        name
        description
        viewerCanInvite
        viewerRole
      }
      ... on Group {
        slug
        name
        viewerCanInvite
        viewerRole
      }
      ... on Course {
        slug
        name
        description
        viewerCanInvite
        viewerRole
      }
    }
  }
`);

type Node = NonNullable<TargetPageQuery['node']>;
type Target = Extract<Node, { name: string }>;

export const targetAddress = (id: string) => `/joined/${encodeURIComponent(id)}`;

export function TargetPage({ id }: { id: string }) {
  const [result, retry] = useQuery({ query, variables: { id } });
  return (
    <QueryResult result={result} retry={retry}>
      {({ node }) => {
        if (!node || !('name' in node)) return <NothingHere />;
        const { viewerRole: role } = node;
        return (
          <Notice title={node.name}>
            {'description' in node && node.description && <p>{node.description}</p>}
            <p>{role ? `You are here as ${roleOf(role)}.` : 'You are not a member.'}</p>
            {node.viewerCanInvite && <p><a href={managedAt(node)}>Manage its invites</a></p>}
          </Notice>
        );
      }}
    </QueryResult>
  );
}

function managedAt(target: Target): string {
  switch (target.__typename) {
    case 'Workspace':
      return `/manage/workspace/${target.databaseId}`;
    case 'Group':
      return `/manage/group/${encodeURIComponent(target.slug)}`;
    case 'Course':
      return `/manage/course/${encodeURIComponent(target.slug)}`;
  }
}
