// Scaling: one gateway, three behind a proxy, and three that read from a hot standby. All share the
// cores of one machine, so this shows where CPU is spent, not how fast more machines are.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import os from 'node:os';
import { createInterface } from 'node:readline';

import { gatewayBinary } from './build.mjs';
import { check } from './check.mjs';
import { load } from './data.mjs';
import { drive, requestsFile } from './load.mjs';
import * as postgres from './postgres.mjs';
import { cpuOf } from './processes.mjs';
import { QUERIES, toGraphQL } from './queries.mjs';
import { circumstances, median, write } from './results.mjs';
import { startGateway, startProxy, stopServers } from './servers.mjs';
import { Standby } from './standby.mjs';

const GATEWAYS = 3;
const CONNECTIONS = 64;
const SELECTED = ['Q1', 'Q4'];
const FRESH = 200;
const FIRST_FRESH = 9_000_000_000;

export async function scaling(options) {
  const gateway = gatewayBinary(options);
  const { database, sizes } = load(gateway, options.invites);
  const started = [];
  const standby = await Standby.start();
  try {
    const startOne = async (name, replica) => {
      const server = await startGateway(gateway, database, options.log, { name, replica });
      started.push(server);
      return server;
    };
    const startBehindProxy = async (name, replica) => {
      const gateways = [];
      for (let n = 1; n <= GATEWAYS; n += 1) gateways.push(await startOne(`${name}-${n}`, replica));
      const proxy = await startProxy(name, gateways);
      started.push(proxy);
      return { name, server: proxy, gateways, proxy };
    };
    const one = await startOne('one');
    const copy = standby.database(database.name);
    const targets = [
      { name: 'one', server: one, gateways: [one] },
      await startBehindProxy('three'),
      await startBehindProxy('three-standby', copy),
    ];
    await standby.hasReplayed();
    await check({ queries: SELECTED, smoke: false }, targets.map(({ server }) => server), database, sizes);

    const rows = await measured(targets, { database, copy, standby, sizes, options });
    print(rows);
    // Connections of all gateways after load: kept ones, and those that pools have not closed yet.
    const open = { gateways: 1 + 2 * GATEWAYS, primary: connectionsTo(database), standby: connectionsTo(copy) };
    const fresh = await freshCodes(targets.at(-1).server, { database, standby });
    console.log(JSON.stringify({ open, fresh }));
    if (fresh.found !== fresh.asked) throw new Error(`of ${fresh.asked} new codes, only ${fresh.found} were found`);
    if (options.smoke) return;
    const { seconds, rounds } = options;
    const proxy = execFileSync('haproxy', ['-v'], { encoding: 'utf8' }).split('\n')[0];
    const of = circumstances(gateway, options);
    write('scaling', { ...of, proxy, gateways: GATEWAYS, connections: CONNECTIONS, sizes, seconds, rounds, rows, open, fresh }, options);
  } finally {
    // Stops the proxies first, because they would report missing gateways.
    await stopServers(started.toReversed());
    await standby.stop();
  }
}

function connectionsTo(database) {
  return Number(database.sql(`SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()`));
}

// Returns a row per query and target. Figures are medians of the runs.
async function measured(targets, { database, copy, standby, sizes, options }) {
  const runs = new Map();
  for (let round = 0; round < options.rounds; round += 1) {
    for (const query of SELECTED) {
      const requests = QUERIES[query].parameters(sizes).map((parameter) => toGraphQL(QUERIES[query], parameter));
      const file = requestsFile(`scaling-${query}`, requests);
      for (const target of round % 2 === 0 ? targets : targets.toReversed()) {
        const run = await measure(target, file, { database, copy, standby, ...options });
        const key = `${query} ${target.name}`;
        if (!runs.has(key)) runs.set(key, { query, target: target.name, runs: [] });
        runs.get(key).runs.push(run);
        console.error(`round ${round + 1}: ${key}: ${run.perSecond.toFixed(0)}/s`);
      }
    }
  }
  return [...runs.values()].map(({ runs: all, ...of }) => {
    const medians = Object.keys(all[0]).map((key) => [key, median(all.map((run) => run[key]))]);
    return { ...of, ...Object.fromEntries(medians), runs: all };
  });
}

