// Start page for people with a code but no link. In development, it also lists the demo's links.
import type { SubmitEvent } from 'react';

import { type Demo, useDemo } from './demo';

export function HomePage() {
  const open = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const code = new FormData(event.currentTarget).get('code');
    if (typeof code === 'string') location.assign(`/i/code/${encodeURIComponent(code.trim())}`);
  };
  return (
    <>
      <title>Invites</title>
      <section className="card alone">
        <h1>Were you invited?</h1>
        <p>Open the link that you received, or enter your code.</p>
        <form className="row" onSubmit={open}>
          <label htmlFor="code">Invite code</label>
          <input id="code" name="code" required autoComplete="off" spellCheck={false} />
          <button type="submit">Show the invite</button>
        </form>
      </section>
      {import.meta.env.DEV && <DemoLinks />}
    </>
  );
}

const addresses: Record<string, ((sample: Demo['cases'][number]) => string) | undefined> = {
  InviteCode: ({ key }) => `/i/code/${key}`,
  WorkspaceInvite: ({ key }) => `/i/workspace/${key}`,
  CourseInvite: ({ globalId }) => `/i/course/${globalId}`,
};

function DemoLinks() {
  const demo = useDemo();
  if (!demo) return null;
  return (
    <section className="card alone">
      <h2>In the demo</h2>
      <p>
        Groups have links, which their managers see: sign in as <code>group-manager</code> under{' '}
        <a href="/manage">Manage</a>.
      </p>
      <ul>
        {demo.cases.map((sample) => {
          const address = addresses[sample.kind]?.(sample);
          return (
            address && (
              <li key={sample.globalId}>
                <a href={address}>{sample.kind} {sample.key ?? sample.globalId}</a> {sample.shows}
              </li>
            )
          );
        })}
      </ul>
    </section>
  );
}
