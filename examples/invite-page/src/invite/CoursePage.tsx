// Screen at /i/course/…: an invitation of a user or an address, by its global id. The id is not a secret, so
// the gateway shows the invite only to the invitee, the inviter and the course's managers.
import { useQuery } from 'urql';

import { QueryResult } from '../QueryResult';
import { graphql } from '../gql';
import { Notice } from '../Notice';
import { useSession } from '../session';
import { SignIn } from '../SignIn';
import { dayOf, nameOf } from '../wording';
import { Detail, InviteCard } from './InviteCard';
import { UnknownInvite } from './UnknownInvite';

const query = graphql(`
  query CoursePage($id: ID!) {
    node(id: $id) {
      __typename
      ... on CourseInvite {
        ...InviteCard
        createdAt
        email
        viewerCanAccept
        acceptedBy {
          id
        }
        invitee {
          id
          username
          fullName
        }
      }
    }
    viewer {
      user {
        id
      }
    }
  }
`);

export function CoursePage({ id }: { id: string }) {
  const { token } = useSession();
  const [result, retry] = useQuery({ query, variables: { id } });
  return (
    <QueryResult result={result} retry={retry}>
      {({ node: invite, viewer }) => {
        if (invite?.__typename === 'CourseInvite') {
          // The inviter and the managers see it too, but do not answer it.
          const { invitee, email, acceptedBy, viewerCanAccept } = invite;
          const viewerId = viewer?.user?.id ?? '';
          const isTheirs = viewerCanAccept || [invitee?.id, acceptedBy?.id].includes(viewerId);
          const way = isTheirs ? { id } : undefined;
          return (
            <InviteCard invite={invite} way={way} refresh={retry}>
              <Detail term="For"><bdi>{invitee ? nameOf(invitee) : email}</bdi></Detail>
              <Detail term="Invited">{dayOf(invite.createdAt)}</Detail>
            </InviteCard>
          );
        }
        if (token) return <UnknownInvite />;
        return (
          <Notice title="You are invited to a course">
            <p>Sign in as the person invited to see it.</p>
            <SignIn />
          </Notice>
        );
      }}
    </QueryResult>
  );
}
