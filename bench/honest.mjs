// Honest clients: they send requests at a modest rate, from addresses of their own, as several
// users. Each response must equal the one from before the attack.
import { Agent, request } from 'node:http';
import { isDeepStrictEqual } from 'node:util';

import { QUERIES } from './queries.mjs';

const CLIENTS = 8;
const RATE = 5; // requests a second of each client
const DIFFERENT = 20; // requests of each query
const PATIENCE = 10_000; // ms

// Removes values from the data that depend on the time of the request.
const lasting = (text) => JSON.parse(text, (key, value) => (key === 'status' ? undefined : value));

// Returns requests with their successful responses. Excludes the users in `without`.
async function exchanges(server, sizes, without) {
  const found = [];
  for (const query of Object.values(QUERIES)) {
    const parameters = query.parameters(sizes).filter(({ user }) => user !== without);
    const distinct = [...new Map(parameters.map((parameter) => [JSON.stringify(parameter), parameter])).values()];
    for (const parameter of distinct.slice(0, DIFFERENT)) {
      const request = server.requestOf(query, parameter);
      const { status, json } = await server.query(request);
      if (status !== 200 || json?.data === undefined || json.errors !== undefined) {
        throw new Error(`${JSON.stringify(parameter)} failed: ${status} ${JSON.stringify(json)}`);
      }
      found.push({ request, response: lasting(JSON.stringify(json)) });
    }
  }
  return found;
}

function send({ url, agent }, { method, path, token, body }) {
  const headers = { accept: 'application/graphql-response+json', 'content-type': 'application/json' };
  if (token !== undefined) headers.authorization = `Bearer ${token}`;
  return new Promise((resolve, reject) => {
    const sent = request(new URL(path, url), { agent, method, headers });
    sent.on('error', reject).on('response', (response) => {
      const pieces = [];
      response.on('data', (piece) => pieces.push(piece));
      response.on('error', reject).on('end', () => resolve({ status: response.statusCode, text: Buffer.concat(pieces).toString() }));
    });
    sent.setTimeout(PATIENCE, () => sent.destroy(Object.assign(new Error('no response'), { code: 'no response' })));
    sent.end(body);
  });
}

// Starts honest clients. `stop` waits for pending responses. Requests start when they are due, even if
// earlier ones are pending, and latencies in microseconds count from then.
export async function startHonest(server, sizes, without) {
  const all = await exchanges(server, sizes, without);
  const latencies = [];
  const failed = {};
  const underWay = new Set();
  const fail = (what) => {
    failed[what] = (failed[what] ?? 0) + 1;
  };
  const clients = Array.from({ length: CLIENTS }, (_, n) => ({
    url: server.url,
    agent: new Agent({ keepAlive: true, localAddress: `127.0.1.${n + 1}` }),
  }));
  const started = performance.now();
  const due = (n) => started + (n * 1000) / (CLIENTS * RATE);
  const ask = async (n) => {
    const { request, response } = all[n % all.length];
    try {
      const { status, text } = await send(clients[n % CLIENTS], request);
      latencies.push((performance.now() - due(n)) * 1000);
      if (status !== 200) fail(String(status));
      else if (!isDeepStrictEqual(lasting(text), response)) fail(JSON.parse(text).errors?.[0].extensions?.code ?? 'different response');
    } catch ({ code, message }) {
      fail(code ?? message);
    }
  };
  let next = 0;
  const clock = setInterval(() => {
    while (due(next) <= performance.now()) {
      const asking = ask(next).then(() => underWay.delete(asking));
      underWay.add(asking);
      next += 1;
    }
  }, 5);
  return {
    stop: async () => {
      clearInterval(clock);
      await Promise.all(underWay);
      clients.forEach(({ agent }) => agent.destroy());
      latencies.sort((a, b) => a - b);
      const at = (share) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))];
      return { requests: next, failed, p50: at(0.5), p99: at(0.99), max: latencies.at(-1) };
    },
  };
}
