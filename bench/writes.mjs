// Mutations: the gateway, and the same transactions written by hand.
import { isDeepStrictEqual } from 'node:util';
import os from 'node:os';

import { baselineBinary, gatewayBinary } from './build.mjs';
import { sendAll } from './clients.mjs';
import { load } from './data.mjs';
import { medians } from './matrix.mjs';
import { MUTATIONS, toBaseline, toGraphQL } from './mutations.mjs';
import * as postgres from './postgres.mjs';
import { cpuOf, memoryOf } from './processes.mjs';
import { circumstances, withRatios, write } from './results.mjs';
import { startBaseline, startGateway, stopServers } from './servers.mjs';
import { startCounter } from './wire.mjs';

const ACCEPT_URL = 'https://app.example/i/{kind}/{secret}';
// The baseline has the same limit. No inviter reaches it.
const ARGUMENTS = ['--mutations', 'on', '--accept-url', ACCEPT_URL, '--max-invites-per-day', '1000000'];

const HUNDREDS = 20; // as many requests of one invite, for a request of a hundred
const WARM_UP = 20; // as many measured requests, for one before
const COUNTED = 20; // requests whose statements are counted

const REQUEST_OF = { gateway: toGraphQL, baseline: toBaseline };

// Numbers of requests that were not sent yet, by mutation.
class Numbers {
  constructor(database, sizes) {
    Object.assign(this, { database, sizes, next: new Map() });
  }

  // Inserts what the next requests of a mutation consume, and returns their parameters.
  take(name, count) {
    const first = this.next.get(name) ?? 0;
    const last = first + count - 1;
    this.next.set(name, last + 1);
    this.database.sql(MUTATIONS[name].prepare(first, last, this.sizes));
    return Array.from({ length: count }, (_, index) => MUTATIONS[name].parameter(first + index, this.sizes));
  }

  requests(name, server, count) {
    return this.take(name, count).map((parameter) => REQUEST_OF[server](MUTATIONS[name], parameter));
  }
}

// Returns what a mutation has left in the database: its events, and invites, tokens and members that
// disagree with them.
function traces(database, name) {
  const { event } = MUTATIONS[name];
  const status = { accepted: 'accepted', created: 'pending', cancelled: 'cancelled' }[event];
  const row = database.sql(`SELECT count(*),
      count(*) FILTER (WHERE invite.status IS DISTINCT FROM '${status}'
        OR NOT EXISTS (SELECT FROM invite_tokens link WHERE link.invite_id = invite.id) AND type = 'created'
        OR NOT EXISTS (SELECT FROM workspace_members member WHERE member.workspace_id = target_id
          AND member.user_id = actor_id) AND type = 'accepted')
    FROM invite_events LEFT JOIN workspace_invites invite ON invite.id = invite_id
    WHERE type = '${event}'`);
  const [events, broken] = row.split('|').map(Number);
  return { events, broken };
}

// Replaces the values of a response that differ between two requests by their kind.
function withoutValues(text) {
  const varying = new Set(['id', 'email', 'acceptUrl', 'expiresAt']);
  return JSON.parse(text, (key, value) => (varying.has(key) ? `a ${typeof value}` : value));
}

async function textOf(server, { method, path, token, body }) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const response = await fetch(server.url + path, { method, headers, body });
  return { status: response.status, text: await response.text() };
}

// Asserts that the servers respond alike, and that a mutation of a viewer who may not do it does nothing.
async function check(names, servers, numbers) {
  for (const name of names) {
    const mutation = MUTATIONS[name];
    const shapes = [];
    for (const server of servers) {
      const before = traces(numbers.database, name);
      const [parameter, foreign] = numbers.take(name, 2);
      const { text } = await textOf(server, REQUEST_OF[server.name](mutation, parameter));
      shapes.push(withoutValues(text));
      // A user of the data who manages no workspace, and has no address of an invite to accept.
      const stranger = REQUEST_OF[server.name](mutation, { ...foreign, user: numbers.sizes.managers + numbers.sizes.people });
      const refused = await textOf(server, stranger);
      const after = traces(numbers.database, name);
      if (after.events - before.events !== mutation.rows || after.broken > 0) {
        throw new Error(`${name}: ${server.name} responds ${text}\nand to a stranger ${refused.text}\nThe events were ${JSON.stringify(before)}, and are ${JSON.stringify(after)}`);
      }
    }
    const [shape, ...others] = shapes;
    if (others.some((other) => !isDeepStrictEqual(other, shape))) {
      throw new Error(`${name}: the responses differ: ${JSON.stringify(shapes)}`);
    }
    console.error(`${name}: ${servers.map(({ name: of }) => of).join(' and ')} respond alike`);
  }
}

const syncs = () => Number(postgres.server.sql('SELECT wal_sync FROM pg_stat_wal'));

// Counts round trips, statements and syncs of the log over single requests of a mutation, which a new
// server sends through a proxy.
async function count(name, start, numbers) {
  const { database } = numbers;
  const counter = await startCounter(database.url);
  try {
    const server = await start({ url: counter.url });
    // Each connection prepares its statements first.
    const [first, second] = [COUNTED, COUNTED].map((count) => numbers.requests(name, server.name, count));
    const synced = syncs();
    try {
      await sendAll(server.url, first, 1);
      const [before, statements] = [counter.counts(), database.statements()];
      await sendAll(server.url, second, 1);
      const counted = Object.entries(counter.counts()).map(([key, value]) => [key, (value - before[key]) / COUNTED]);
      const sent = (database.statements() - statements) / COUNTED;
      // A session reports its syncs when it ends.
      await server.stop();
      await new Promise((resolve) => setTimeout(resolve, 500));
      return { ...Object.fromEntries(counted), statements: sent, syncs: (syncs() - synced) / (2 * COUNTED) };
    } finally {
      await server.stop();
    }
  } finally {
    await counter.stop();
  }
}

