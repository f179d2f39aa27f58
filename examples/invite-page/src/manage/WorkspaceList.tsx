// Screen at /manage/workspace/…: invites to a workspace, for its managers, who invite people here, and
// send invites again or withdraw them, and read their histories.
import { useState } from 'react';
import { useQuery } from 'urql';

import { QueryResult } from '../QueryResult';
import { graphql } from '../gql';
import type { WorkspaceListQuery } from '../gql/graphql';
import { inviteOrderBy, type InviteOrderName, inviteOrders } from '../listing/inviteOrders';
import { List } from '../listing/List';
import { anyStatus, pageOf, searchOf, statusOf, useListing } from '../listing/listing';
import { useSelection } from '../listing/selection';
import { Status } from '../listing/Status';
import { dayOf } from '../wording';
import { Counts } from './Counts';
import { histories } from './History';
import { InvitePeople } from './InvitePeople';
import { NothingHere } from './NothingHere';
import { Outcomes, type Report } from './Outcomes';
import { SelectedInvites } from './SelectedInvites';

const query = graphql(`
  query WorkspaceList(
    $id: ID!
    $first: Int
    $after: String
    $last: Int
    $before: String
    $filter: WorkspaceInviteFilter
    $orderBy: InviteOrder
  ) {
    workspace(id: $id) {
      id
      name
      grantableRoles
      inviteCounts {
        ...Counts
      }
      invites(
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
        nodes {
          id
          email
          roleDisplay
          status
          inviterName
          createdAt
          expiresAt
          viewerCanCancel
          viewerCanResend
        }
      }
    }
  }
`);

type Row = NonNullable<NonNullable<WorkspaceListQuery['workspace']>['invites']>['nodes'][number];

export function WorkspaceList({ id }: { id: string }) {
  const listing = useListing<InviteOrderName>('newest');
  const selection = useSelection<Row>({
    idOf: ({ id }) => id,
    nameOf: ({ email }) => email ?? 'somebody',
    // With the others nothing can be done: they are settled, or above the viewer's own role.
    selectable: ({ viewerCanCancel, viewerCanResend }) => viewerCanCancel || viewerCanResend,
  });
  const [report, setReport] = useState<Report>();
  const [writes, setWrites] = useState(0);
  const { options } = listing;
  const [result, retry] = useQuery({
    query,
    variables: {
      id,
      ...pageOf(options),
      filter: { ...searchOf(options), ...statusOf(options) },
      orderBy: inviteOrderBy[options.order],
    },
  });
  const onOutcome = (report: Report) => {
    setReport(report);
    setWrites((count) => count + 1);
    selection.clear();
    retry();
  };
  return (
    <QueryResult result={result} retry={retry} list>
      {({ workspace }) =>
        workspace?.invites ? (
          <List
            title={`Invites to ${workspace.name}`}
            listing={listing}
            searched="addresses and messages"
            statuses={anyStatus}
            orders={inviteOrders}
            connection={workspace.invites}
            fetching={result.fetching}
            rows={workspace.invites.nodes}
            keyOf={selection.idOf}
            selection={selection}
            details={histories(selection, writes)}
            summary={<Counts counts={workspace.inviteCounts} />}
            columns={{
              For: ({ email }) => email,
              Role: ({ roleDisplay }) => roleDisplay,
              Status: ({ status }) => <Status status={status} />,
              'Invited by': ({ inviterName }) => <bdi>{inviterName ?? 'Not known'}</bdi>,
              Made: ({ createdAt }) => dayOf(createdAt),
              Expires: ({ expiresAt }) => (expiresAt ? dayOf(expiresAt) : 'Never'),
            }}
          >
            {workspace.grantableRoles.length > 0 && (
              <InvitePeople
                workspace={workspace.id}
                roles={workspace.grantableRoles}
                onOutcome={onOutcome}
              />
            )}
            {report && <Outcomes report={report} close={() => setReport(undefined)} />}
            <SelectedInvites selection={selection} rows={workspace.invites.nodes} onOutcome={onOutcome} />
          </List>
        ) : (
          <NothingHere />
        )
      }
    </QueryResult>
  );
}
