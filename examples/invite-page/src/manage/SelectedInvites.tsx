// Sends the selected invites of a list again, or withdraws them.
import type { CombinedError } from '@urql/core';
import { useState } from 'react';
import { useMutation } from 'urql';

import { Button } from '../Button';
import { graphql } from '../gql';
import type { ResendInvitesMutation } from '../gql/graphql';
import { SelectAll } from '../listing/Select';
import type { Selection } from '../listing/selection';
import { Question } from '../Question';
import { WriteProblem } from '../WriteProblem';
import type { Report } from './Outcomes';
import { reasonOf } from './refusals';

const resendInvites = graphql(`
  mutation ResendInvites($ids: [ID!]!) {
    resendInvites(input: { ids: $ids }) {
      results {
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

const cancelInvites = graphql(`
  mutation CancelInvites($ids: [ID!]!) {
    cancelInvites(input: { ids: $ids }) {
      results {
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

interface Props<Row> {
  selection: Selection<Row>;
  /** The rows of this page. */
  rows: Row[];
  onOutcome: (report: Report) => void;
}

type Sent = NonNullable<ResendInvitesMutation['resendInvites']>;
type Result = Pick<Sent['results'][number], 'userErrors'> & { acceptUrl?: string | null };

interface Response {
  payload: { results: Result[]; userErrors: Sent['userErrors'] } | null | undefined;
  error: CombinedError | undefined;
}

export function SelectedInvites<Row>({ selection, rows, onOutcome }: Props<Row>) {
  const [resending, resend] = useMutation(resendInvites);
  const [cancelling, cancel] = useMutation(cancelInvites);
  const [failure, setFailure] = useState<CombinedError>();
  const selected = rows.filter(selection.isSelected);
  const ids = selected.map(selection.idOf);
  const off = ids.length === 0 || resending.fetching || cancelling.fetching;

  const settle = (done: string, { payload, error }: Response) => {
    setFailure(payload ? undefined : error);
    if (!payload) return;
    const outcomes = selected.map((row, at) => {
      const result = payload.results[at];
      // An error of the request is one of all its rows.
      const refused = payload.userErrors[0] ?? result?.userErrors[0];
      return { whom: selection.nameOf(row), link: result?.acceptUrl ?? null, reason: refused && reasonOf(refused) };
    });
    onOutcome({ done, outcomes });
  };
  const onResend = async () => {
    const { data, error } = await resend({ ids });
    settle('Sent again', { payload: data?.resendInvites, error });
  };
  const onCancel = async () => {
    const { data, error } = await cancel({ ids });
    settle('Withdrawn', { payload: data?.cancelInvites, error });
  };

  if (!rows.some(selection.selectable)) return null;
  return (
    <>
      <div className="row" role="group" aria-label="Selected invites">
        <SelectAll selection={selection} rows={rows} />
        <p role="status">{`${ids.length} selected`}</p>
        <Button plain off={off} onClick={() => void onResend()}>Send again</Button>
        <Question
          name="Withdraw"
          question={ids.length === 1 ? 'Withdraw this invite?' : `Withdraw ${ids.length} invites?`}
          act={() => void onCancel()}
          off={off}
        >
          Links that were sent stop working at once. You can invite the same people again.
        </Question>
      </div>
      {failure && <WriteProblem error={failure} />}
    </>
  );
}
