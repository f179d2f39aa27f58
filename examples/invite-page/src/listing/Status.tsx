// Status of an invite in a list.
import type { InviteStatus } from '../gql/graphql';
import { statusNames } from '../wording';

export function Status({ status }: { status: InviteStatus }) {
  return <span className={`status ${status.toLowerCase()}`}>{statusNames[status]}</span>;
}
