// The four queries: GraphQL documents, paths of the baseline, parameters, and statements that each
// costs the gateway.
import { bigCourseSlug, codeOf, managerOfCourse, smallCourseSlug, some } from './data.mjs';
import { tokenOf } from './tokens.mjs';

// Maximum of distinct requests of a query: more than any cache on the way to the rows holds.
const REQUESTS = 20_000;

const Q1 = `query InviteCode($code: String!) {
  inviteCode(code: $code) {
    id
    code
    role
    name
    email
    status
    createdAt
    expiresAt
    inviter {
      id
      username
      fullName
      avatarUrl
    }
    user {
      id
      username
      fullName
      avatarUrl
    }
    tags {
      id
      kind
      name
      color
    }
  }
}`;

const Q2 = `query CourseInvitees($course: ID!) {
  course(id: $course) {
    id
    name
    invitees(first: 50) {
      totalCount
      pageInfo {
        hasNextPage
        endCursor
      }
      edges {
        cursor
        node {
          id
          username
          fullName
          avatarUrl
        }
      }
    }
  }
}`;

const Q3 = `query ManagedWorkspaces {
  viewer {
    workspaces(first: 20) {
      nodes {
        id
        name
        invites(first: 10) {
          pageInfo {
            hasNextPage
            endCursor
          }
          nodes {
            id
            email
            role
            status
            createdAt
            expiresAt
            inviter {
              id
              username
              fullName
              avatarUrl
            }
          }
        }
      }
    }
  }
}`;

const Q4 = `query LatestCourseInvitees($course: ID!) {
  course(id: $course) {
    id
    invitees(last: 50) {
      pageInfo {
        hasPreviousPage
        startCursor
      }
      edges {
        cursor
        node {
          id
          username
          fullName
          avatarUrl
        }
      }
    }
  }
}`;

// Requests of a query differ by their parameter: `{ code }`, `{ slug, user }` or `{ user }`. All of
// `parameters` give data, those in `refused` give an error, and `nothing` gives null.
export const QUERIES = {
  Q1: {
    title: 'a code with inviter, user and tags, anonymous',
    document: Q1,
    statements: 1,
    parameters: (sizes) => some(sizes.codes, REQUESTS).map((id) => ({ code: codeOf(id) })),
    nothing: { code: 'NO-SUCH-CODE' },
    refused: () => [],
    variables: ({ code }) => ({ code }),
    path: ({ code }) => `/q1/${code}`,
  },
  Q2: {
    title: 'a course by slug, 50 invitees and their number',
    document: Q2,
    statements: 4,
    parameters: (sizes) =>
      some(sizes.smallCourses, REQUESTS).map((id) => ({ slug: smallCourseSlug(id), user: managerOfCourse(id, sizes) })),
    refused: (sizes) => strangersTo(smallCourseSlug(1), managerOfCourse(1, sizes), sizes),
    variables: ({ slug }) => ({ course: slug }),
    path: ({ slug }) => `/q2/${slug}`,
  },
  Q3: {
    title: '20 workspaces of the viewer, 10 invites of each, their inviters',
    document: Q3,
    statements: 5,
    parameters: (sizes) => some(sizes.managers, REQUESTS).map((user) => ({ user })),
    refused: () => [{}, { user: 1, isForged: true }],
    variables: () => undefined,
    path: () => '/q3',
  },
  Q4: {
    title: 'the last 50 invitees of a big course',
    document: Q4,
    statements: 4,
    parameters: (sizes) =>
      some(sizes.bigCourses, REQUESTS).map((n) => {
        const id = sizes.smallCourses + n;
        return { slug: bigCourseSlug(id), user: managerOfCourse(id, sizes) };
      }),
    refused: (sizes) => {
      const id = sizes.smallCourses + 1;
      return strangersTo(bigCourseSlug(id), managerOfCourse(id, sizes), sizes);
    },
    variables: ({ slug }) => ({ course: slug }),
    path: ({ slug }) => `/q4/${slug}`,
  },
};

// Requests that may not see a course's invitees: another user, no token, and a token with a false
// signature.
function strangersTo(slug, manager, sizes) {
  return [{ slug, user: sizes.managers + 1 }, { slug }, { slug, user: manager, isForged: true }];
}

// A request is `{ method, path, token, body }`. `token` and `body` are optional.
export function toGraphQL(query, parameter) {
  const body = JSON.stringify({ query: query.document, variables: query.variables(parameter) });
  return { method: 'POST', path: '/graphql', token: tokenFor(parameter), body };
}

export function toBaseline(query, parameter) {
  return { method: 'GET', path: query.path(parameter), token: tokenFor(parameter) };
}

function tokenFor({ user, isForged = false }) {
  if (user === undefined) return undefined;
  const token = tokenOf(user);
  // Changes one letter of the signature.
  return isForged ? token.replace(/.(?=.{9}$)/, (letter) => (letter === 'A' ? 'B' : 'A')) : token;
}
