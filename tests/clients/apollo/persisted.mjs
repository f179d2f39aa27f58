// Visits the gateway with Apollo Client and automatic persisted queries. Prints the data, and how
// each request identified its document.
import { createHash } from 'node:crypto';

import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';

import { documents } from '../documents.mjs';
import { apollo } from './client.mjs';

const [url, code] = process.argv.slice(2);

const requests = [];
const send = globalThis.fetch;
globalThis.fetch = (target, init) => {
  const sent = init.method === 'GET' ? Object.fromEntries(new URL(target).searchParams) : JSON.parse(init.body);
  requests.push(`${init.method} ${'query' in sent ? 'document' : 'hash'}`);
  return send(target, init);
};

// Each time with a new client.
async function visit() {
  const persisted = new PersistedQueryLink({
    sha256: (text) => createHash('sha256').update(text).digest('hex'),
    useGETForHashedQueries: true,
  });
  const client = apollo(url, undefined, [persisted]);
  const { data } = await client.query({ query: documents.InviteBehindCode, variables: { code } });
  client.stop();
  return data.inviteCode.status;
}

const read = [await visit(), await visit()];
process.stdout.write(JSON.stringify({ read, requests }));
