// Sign-in with a pasted bearer token or, in development, that of a demo persona.
import { type SubmitEvent, useId } from 'react';

import { useDemo } from './demo';
import { useSession } from './session';

export function SignIn() {
  const { signIn } = useSession();
  const id = useId();
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const token = new FormData(event.currentTarget).get('token');
    if (typeof token === 'string') signIn(token.trim());
  };
  return (
    <>
      {import.meta.env.DEV && <Personas />}
      <form className="row" onSubmit={submit}>
        <label htmlFor={id}>Bearer token</label>
        {/* The pattern is that of RFC 6750. */}
        <input
          id={id}
          name="token"
          type="password"
          autoComplete="off"
          required
          pattern="\s*[A-Za-z0-9._~+\/\-]+=*\s*"
          title="The token alone, without the word Bearer"
        />
        <button type="submit">Sign in</button>
      </form>
    </>
  );
}

function Personas() {
  const { signIn } = useSession();
  const demo = useDemo();
  if (!demo) return null;
  return (
    <>
      <p>People of the demo:</p>
      <ul className="personas">
        {demo.personas.map(({ name, story, token }) => (
          <li key={name}>
            <button type="button" onClick={() => signIn(token)}>{name}</button> {story}
          </li>
        ))}
      </ul>
    </>
  );
}
