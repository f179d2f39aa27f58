// Maps addresses to screens. Links are plain links without a router, so that the browser handles
// focus, scroll position, history and announcements.
import type { ReactNode } from 'react';

import { Button } from './Button';
import { HomePage } from './HomePage';
import { CodePage } from './invite/CodePage';
import { CoursePage } from './invite/CoursePage';
import { GroupPage } from './invite/GroupPage';
import { ReceivedPage } from './invite/ReceivedPage';
import { WorkspacePage } from './invite/WorkspacePage';
import { CodeList } from './manage/CodeList';
import { CourseList } from './manage/CourseList';
import { GroupLink } from './manage/GroupLink';
import { ManagePage } from './manage/ManagePage';
import { WorkspaceList } from './manage/WorkspaceList';
import { Notice } from './Notice';
import { useSession } from './session';
import { TargetPage } from './TargetPage';

const screens: Record<string, (...keys: string[]) => ReactNode> = {
  '/': () => <HomePage />,
  '/i/code/([^/]+)': (code = '') => <CodePage code={code} />,
  '/i/workspace/([^/]+)': (token = '') => <WorkspacePage token={token} />,
  '/i/group/([^/]+)/([^/]+)': (slug = '', code = '') => <GroupPage slug={slug} code={code} />,
  '/i/course/([^/]+)': (id = '') => <CoursePage id={id} />,
  '/joined/([^/]+)': (id = '') => <TargetPage id={id} />,
  '/received': () => <ReceivedPage />,
  '/manage': () => <ManagePage />,
  '/manage/codes': () => <CodeList />,
  '/manage/workspace/([^/]+)': (id = '') => <WorkspaceList id={id} />,
  '/manage/course/([^/]+)': (id = '') => <CourseList id={id} />,
  '/manage/group/([^/]+)': (slug = '') => <GroupLink slug={slug} />,
};

function screenAt(address: string): ReactNode {
  for (const [path, screen] of Object.entries(screens)) {
    const keys = new RegExp(`^${path}$`).exec(address)?.slice(1);
    try {
      if (keys) return screen(...keys.map(decodeURIComponent));
    } catch {
      break; // Invalid percent-encoding.
    }
  }
  return (
    <Notice title="There is no such page">
      <p>Check the address, or <a href="/">start from the beginning</a>.</p>
    </Notice>
  );
}

export function App() {
  const { token, signOut } = useSession();
  return (
    <>
      <a className="skip" href="#main">Skip to content</a>
      <header>
        <nav aria-label="Main">
          <a href="/">Invites</a>
          <a href="/received">Received</a>
          <a href="/manage">Manage</a>
        </nav>
        {token && <Button plain onClick={signOut}>Sign out</Button>}
      </header>
      <main id="main" tabIndex={-1}>{screenAt(location.pathname)}</main>
    </>
  );
}
