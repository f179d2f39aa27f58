// The four queries: as the gateway is sent them, where the baseline has them, what they are asked
// with, and how many statements each costs the gateway.
import { bigCourseSlug, codeOf, managerOfCourse, smallCourseSlug, some } from './data.mjs';
import { tokenOf } from './tokens.mjs';

// Most different requests of a query: more than any cache between here and the rows would hold.
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

// A parameter is what a request differs by: `{ code }`, `{ slug, user }` or `{ user }`. All of
// `parameters` give data, those that are `refused` do not, and `nothing` is answered by nothing.
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

// Who may not see a course's invitees: somebody else, nobody, and who only says that they manage it.
function strangersTo(slug, manager, sizes) {
  return [{ slug, user: sizes.managers + 1 }, { slug }, { slug, user: manager, isForged: true }];
}

// A request is `{ method, path, token, body }`, the last two possibly absent.
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
  // One letter of the signature is another.
  return isForged ? token.replace(/.(?=.{9}$)/, (letter) => (letter === 'A' ? 'B' : 'A')) : token;
}
