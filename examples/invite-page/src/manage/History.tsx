// The history of an invite, newest events first. It loads when it is opened.
import { type ReactNode, useRef } from 'react';

import { Button } from '../Button';
import { useFocusOn } from '../focus';
import { InlineProblem } from '../InlineProblem';
import type { Details } from '../listing/Row';
import type { Selection } from '../listing/selection';
import { timeOf } from '../wording';
import { sentenceOf, type Thing } from './eventWording';
import { useInviteHistory } from './inviteHistory';

interface Props {
  /** Global id of the invite. */
  invite: string;
  /** Name of the invite, for screen readers. */
  name: string;
  thing?: Thing;
  /** Changes when the invite may have changed. */
  changes: unknown;
}

export function History({ invite, name, thing = 'invite', changes }: Props) {
  const { events, totalCount, hasMore, added, error, fetching, ...history } = useInviteHistory(invite, changes);
  const firstAdded = useFocusOn<HTMLLIElement>(added);
  const panel = useRef<HTMLDivElement>(null);
  // Moves the focus, because the button disappears when the response arrives.
  const again = () => {
    panel.current?.focus();
    history.reload();
  };
  if (events === null) return null;
  return (
    <div className="history" ref={panel} tabIndex={-1} aria-busy={fetching}>
      {events && events.length > 0 && (
        <ol aria-label={`History of ${name}`}>
          {events.map((event, index) => {
            const { actor, rest } = sentenceOf(event, thing);
            const isFirstAdded = added > 0 && index === added;
            return (
              <li key={event.id} ref={isFirstAdded ? firstAdded : null} tabIndex={isFirstAdded ? -1 : undefined}>
                {actor && <bdi>{actor}</bdi>} {rest}{' '}
                <time className="quiet" dateTime={event.at}>{timeOf(event.at)}</time>
              </li>
            );
          })}
        </ol>
      )}
      {error && (
        <InlineProblem
          error={error}
          unreachable="We cannot reach the history just now. Try again in a moment."
          denied="You cannot see this."
        >
          <Button plain off={fetching} onClick={again}>{fetching ? 'Trying…' : 'Try again'}</Button>
        </InlineProblem>
      )}
      <div className="row">
        <p className="quiet" role="status">{stateOf(fetching, totalCount, events?.length)}</p>
        {hasMore && <Button plain off={fetching} onClick={history.loadMore}>Show more</Button>}
      </div>
    </div>
  );
}

function stateOf(fetching: boolean, totalCount: number, shown: number | undefined): ReactNode {
  if (fetching) return 'Loading…';
  if (shown === undefined) return null;
  return shown === 0 ? 'No events are recorded.' : `${shown} of ${totalCount} shown`;
}

/** Returns the histories of a list's rows. They load again when `changes` changes. */
export function histories<Row>(
  { idOf, nameOf }: Pick<Selection<Row>, 'idOf' | 'nameOf'>,
  changes?: unknown,
): Details<Row> {
  return {
    label: 'History',
    nameOf,
    content: (row) => <History invite={idOf(row)} name={nameOf(row)} changes={changes} />,
  };
}
