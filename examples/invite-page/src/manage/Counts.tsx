// Numbers of a workspace's or course's invites by status, above the list of them.
import { type FragmentType, graphql, readFragment } from '../gql';
import { Status } from '../listing/Status';

const fragment = graphql(`
  fragment Counts on InviteCounts {
    PENDING: pending
    ACCEPTED: accepted
    EXPIRED: expired
    CANCELLED: cancelled
    DECLINED: declined
  }
`);

export function Counts({ counts }: { counts: FragmentType<typeof fragment> | null }) {
  const numbers = readFragment(fragment, counts);
  if (!numbers) return null;
  const statuses = ['PENDING', 'ACCEPTED', 'EXPIRED', 'CANCELLED', 'DECLINED'] as const;
  return (
    <ul className="counts" aria-label="Numbers of invites">
      {statuses.map((status) => (
        <li key={status}><Status status={status} /> {numbers[status]}</li>
      ))}
    </ul>
  );
}
