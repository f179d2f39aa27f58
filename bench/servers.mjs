// Servers under test: how to start each, and how to query it.
import { spawn } from 'node:child_process';
import { mkdirSync, openSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { FOLDER, baselineBinary } from './build.mjs';
import { PEERS } from './peers.mjs';
import { QUERIES, toBaseline, toGraphQL } from './queries.mjs';
import { SECRET } from './tokens.mjs';

const STARTING = 30_000; // ms

export async function freePort() {
  const holder = createServer();
  await new Promise((resolve) => holder.listen(0, '127.0.0.1', resolve));
  const { port } = holder.address();
  await new Promise((resolve) => holder.close(resolve));
  return port;
}

// A running server. Its `dialect` converts a query and a parameter to a request (`requestOf`),
// lists the queries that it supports (`supports`), and states if responses must equal the gateway's
// (`isOurs`).
class Server {
  constructor(name, child, url, dialect) {
    Object.assign(this, { name, child, pid: child.pid, url }, dialect);
  }

  async stop() {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGTERM');
    await ended;
  }

  // Sends a request. Returns the response's status, and its JSON if it has any.
  async query({ method, path, token, body }) {
    const headers = { accept: 'application/graphql-response+json, application/json' };
    if (token !== undefined) headers.authorization = `Bearer ${token}`;
    if (body !== undefined) headers['content-type'] = 'application/json';
    const response = await fetch(this.url + path, { method, headers, body });
    const text = await response.text();
    return { status: response.status, json: text.startsWith('{') ? JSON.parse(text) : undefined };
  }
}

const every = () => true;
const GATEWAY = { requestOf: toGraphQL, supports: every, isOurs: true };
const BASELINE = { requestOf: toBaseline, supports: every, isOurs: true };

const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

// Starts a program with its output in a file, and waits until a request succeeds.
async function start(name, program, args, env, port, probe, dialect) {
  mkdirSync(FOLDER, { recursive: true });
  const log = openSync(join(FOLDER, `${name}.log`), 'w');
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', log, log] });
  running.add(child);
  child.once('exit', () => running.delete(child));
  const server = new Server(name, child, `http://127.0.0.1:${port}`, dialect);
  const deadline = performance.now() + STARTING;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${name} exited on start: see ${FOLDER}/${name}.log`);
    const response = await server.query(probe).catch(() => undefined);
    if (response?.status === 200) return server;
    if (performance.now() > deadline) {
      await server.stop();
      throw new Error(`${name} does not respond: see ${FOLDER}/${name}.log`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export function gatewayArguments(database, port, log, replica) {
  const standby = replica === undefined ? [] : ['--database-replica-url', replica.url];
  return ['serve', ...standby, '--database-url', database.url, '--listen', `127.0.0.1:${port}`, '--jwt-secret', SECRET, '--log-level', log];
}

const READY = { method: 'GET', path: '/health/ready' };

// Rate limits that count every request but refuse none, since all come from one address.
const QUOTAS = {
  GATEWAY_RATE_LIMIT_REQUESTS: '4000000000',
  GATEWAY_RATE_LIMIT_COST: '4000000000',
  GATEWAY_RATE_LIMIT_MISSED_LOOKUPS: '4000000000',
  GATEWAY_RATE_LIMIT_MUTATIONS: '4000000000',
  GATEWAY_RATE_LIMIT_WRITTEN_ROWS: '4000000000',
  // The load comes from one address and few users.
  GATEWAY_MAX_CONNECTIONS_PER_CLIENT: '10000',
  GATEWAY_MAX_IN_FLIGHT: '4096',
};

// `replica` is a database to read from. `environment` may set other quotas, and `more` other arguments.
export async function startGateway(binary, database, log, { name = 'gateway', replica, environment = QUOTAS, more = [] } = {}) {
  const port = await freePort();
  return start(name, binary, [...gatewayArguments(database, port, log, replica), ...more], environment, port, READY, GATEWAY);
}

// Starts HAProxy in front of gateways, with round robin. It has one thread, as it shares the
// machine.
export async function startProxy(name, gateways) {
  const port = await freePort();
  const lines = gateways.map(({ name: of, url }) => `  server ${of} ${new URL(url).host} check`);
  const config = `global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend gateway
  bind 127.0.0.1:${port}
  default_backend gateways
backend gateways
  balance roundrobin
  option httpchk GET ${READY.path}
${lines.join('\n')}
`;
  mkdirSync(FOLDER, { recursive: true });
  const file = join(FOLDER, `${name}.cfg`);
  writeFileSync(file, config);
  return start(name, 'haproxy', ['-db', '-f', file], {}, port, READY, GATEWAY);
}

export async function startBaseline(binary, database, connections) {
  const port = await freePort();
  const env = {
    DATABASE_URL: database.url,
    LISTEN: `127.0.0.1:${port}`,
    JWT_SECRET: SECRET,
    CONNECTIONS: String(connections),
  };
  return start('baseline', binary, [], env, port, { method: 'GET', path: '/q1/none' }, BASELINE);
}

async function startPostgraphile(database) {
  const folder = fileURLToPath(new URL('postgraphile', import.meta.url));
  const port = await freePort();
  const spelled = PEERS.postgraphile;
  const dialect = {
    requestOf: (query, parameter) => {
      const name = Object.keys(QUERIES).find((key) => QUERIES[key] === query);
      return toGraphQL(spelled[name], { ...parameter, user: undefined });
    },
    supports: (name) => name in spelled,
    isOurs: false,
  };
  const env = { DATABASE_URL: database.url, PORT: String(port), NODE_ENV: 'production', GRAPHILE_ENV: 'production' };
  const probe = { method: 'POST', path: '/graphql', body: JSON.stringify({ query: '{ __typename }' }) };
  // PostGraphile needs a later Node.js, which is one of its packages.
  const node = join(folder, 'node_modules/.bin/node');
  return start('postgraphile', node, [join(folder, 'server.mjs')], env, port, probe, dialect);
}

// Builds and starts the servers of those names.
export async function startServers(names, { gateway, database, options }) {
  const starts = {
    gateway: () => startGateway(gateway, database, options.log),
    postgraphile: () => startPostgraphile(database),
    baseline: () => startBaseline(baselineBinary(options.profile), database, options.baselineConnections),
  };
  const servers = [];
  try {
    for (const name of names) {
      if (!(name in starts)) throw new Error(`unknown server '${name}': expected ${Object.keys(starts).join(', ')}`);
      servers.push(await starts[name]());
    }
    return servers;
  } catch (error) {
    await stopServers(servers);
    throw error;
  }
}

export async function stopServers(servers) {
  await Promise.all(servers.map((server) => server.stop()));
}
