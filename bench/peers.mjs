// Other GraphQL servers over the same database, with queries as close to the gateway's as they
// allow. They do not have its access rules, so their responses differ.
import { QUERIES } from './queries.mjs';

const USER = 'id username fullName avatarUrl';

// PostGraphile names lists after foreign keys, and looks rows up by unique columns.
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
