// Formats the gateway's values for display.
import type { InviteStatus } from './gql/graphql';

const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'long' });

/** Formats an instant, such as `2026-05-01T10:00:00Z`, as a day in the user's time zone. */
export const dayOf = (instant: string) => day.format(new Date(instant));

const minute = new Intl.DateTimeFormat(undefined, { dateStyle: 'long', timeStyle: 'short' });

/** Formats an instant as a day and a time in the user's time zone. */
export const timeOf = (instant: string) => minute.format(new Date(instant));

/** Names of roles whose keys are not nouns. */
const roleNames: Record<string, string | undefined> = { joined: 'Participant' };

/** Returns a role's name, derived from its key, such as `course_manager`. */
export function roleOf(key: string): string {
  return roleNames[key] ?? sentenceCase(key);
}

/** Returns the words of a key, such as `Course manager` for `course_manager`. */
export function sentenceCase(key: string): string {
  const words = key.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export const statusNames: Record<InviteStatus, string> = {
  PENDING: 'Pending',
  ACCEPTED: 'Accepted',
  EXPIRED: 'Expired',
  CANCELLED: 'Withdrawn',
  DECLINED: 'Declined',
};

/** Returns a user's full name or, if it is empty, their username. */
export const nameOf = (user: { fullName: string; username: string }) =>
  user.fullName || user.username;
