// A paginated list of a course's invitees: a fragment on an object that Relay refetches by
// `node(id:)`.
import { graphql, usePaginationFragment } from 'react-relay';

import { InviteCard } from './InviteCard';
import type { CourseInviteesPageQuery } from './__generated__/CourseInviteesPageQuery.graphql';
import type { CourseInvitees_course$key } from './__generated__/CourseInvitees_course.graphql';

export const courseInvitees = graphql`
  fragment CourseInvitees_course on Course
  @refetchable(queryName: "CourseInviteesPageQuery")
  @argumentDefinitions(
    count: { type: "Int", defaultValue: 2 }
    cursor: { type: "String" }
    filter: { type: "CourseInviteeFilter" }
  ) {
    name
    invitees(first: $count, after: $cursor, filter: $filter)
      @connection(key: "CourseInvitees_invitees", filters: ["filter"]) {
      totalCount
      edges {
        node {
          id
          fullName
        }
        invite {
          ...InviteCard_invite
        }
      }
    }
  }
`;

export function CourseInvitees({ course }: { course: CourseInvitees_course$key }) {
  const { data, hasNext, loadNext, refetch } = usePaginationFragment<
    CourseInviteesPageQuery,
    CourseInvitees_course$key
  >(courseInvitees, course);
  return (
    <section>
      <h1>{data.name}</h1>
      <input onChange={({ target }) => refetch({ filter: { search: target.value } })} />
      {data.invitees?.edges.map(({ node, invite }) => (
        <article key={node.id}>
          <h2>{node.fullName}</h2>
          <InviteCard invite={invite} />
        </article>
      ))}
      {hasNext && <button onClick={() => loadNext(25)}>Show more</button>}
    </section>
  );
}
