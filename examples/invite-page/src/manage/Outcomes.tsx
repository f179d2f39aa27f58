// The outcome of each row of a request. It stays until it is closed: links are shown only once.
import { Button } from '../Button';
import { useFocusOn } from '../focus';
import { CopyLink } from './CopyLink';

export interface Outcome {
  /** The person, by address or name. */
  whom: string;
  /** A new link, which works like a password. */
  link?: string | null;
  /** The reason for which nothing was done. */
  reason?: string | undefined;
}

export interface Report {
  /** What was done, such as `Invited`. */
  done: string;
  outcomes: Outcome[];
}

export function Outcomes({ report, close }: { report: Report; close: () => void }) {
  const { done, outcomes } = report;
  const heading = useFocusOn<HTMLHeadingElement>(report);
  const count = outcomes.filter(({ reason }) => !reason).length;
  return (
    <section className="card outcomes" aria-label="Outcome">
      <h2 ref={heading} tabIndex={-1}>{`${done}: ${count} of ${outcomes.length}`}</h2>
      {outcomes.some(({ link }) => link) && (
        <p className="quiet">Each link works like a password, and is shown only here. Copy it before you close this.</p>
      )}
      <ul>
        {outcomes.map(({ whom, link, reason }, row) => (
          <li key={row} className={reason && 'refused'}>
            <strong><bdi>{whom}</bdi></strong> {reason ?? done}
            {link && <CopyLink link={link} whose={whom} />}
          </li>
        ))}
      </ul>
      <Button plain onClick={close}>Close</Button>
    </section>
  );
}
