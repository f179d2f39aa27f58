// Signs bearer tokens (HS256), like an identity provider.
import { createHmac } from 'node:crypto';

export const SECRET = 'the secret of the benchmark, of no use elsewhere';

const encode = (text) => Buffer.from(text).toString('base64url');

const HEADER = encode(JSON.stringify({ alg: 'HS256', typ: 'JWT' }));
const ISSUED_AT = 1_767_225_600; // 2026-01-01
const EXPIRES_AT = 4_102_444_799; // 2099-12-31

// Returns the token of the user with that id.
export function tokenOf(user) {
  const claims = encode(JSON.stringify({ sub: String(user), iat: ISSUED_AT, exp: EXPIRES_AT }));
  const signed = `${HEADER}.${claims}`;
  return `${signed}.${createHmac('sha256', SECRET).update(signed).digest('base64url')}`;
}
