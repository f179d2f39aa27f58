// The ways to an invite. The compiler checks that an input has exactly one of them.
import type { RedeemInviteInput } from './gql/graphql';

// Reads a way from the path of a link, such as `/i/code/WELCOME-2026`.
export function wayOf(path: string): RedeemInviteInput {
  const [secret = '', kind] = path.split('/').reverse();
  switch (kind) {
    case 'workspace':
      return { token: secret };
    case 'group':
      return { groupCode: secret };
    default:
      return { code: secret };
  }
}

// Each of these is an error of the compiler, which would report an expectation that is not met.
export const refused: RedeemInviteInput[] = [
  // @ts-expect-error Two ways.
  { code: 'WELCOME-2026', token: '00000000-0000-4000-8000-000000000001' },
  // @ts-expect-error No way.
  {},
  // @ts-expect-error Null is no way.
  { code: null },
  // @ts-expect-error There is no such way.
  { slug: 'weavers' },
];
