// The other subgraphs, over HTTP on loopback: `accounts`, which owns people's accounts, and
// `objects`, which knows the type of a global id. Their schemas are those of examples/supergraph.
import { createServer } from 'node:http';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { createHandler } from 'graphql-http/lib/use/http';
import { parse } from 'graphql';

const globalId = (type, key) => Buffer.from(`${type}:${key}`).toString('base64url');

const ACCOUNTS = [
  { databaseId: '1', username: 'grace', biography: 'Compilers.', recommendedCourse: '1' },
  { databaseId: '2', username: 'ada', biography: 'Engines.', recommendedCourse: null },
  { databaseId: '3', username: 'maria', biography: 'Insects.', recommendedCourse: null },
].map(({ recommendedCourse, ...account }) => ({
  ...account,
  id: globalId('User', account.databaseId),
  recommendedCourse: recommendedCourse && { databaseId: recommendedCourse },
}));

const RESOLVERS = {
  accounts: {
    Query: {
      account: (_, { username }) => ACCOUNTS.find((account) => account.username === username),
    },
    User: {
      __resolveReference: ({ id, databaseId }) =>
        ACCOUNTS.find((account) => account.id === id || account.databaseId === databaseId),
    },
  },
  objects: {
    Query: {
      node: (_, { id }) => {
        const [type] = Buffer.from(id, 'base64url').toString().split(':');
        return ['Course', 'InviteCode', 'User'].includes(type) ? { __typename: type, id } : null;
      },
    },
  },
};

// Serves a subgraph. Returns its URL and a function that stops it.
export async function serve(name, sdl) {
  const schema = buildSubgraphSchema([{ typeDefs: parse(sdl), resolvers: RESOLVERS[name] }]);
  const server = createServer(createHandler({ schema }));
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  return { url: `http://127.0.0.1:${server.address().port}/`, stop: () => stop(server) };
}

// A proxy to a subgraph that records the documents.
export async function watch(url) {
  const documents = [];
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray());
    documents.push(JSON.parse(body).query);
    const { 'content-type': type, accept, authorization } = request.headers;
    const headers = Object.entries({ 'content-type': type, accept, authorization });
    const answer = await fetch(url, {
      method: request.method,
      headers: headers.filter(([, value]) => value !== undefined),
      body,
    });
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') });
    response.end(Buffer.from(await answer.arrayBuffer()));
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    taken: () => documents.splice(0),
    stop: () => stop(server),
  };
}

function stop(server) {
  server.closeAllConnections();
  return new Promise((stopped) => server.close(stopped));
}
