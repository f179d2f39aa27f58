// Screen at /manage/course/…: users invited to a course, for its managers. The nodes are users, and
// the edges carry their invitations. All are pending, so there is no filter by status, and each can be
// sent again or withdrawn. The numbers by status count the others, too.
import { useState } from 'react';
import { useQuery } from 'urql';

import { QueryResult } from '../QueryResult';
import { graphql } from '../gql';
import type { CourseInviteeOrder, CourseListQuery } from '../gql/graphql';
import { List } from '../listing/List';
import { pageOf, searchOf, useListing } from '../listing/listing';
import { useSelection } from '../listing/selection';
import { dayOf, nameOf } from '../wording';
import { Counts } from './Counts';
import { histories } from './History';
import { NothingHere } from './NothingHere';
import { Outcomes, type Report } from './Outcomes';
import { SelectedInvites } from './SelectedInvites';

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
      inviteCounts {
        ...Counts
      }
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

type Row = NonNullable<NonNullable<CourseListQuery['course']>['invitees']>['edges'][number];

export function CourseList({ id }: { id: string }) {
  const listing = useListing<keyof typeof orders>('oldest');
  const selection = useSelection<Row>({
    idOf: ({ invite }) => invite.id,
    nameOf: ({ node }) => nameOf(node),
    selectable: () => true,
  });
  const [report, setReport] = useState<Report>();
  const [writes, setWrites] = useState(0);
  const { options } = listing;
  const [result, retry] = useQuery({
    query,
    variables: { id, ...pageOf(options), filter: searchOf(options), orderBy: orderBy[options.order] },
  });
  const onOutcome = (report: Report) => {
    setReport(report);
    setWrites((count) => count + 1);
    selection.clear();
    retry();
  };
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
            keyOf={selection.idOf}
            selection={selection}
            details={histories(selection, writes)}
            summary={<Counts counts={course.inviteCounts} />}
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
          >
            {report && <Outcomes report={report} close={() => setReport(undefined)} />}
            <SelectedInvites selection={selection} rows={course.invitees.edges} onOutcome={onOutcome} />
          </List>
        ) : (
          <NothingHere />
        )
      }
    </QueryResult>
  );
}
