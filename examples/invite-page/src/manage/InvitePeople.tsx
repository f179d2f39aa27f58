// Form that invites many people to a workspace at once.
import { type SubmitEvent, useId, useState } from 'react';
import { useMutation } from 'urql';

import { graphql } from '../gql';
import { roleOf } from '../wording';
import { WriteProblem } from '../WriteProblem';
import { addressesIn, MAX_ADDRESSES } from './addresses';
import type { Report } from './Outcomes';
import { reasonOf } from './refusals';
import { useSubmissionKey } from './submissionKey';

const mutation = graphql(`
  mutation InvitePeople($input: CreateWorkspaceInvitesInput!) {
    createWorkspaceInvites(input: $input) {
      results {
        email
        acceptUrl
        userErrors {
          code
          message
        }
      }
      userErrors {
        code
        message
      }
    }
  }
`);

interface Props {
  workspace: string;
  /** Keys of the roles that the viewer may give. */
  roles: readonly string[];
  onOutcome: (report: Report) => void;
}

export function InvitePeople({ workspace, roles, onOutcome }: Props) {
  const [text, setText] = useState('');
  const [role, setRole] = useState('member');
  const [message, setMessage] = useState('');
  const [refusal, setRefusal] = useState<string>();
  const [{ error, fetching }, create] = useMutation(mutation);
  const key = useSubmissionKey();
  const id = useId();
  const emails = addressesIn(text);
  const tooMany = emails.length > MAX_ADDRESSES;

  const submit = async () => {
    const contents = {
      workspace,
      invitees: emails.map((email) => ({ email, role })),
      message: message.trim() || null,
    };
    setRefusal(undefined);
    const { data } = await create({ input: { ...contents, idempotencyKey: key.of(contents) } });
    const payload = data?.createWorkspaceInvites;
    // No outcome: the key stays, for the next try.
    if (!payload) return;
    key.settle();
    const [refused] = payload.userErrors;
    if (refused) return setRefusal(reasonOf(refused));
    const outcomes = payload.results.map(({ email, acceptUrl, userErrors: [error] }) => ({
      whom: email,
      link: acceptUrl,
      reason: error && reasonOf(error),
    }));
    // Those who were not invited stay, to be corrected.
    setText(outcomes.filter(({ reason }) => reason).map(({ whom }) => whom).join('\n'));
    onOutcome({ done: 'Invited', outcomes });
  };
  const onSubmit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (!fetching && !tooMany && emails.length > 0) void submit();
  };

  return (
    <details className="card">
      <summary>Invite people</summary>
      <form className="stacked" onSubmit={onSubmit}>
        <label htmlFor={`${id}-addresses`}>E-mail addresses</label>
        <textarea
          id={`${id}-addresses`}
          aria-describedby={`${id}-count`}
          rows={4}
          required
          spellCheck={false}
          value={text}
          onChange={({ target }) => setText(target.value)}
        />
        <p id={`${id}-count`} className="quiet">
          {`Separate them by commas, spaces or lines. ${emails.length} of at most ${MAX_ADDRESSES}.`}
        </p>
        <label htmlFor={`${id}-role`}>Role</label>
        <select id={`${id}-role`} value={role} onChange={({ target }) => setRole(target.value)}>
          {roles.map((key) => (
            <option key={key} value={key}>{roleOf(key)}</option>
          ))}
        </select>
        <label htmlFor={`${id}-message`}>Message (optional)</label>
        <textarea
          id={`${id}-message`}
          rows={2}
          value={message}
          onChange={({ target }) => setMessage(target.value)}
        />
        <button type="submit" aria-disabled={fetching || tooMany}>{fetching ? 'Inviting…' : 'Invite'}</button>
      </form>
      {error && <WriteProblem error={error} />}
      {refusal && <p className="refusal" role="alert">{refusal}</p>}
    </details>
  );
}
