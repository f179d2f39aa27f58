// A group's join link. Null without an error and an error are different results.
import { graphql, useFragment } from 'react-relay';

import type { GroupLink_group$key } from './__generated__/GroupLink_group.graphql';

export const groupLink = graphql`
  fragment GroupLink_group on Group {
    name
    invite @catch(to: RESULT) {
      url
    }
  }
`;

export function GroupLink({ group }: { group: GroupLink_group$key }) {
  const { name, invite } = useFragment(groupLink, group);
  if (!invite.ok) return <p>Only who manages {name} sees its link.</p>;
  return invite.value ? <a href={invite.value.url}>{name}</a> : <p>{name} has no link.</p>;
}
