// The home page: all other fragments in one query.
import { graphql, useLazyLoadQuery } from 'react-relay';

import { CourseInvitees } from './CourseInvitees';
import { GroupLink } from './GroupLink';
import { InviteCodes } from './InviteCodes';
import { SentInvites } from './SentInvites';
import type { HomeQuery } from './__generated__/HomeQuery.graphql';

export const home = graphql`
  query HomeQuery($course: ID!, $group: ID!, $filter: CourseInviteeFilter, $sentAfter: String) {
    course(id: $course) {
      id
      ...CourseInvitees_course @arguments(filter: $filter)
    }
    group(id: $group) {
      ...GroupLink_group
    }
    viewer {
      user {
        username
      }
      ...SentInvites_viewer @arguments(first: 2, after: $sentAfter)
    }
    ...InviteCodes_query
  }
`;

export function Home({ course, group }: { course: string; group: string }) {
  const data = useLazyLoadQuery<HomeQuery>(home, { course, group });
  return (
    <main>
      {data.course && <CourseInvitees course={data.course} />}
      {data.group && <GroupLink group={data.group} />}
      {data.viewer && <SentInvites viewer={data.viewer} />}
      <InviteCodes query={data} />
    </main>
  );
}
