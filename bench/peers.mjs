// Other servers of GraphQL over the same database: what they are sent for our queries, as near as
// they come to them. They know nothing of our rules of access, so that their answers are not ours.
import { QUERIES } from './queries.mjs';

const USER = 'id username fullName avatarUrl';

// PostGraphile names lists by their foreign keys, and finds rows by their unique columns.
const POSTGRAPHILE = {
  Q1: {
    document: `query InviteCode($code: String!) {
  inviteCodeByCode(code: $code) {
    id code role name email usedAt cancelledAt generatedAt expiresAt
    userByInvitedById { ${USER} }
    userByUserId { ${USER} }
    inviteCodeTagsByInviteCodeId { nodes { tagByTagId { id kind name color } } }
  }
}`,
    variables: QUERIES.Q1.variables,
  },
  Q2: {
    document: `query CourseInvitees($slug: String!) {
  courseBySlug(slug: $slug) {
    id name
    courseInvitesByCourseId(first: 50, orderBy: [CREATED_AT_ASC, PRIMARY_KEY_ASC], condition: { acceptedAt: null, cancelledAt: null }) {
      totalCount
      pageInfo { hasNextPage endCursor }
      edges { cursor node { userByUserId { ${USER} } } }
    }
  }
}`,
    variables: ({ slug }) => ({ slug }),
  },
};

export const PEERS = { postgraphile: POSTGRAPHILE };
