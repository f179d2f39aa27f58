// Explains to a manager why an invite was not created, sent again or withdrawn. By the code, since
// messages are for developers and may change; except where only the message says which limit or value.
import type { InviteErrorCode } from '../gql/graphql';

const reasons: Partial<Record<InviteErrorCode, string>> = {
  ALREADY_INVITED: 'Has an open invite already. For a new link, send that one again.',
  ALREADY_MEMBER: 'Is a member already.',
  INVALID_EMAIL: 'This is no e-mail address. Look for a typing error.',
  DOMAIN_NOT_ALLOWED: 'Addresses of this domain are not invited.',
  ROLE_NOT_ALLOWED: 'You cannot give this role, since it is above your own.',
  ALREADY_ACCEPTED: 'Was accepted already.',
  CANCELLED: 'Was withdrawn already.',
  DECLINED: 'Was declined. You can invite this person again.',
  EXPIRED: 'Has expired. You can invite this person again.',
  NOT_FOUND: 'Does not exist any more.',
  NOT_ALLOWED: 'You may not do this. Only managers can.',
};

export const reasonOf = ({ code, message }: { code: InviteErrorCode; message: string }) =>
  reasons[code] ?? message;
