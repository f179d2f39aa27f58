// Screen at /i/course/…: a user's invitation, by its global id. The id is not a secret, so the
// gateway shows the invite only to the invitee, the inviter and the course's managers.
import { useQuery } from 'urql';

import { QueryResult } from '../QueryResult';
import { graphql } from '../gql';
import { Notice } from '../Notice';
import { useSession } from '../session';
import { acceptUrl } from '../settings';
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
        invitee {
          username
          fullName
        }
      }
    }
  }
`);

export function CoursePage({ id }: { id: string }) {
  const { token } = useSession();
  const [result, retry] = useQuery({ query, variables: { id } });
  return (
    <QueryResult result={result} retry={retry}>
      {({ node: invite }) => {
        if (invite?.__typename === 'CourseInvite') {
          return (
            <InviteCard invite={invite} accept={acceptUrl('course', id)}>
              <Detail term="For"><bdi>{nameOf(invite.invitee)}</bdi></Detail>
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
