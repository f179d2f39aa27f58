// Screen at /manage/course/…: users invited to a course, for its managers. The nodes are users, and
// the edges carry their invitations. All are pending, so there is no filter by status.
import { useQuery } from 'urql';

import { QueryResult } from '../QueryResult';
import { graphql } from '../gql';
import type { CourseInviteeOrder } from '../gql/graphql';
import { List } from '../listing/List';
import { pageOf, searchOf, useListing } from '../listing/listing';
import { dayOf, nameOf } from '../wording';
import { NothingHere } from './NothingHere';

const query = graphql(`
  query CourseList(
    $id: ID!
    $first: Int
    $after: String
    $last: Int
    $before: String
    $filter: CourseInviteeFilter
    $orderBy: CourseInviteeOrder
  ) {
    course(id: $id) {
      name
      invitees(
        first: $first
        after: $after
        last: $last
        before: $before
        filter: $filter
        orderBy: $orderBy
      ) {
        totalCount
        pageInfo {
          startCursor
          endCursor
          hasNextPage
          hasPreviousPage
        }
        edges {
          invite {
            id
            createdAt
            inviter {
              username
              fullName
            }
          }
          node {
            username
            fullName
            extId
          }
        }
      }
    }
  }
`);

const orders = {
  oldest: 'Oldest first',
  newest: 'Newest first',
  username: 'By username',
};

const orderBy: Record<keyof typeof orders, CourseInviteeOrder> = {
  oldest: { field: 'INVITED_AT', direction: 'ASC' },
  newest: { field: 'INVITED_AT', direction: 'DESC' },
  username: { field: 'USERNAME', direction: 'ASC' },
};

export function CourseList({ id }: { id: string }) {
  const listing = useListing<keyof typeof orders>('oldest');
  const { options } = listing;
  const [result, retry] = useQuery({
    query,
    variables: { id, ...pageOf(options), filter: searchOf(options), orderBy: orderBy[options.order] },
  });
  return (
    <QueryResult result={result} retry={retry} list>
      {({ course }) =>
        course?.invitees ? (
          <List
            title={`Invited to ${course.name}`}
            listing={listing}
            searched="names"
            orders={orders}
            connection={course.invitees}
            fetching={result.fetching}
            rows={course.invitees.edges}
            keyOf={({ invite }) => invite.id}
            columns={{
              Name: ({ invite, node }) => (
                <a href={`/i/course/${encodeURIComponent(invite.id)}`}><bdi>{nameOf(node)}</bdi></a>
              ),
              Username: ({ node }) => <bdi>{node.username}</bdi>,
              'Your id': ({ node }) => node.extId,
              'Invited by': ({ invite }) => (
                <bdi>{invite.inviter ? nameOf(invite.inviter) : 'Not known'}</bdi>
              ),
              Invited: ({ invite }) => dayOf(invite.createdAt),
            }}
          />
        ) : (
          <NothingHere />
        )
      }
    </QueryResult>
  );
}
