// Explains to the person invited why an invite could not be accepted or declined. By the code, since
// messages are for developers and may change.
import type { InviteErrorCode } from '../gql/graphql';

interface UserError {
  code: InviteErrorCode;
  message: string;
}

const reasons: Partial<Record<InviteErrorCode, string>> = {
  WRONG_ACCOUNT:
    'This invite is for someone else. If it is for you, sign in with the account that has the address it was sent to.',
  EMAIL_NOT_VERIFIED:
    'This invite is for your e-mail address, but you have not confirmed the address yet. Confirm it, then come back.',
  EXPIRED: 'This invite has expired in the meantime. Ask for a new one.',
  ALREADY_ACCEPTED: 'This invite was accepted in the meantime. It works once.',
  CANCELLED: 'This invite was withdrawn in the meantime. If you did not expect that, ask who invited you.',
  DECLINED: 'This invite was declined in the meantime. If you changed your mind, ask for a new one.',
  NOT_FOUND: 'This link does not work any more. Ask whoever sent it for a new one.',
  NOT_ALLOWED: 'You cannot answer this invite here. Use the link or the code that you received.',
};

export const reasonOf = ({ code, message }: UserError) => reasons[code] ?? message;

/** True if the invite is no longer as it was when the screen was loaded. */
export const isStale = ({ code }: UserError) =>
  ['EXPIRED', 'ALREADY_ACCEPTED', 'CANCELLED', 'DECLINED', 'NOT_FOUND'].includes(code);
