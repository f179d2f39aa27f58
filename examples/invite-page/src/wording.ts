// How the gateway's values read to people.
import type { InviteStatus } from './gql/graphql';

const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'long' });

/** `2026-05-01T10:00:00Z` as the day that it is where the reader is. */
export const dayOf = (instant: string) => day.format(new Date(instant));

/** Roles whose keys are no nouns. */
const roleNames: Record<string, string | undefined> = { joined: 'Participant' };

/** A role, where the gateway has only its key, such as `course_manager`. */
export function roleOf(key: string): string {
  const words = key.replaceAll('_', ' ');
  return roleNames[key] ?? words.charAt(0).toUpperCase() + words.slice(1);
}

export const statusNames: Record<InviteStatus, string> = {
  PENDING: 'Pending',
  ACCEPTED: 'Accepted',
  EXPIRED: 'Expired',
  CANCELLED: 'Withdrawn',
};

/** Of a user, whose full name may be empty. */
export const nameOf = (user: { fullName: string; username: string }) =>
  user.fullName || user.username;