async function measure(server, name, numbers, count, connections) {
  const warming = numbers.requests(name, server.name, Math.max(connections, Math.ceil(count / WARM_UP)));
  const requests = numbers.requests(name, server.name, count);
  await sendAll(server.url, warming, connections);
  const statements = numbers.database.statements();
  const [serverCpu, databaseCpu] = [cpuOf(server.pid).own, postgres.cpu()];
  const outcome = await sendAll(server.url, requests, connections);
  return {
    requests: count,
    perSecond: count / (outcome.micros / 1e6),
    p50: outcome.p50,
    p99: outcome.p99,
    serverCpu: (cpuOf(server.pid).own - serverCpu) / count,
    databaseCpu: (postgres.cpu() - databaseCpu) / count,
    statements: (numbers.database.statements() - statements) / count,
    ...memoryOf(server.pid),
    loadAverage: os.loadavg()[0],
  };
}

async function matrix(servers, numbers, { mutations, connections: several, rounds, requests }) {
  const rows = new Map();
  for (let round = 0; round < rounds; round += 1) {
    const turn = round % 2 === 0 ? servers : servers.toReversed();
    for (const name of mutations) {
      const count = MUTATIONS[name].rows === 1 ? requests : Math.ceil(requests / HUNDREDS);
      for (const connections of several) {
        for (const server of turn) {
          const measured = await measure(server, name, numbers, count, connections);
          const of = { query: name, connections, server: server.name };
          const key = Object.values(of).join(' ');
          if (!rows.has(key)) rows.set(key, { ...of, runs: [] });
          rows.get(key).runs.push(measured);
          console.error(`round ${round + 1}: ${key}: ${measured.perSecond.toFixed(0)}/s, p50 ${(measured.p50 / 1000).toFixed(2)} ms, CPU ${measured.serverCpu.toFixed(0)} and ${measured.databaseCpu.toFixed(0)} µs`);
        }
      }
    }
  }
  return [...rows.values()].map(({ runs, ...of }) => ({ ...of, ...medians(runs), runs }));
}

// A copy of the data, since writes change it.
async function withCopy(database, use) {
  const copy = new postgres.Database(`${database.name}_writes`);
  postgres.server.sql(`SET client_min_messages = warning; DROP DATABASE IF EXISTS ${copy.name}`);
  postgres.server.sql(`CREATE DATABASE ${copy.name} TEMPLATE ${database.name} STRATEGY file_copy`);
  try {
    // Its work would fall on either server.
    for (const table of ['workspace_invites', 'invite_tokens', 'invite_events', 'workspace_members']) {
      copy.sql(`ALTER TABLE ${table} SET (autovacuum_enabled = off)`);
    }
    postgres.settle();
    return await use(copy);
  } finally {
    postgres.server.sql(`DROP DATABASE ${copy.name} WITH (FORCE)`);
  }
}

export async function writes(options) {
  const gateway = gatewayBinary(options);
  const { database: origin, sizes } = load(gateway, options.invites);
  const baseline = baselineBinary(options.profile);
  const starts = {
    gateway: (database) => startGateway(gateway, database, options.log, { more: ARGUMENTS }),
    baseline: (database) => startBaseline(baseline, database, options.baselineConnections),
  };
  await withCopy(origin, async (database) => {
    const numbers = new Numbers(database, sizes);
    const counts = {};
    for (const name of options.mutations) {
      counts[name] = {};
      for (const [server, start] of Object.entries(starts)) counts[name][server] = await count(name, start, numbers);
      console.error(`${name}: ${JSON.stringify(counts[name])}`);
      const { trips, pings } = counts[name].gateway;
      // Some requests use another connection than those before, and prepare their statements.
      // A busy machine pings more often.
      if (options.smoke && Math.round(trips - pings) > MUTATIONS[name].trips) {
        throw new Error(`${name} costs the gateway ${trips - pings} round trips per request without pings; bench/mutations.mjs expects at most ${MUTATIONS[name].trips}`);
      }
    }
    const servers = [];
    try {
      for (const start of Object.values(starts)) servers.push(await start(database));
      await check(options.mutations, servers, numbers);
      const rows = withRatios(await matrix(servers, numbers, options));
      for (const name of options.mutations) {
        const { broken } = traces(database, name);
        if (broken > 0) throw new Error(`${name}: ${broken} invites disagree with their events`);
      }
      console.table(rows.map(({ query, connections, server, perSecond, p50, p99, serverCpu, databaseCpu, cpuRatio }) => ({
        query, connections, server, perSecond: Math.round(perSecond), p50: Math.round(p50), p99: Math.round(p99),
        serverCpu: Math.round(serverCpu), databaseCpu: Math.round(databaseCpu), cpuRatio: cpuRatio?.toFixed(2) ?? '',
      })));
      if (options.smoke) return;
      const { rounds, requests } = options;
      write('writes', { ...circumstances(gateway, options), sizes, rounds, requests, counts, rows }, options);
    } finally {
      await stopServers(servers);
    }
  });
}
