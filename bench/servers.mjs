// The servers under test: how each is started, and what it is sent.
import { spawn } from 'node:child_process';
import { mkdirSync, openSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

import { FOLDER, baselineBinary } from './build.mjs';
import { toBaseline, toGraphQL } from './queries.mjs';
import { SECRET } from './tokens.mjs';

const STARTING = 30_000; // ms

export async function freePort() {
  const holder = createServer();
  await new Promise((resolve) => holder.listen(0, '127.0.0.1', resolve));
  const { port } = holder.address();
  await new Promise((resolve) => holder.close(resolve));
  return port;
}

// A running server: `pid`, `url`, and what a query with a parameter is as a request to it.
class Server {
  constructor(name, child, url, requestOf) {
    Object.assign(this, { name, child, pid: child.pid, url, requestOf });
  }

  // Whether the server has an answer to a query of that name.
  answers() {
    return true;
  }

  async stop() {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGTERM');
    await ended;
  }

  // The answer to one request: its status, and its JSON if it has any.
  async ask({ method, path, token, body }) {
    const headers = { accept: 'application/graphql-response+json, application/json' };
    if (token !== undefined) headers.authorization = `Bearer ${token}`;
    if (body !== undefined) headers['content-type'] = 'application/json';
    const response = await fetch(this.url + path, { method, headers, body });
    const text = await response.text();
    return { status: response.status, json: text.startsWith('{') ? JSON.parse(text) : undefined };
  }
}

const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

// Starts a program whose output goes to a file, and waits until `path` is answered.
async function start(name, program, args, env, port, path, requestOf) {
  mkdirSync(FOLDER, { recursive: true });
  const log = openSync(join(FOLDER, `${name}.log`), 'w');
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', log, log] });
  running.add(child);
  child.once('exit', () => running.delete(child));
  const server = new Server(name, child, `http://127.0.0.1:${port}`, requestOf);
  const deadline = performance.now() + STARTING;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${name} ended as it was started: see ${FOLDER}/${name}.log`);
    const status = await fetch(server.url + path).then((response) => response.status, () => undefined);
    if (status === 200) return server;
    if (performance.now() > deadline) throw new Error(`${name} does not answer: see ${FOLDER}/${name}.log`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export function gatewayArguments(database, port, log) {
  return ['serve', '--database-url', database.url, '--listen', `127.0.0.1:${port}`, '--jwt-secret', SECRET, '--log', log];
}

async function startGateway(binary, database, log) {
  const port = await freePort();
  return start('gateway', binary, gatewayArguments(database, port, log), {}, port, '/health/ready', toGraphQL);
}

async function startBaseline(binary, database, connections) {
  const port = await freePort();
  const env = {
    DATABASE_URL: database.url,
    LISTEN: `127.0.0.1:${port}`,
    JWT_SECRET: SECRET,
    CONNECTIONS: String(connections),
  };
  return start('baseline', binary, [], env, port, '/q1/none', toBaseline);
}

// The servers of those names, built and started.
export async function startServers(names, { gateway, database, options }) {
  const starts = {
    gateway: () => startGateway(gateway, database, options.log),
    baseline: () => startBaseline(baselineBinary(options.profile), database, options.baselineConnections),
  };
  const servers = [];
  for (const name of names) {
    if (!(name in starts)) throw new Error(`there is no server '${name}', but ${Object.keys(starts).join(', ')}`);
    servers.push(await starts[name]());
  }
  return servers;
}

export async function stopServers(servers) {
  await Promise.all(servers.map((server) => server.stop()));
}