// Returns a measured run: times and CPU per request in microseconds, and statements per request.
async function measure({ server, gateways, proxy }, file, { database, copy, standby, seconds, warmUp, smoke }) {
  await drive(server.url, file, { connections: CONNECTIONS, seconds: warmUp });
  const spent = () => ({
    gatewayCpu: gateways.reduce((sum, { pid }) => sum + cpuOf(pid).own, 0),
    proxyCpu: proxy === undefined ? 0 : cpuOf(proxy.pid).own,
    primaryCpu: postgres.cpu(),
    standbyCpu: postgres.cpu(standby.pid),
    primaryStatements: database.statements(),
    standbyStatements: copy.statements(),
  });
  const before = spent();
  const outcome = await drive(server.url, file, { connections: CONNECTIONS, seconds, look: smoke });
  const after = spent();
  const { requests, micros, p50, p99 } = outcome;
  const each = Object.keys(before).map((key) => [key, (after[key] - before[key]) / requests]);
  const loadAverage = os.loadavg()[0];
  return { requests, perSecond: requests / (micros / 1e6), p50, p99, ...Object.fromEntries(each), loadAverage };
}

// Creates codes on the primary, and looks each up at once. Returns how many were found complete,
// and how many look-ups needed the primary.
async function freshCodes(server, { database, standby }) {
  const writer = new Writer(database);
  const lookUps = () =>
    Number(database.sql(`SELECT coalesce(sum(calls), 0) FROM pg_stat_statements
      WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND query LIKE '%"code" = ANY%'`));
  const clear = `DELETE FROM invite_code_tags WHERE invite_code_id >= ${FIRST_FRESH}; DELETE FROM invite_codes WHERE id >= ${FIRST_FRESH};`;
  try {
    await writer.done(clear);
    await standby.hasReplayed();
    const before = lookUps();
    let found = 0;
    for (let n = 0; n < FRESH; n += 1) {
      const id = FIRST_FRESH + n;
      const code = `FRESH-${n}`;
      await writer.done(`BEGIN;
        INSERT INTO invite_codes (id, code, role, generated_at) VALUES (${id}, '${code}', 'member', now());
        INSERT INTO invite_code_tags (invite_code_id, tag_id) VALUES (${id}, 1), (${id}, 2);
        COMMIT;`);
      const { json } = await server.query(toGraphQL(QUERIES.Q1, { code }));
      const { inviteCode } = json?.data ?? {};
      if (inviteCode?.code === code && inviteCode.tags.length === 2) found += 1;
    }
    return { asked: FRESH, found, onPrimary: lookUps() - before };
  } finally {
    await writer.done(clear);
    await writer.end();
  }
}

// A psql session that writes. Right after `done`, the standby has not replayed the row yet.
class Writer {
  constructor(database) {
    const args = [database.url, '-XAtq', '-v', 'ON_ERROR_STOP=1'];
    this.child = spawn(join(postgres.PROGRAMS, 'psql'), args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.ended = once(this.child, 'exit');
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  async done(sql) {
    this.child.stdin.write(`${sql}\n\\echo done\n`);
    const line = await this.lines.next();
    if (line.value !== 'done') throw new Error(`psql printed ${JSON.stringify(line)}`);
  }

  async end() {
    this.child.stdin.end();
    await this.ended;
  }
}

export const COLUMNS = {
  query: ({ query }) => query,
  gateways: ({ target }) => target,
  'responses/s': ({ perSecond }) => perSecond.toFixed(0),
  'p50 ms': ({ p50 }) => (p50 / 1000).toFixed(2),
  'p99 ms': ({ p99 }) => (p99 / 1000).toFixed(2),
  'CPU of gateways, µs': ({ gatewayCpu }) => gatewayCpu.toFixed(0),
  'of proxy': ({ proxyCpu }) => proxyCpu.toFixed(0),
  'of primary': ({ primaryCpu }) => primaryCpu.toFixed(0),
  'of standby': ({ standbyCpu }) => standbyCpu.toFixed(0),
  'statements to primary': ({ primaryStatements }) => primaryStatements.toFixed(2),
  'to standby': ({ standbyStatements }) => standbyStatements.toFixed(2),
};

function print(rows) {
  console.table(rows.map((row) => Object.fromEntries(Object.entries(COLUMNS).map(([name, of]) => [name, of(row)]))));
}
