// Screen at /manage: workspaces, courses and groups that the viewer manages, with links to invites.
import { useQuery } from 'urql';

import { QueryResult } from '../QueryResult';
import { graphql } from '../gql';
import { NoAccount } from '../NoAccount';
import { Notice } from '../Notice';
import { SignIn } from '../SignIn';
import { nameOf } from '../wording';
import { groupLinkAddress } from './GroupLink';

const query = graphql(`
  query ManagePage {
    viewer {
      user {
        username
        fullName
      }
      workspaces(first: 100) {
        totalCount
        nodes {
          id
          databaseId
          name
        }
      }
      courses(first: 100) {
        totalCount
        nodes {
          id
          slug
          name
        }
      }
      groups(first: 100) {
        totalCount
        nodes {
          id
          slug
          name
          invite {
            id
          }
        }
      }
    }
  }
`);

export function ManagePage() {
  const [result, retry] = useQuery({ query });
  return (
    <QueryResult result={result} retry={retry}>
      {({ viewer }) => {
        if (!viewer) {
          return (
            <Notice title="Sign in to manage invites">
              <SignIn />
            </Notice>
          );
        }
        const { user, workspaces, courses, groups } = viewer;
        if (!user) return <NoAccount />;
        return (
          <>
            <title>What you manage</title>
            <h1>What you manage</h1>
            <p>You are signed in as <bdi>{nameOf(user)}</bdi>.</p>
            <section className="card">
              <h2>Community</h2>
              <ul>
                <li><a href="/manage/codes">Invite codes</a></li>
              </ul>
            </section>
            <Section
              title="Workspaces"
              totalCount={workspaces.totalCount}
              links={workspaces.nodes.map(({ id, databaseId, name }) => ({
                id,
                name,
                href: `/manage/workspace/${databaseId}`,
              }))}
            />
            <Section
              title="Courses"
              totalCount={courses.totalCount}
              links={courses.nodes.map(({ id, slug, name }) => ({
                id,
                name,
                href: `/manage/course/${encodeURIComponent(slug)}`,
              }))}
            />
            <Section
              title="Groups"
              totalCount={groups.totalCount}
              links={groups.nodes.map(({ id, slug, name, invite }) => ({
                id,
                name,
                href: groupLinkAddress(slug),
                note: invite ? '' : ' (no join link)',
              }))}
            />
          </>
        );
      }}
    </QueryResult>
  );
}

interface SectionProps {
  title: string;
  totalCount: number;
  links: { id: string; name: string; href: string; note?: string }[];
}

function Section({ title, totalCount, links }: SectionProps) {
  return (
    <section className="card">
      <h2>{title}</h2>
      {totalCount === 0 ? (
        <p className="quiet">None.</p>
      ) : (
        <ul>
          {links.map(({ id, name, href, note }) => (
            <li key={id}><a href={href}><bdi>{name}</bdi></a>{note}</li>
          ))}
        </ul>
      )}
      {totalCount > links.length && <p>The first {links.length} of {totalCount}.</p>}
    </section>
  );
}
