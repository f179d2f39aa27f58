// Import: workspace invites per second, from a file into tables with all their indexes. Compared
// with psql's `\copy` of the same rows into the same tables.
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

import { FOLDER, gatewayBinary } from './build.mjs';
import { Database, server, settle } from './postgres.mjs';
import { memoryOf } from './processes.mjs';
import { circumstances, median, write } from './results.mjs';

const WORKSPACES = 2_000;
const USERS = 20_000;
const START = Date.UTC(2026, 0, 1);
const LINES_A_WRITE = 2_000;
const LOOK = 20; // ms between samples of a process's memory

// Primes, so that their multiples are spread evenly over any modulus.
const SPREAD = 7919;
const WIDE_SPREAD = 104_729;

export async function imports(options) {
  const gateway = gatewayBinary(options);
  const rows = options.invites;
  const files = writeFiles(rows);
  const rounds = { import: [], again: [], update: [], copy: [], sqlite: [] };
  for (let round = 0; round < options.rounds; round += 1) {
    await onPostgres(gateway, files, rows, rounds);
    await onSqlite(gateway, files, rows, rounds);
  }
  const rate = (runs) => Math.round(rows / median(runs.map((run) => run.seconds)));
  const peak = (runs) => Math.round(Math.max(...runs.map((run) => run.peak)) / 1024);
  const { postgres: about, ...rest } = circumstances(gateway, options);
  const results = {
    ...rest,
    server: about,
    rows,
    postgres: {
      rowsPerSecond: rate(rounds.import),
      againRowsPerSecond: rate(rounds.again),
      updateRowsPerSecond: rate(rounds.update),
      copyRowsPerSecond: rate(rounds.copy),
      peakKiB: peak([...rounds.import, ...rounds.again, ...rounds.update]),
    },
    sqlite: { rowsPerSecond: rate(rounds.sqlite), peakKiB: peak(rounds.sqlite) },
  };
  console.log(JSON.stringify(results, null, 1));
  for (const file of Object.values(files)) rmSync(file);
  if (!options.smoke) write('import', results, options);
}

// Writes import files: the objects that invites refer to, and the invites. The same number gives
// the same files everywhere. Invites are in order of creation, as in an export, and refer to users
// and workspaces in random order.
function writeFiles(rows) {
  mkdirSync(FOLDER, { recursive: true });
  const file = (name, count, row) => {
    const path = join(FOLDER, `import-${name}.ndjson`);
    const out = openSync(path, 'w');
    for (let first = 1; first <= count; first += LINES_A_WRITE) {
      let text = '';
      for (let id = first; id < first + LINES_A_WRITE && id <= count; id += 1) {
        text += `${JSON.stringify(row(id))}\n`;
      }
      writeSync(out, text);
    }
    closeSync(out);
    return path;
  };
  const made = new Date(START).toISOString();
  return {
    users: file('users', USERS, (id) => ({
      id, username: `user-${id}`, full_name: `User ${id}`, email: `user-${id}@example.com`, created_at: made,
    })),
    workspaces: file('workspaces', WORKSPACES, (id) => ({ id, name: `Workspace ${id}`, created_at: made })),
    invites: file('invites', rows, invite),
    changed: file('changed', rows, (n) => ({ ...invite(n), role: 'changed' })),
  };
}

function invite(n) {
  const hex = createHash('md5').update(`invite ${n}`).digest('hex');
  const token = [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20)];
  const created = START + n * 1000;
  const accepted = n % 5 === 0;
  return {
    token: token.join('-'),
    email: `${hex.slice(3, 12)}@Example${n % 50}.com`,
    workspace_id: 1 + ((n * SPREAD) % WORKSPACES),
    inviter_id: 1 + ((n * WIDE_SPREAD) % USERS),
    role: ['admin', 'member', 'guest'][n % 3],
    message: n % 4 === 0 ? `Come and build with us: "${hex.slice(0, 6)}"` : '',
    status: accepted ? 'accepted' : 'pending',
    created_at: new Date(created).toISOString(),
    expires_at: new Date(created + 14 * 86_400_000).toISOString(),
    accepted_at: accepted ? new Date(created + 3_600_000).toISOString() : null,
    accepted_by_id: accepted ? 1 + ((n * SPREAD) % USERS) : null,
  };
}

async function onPostgres(gateway, files, rows, rounds) {
  const database = await freshDatabase(gateway, files);
  rounds.import.push(await load(gateway, 'workspace-invites', files.invites, database.url));
  holds(Number(database.sql('SELECT count(*) FROM workspace_invites')), rows);
  const columns = database.sql(`SELECT string_agg(column_name, ',' ORDER BY ordinal_position)
    FROM information_schema.columns WHERE table_name = 'workspace_invites'`);
  const text = join(FOLDER, 'import-invites.tsv');
  const copy = (from, words) =>
    from.sql(`\\copy ${words.replace('FILE', `'${text}'`)}`);
  copy(database, `(SELECT ${columns} FROM workspace_invites ORDER BY id) TO FILE`);
  settle();
  rounds.again.push(await load(gateway, 'workspace-invites', files.invites, database.url));
  settle();
  rounds.update.push(await load(gateway, 'workspace-invites', files.changed, database.url));
  holds(Number(database.sql("SELECT count(*) FROM workspace_invites WHERE role = 'changed'")), rows);

  const other = await freshDatabase(gateway, files);
  const began = performance.now();
  copy(other, `workspace_invites (${columns}) FROM FILE`);
  rounds.copy.push({ seconds: (performance.now() - began) / 1000 });
  holds(Number(other.sql('SELECT count(*) FROM workspace_invites')), rows);
  drop(other);
  rmSync(text);
}

// Creates a database with the objects that invites refer to, and analyzes it.
async function freshDatabase(gateway, files) {
  const database = new Database('bench_import');
  drop(database);
  server.sql(`CREATE DATABASE ${database.name}`);
  await prepare(gateway, files, database.url);
  database.sql('VACUUM (ANALYZE)');
  settle();
  return database;
}

function drop({ name }) {
  server.sql(`SET client_min_messages = warning; DROP DATABASE IF EXISTS ${name}`);
}

async function onSqlite(gateway, files, rows, rounds) {
  const path = join(FOLDER, 'import.db');
  const remove = () => ['', '-wal', '-shm'].forEach((end) => rmSync(path + end, { force: true }));
  remove();
  const url = `sqlite://${path}`;
  await prepare(gateway, files, url);
  const run = await load(gateway, 'workspace-invites', files.invites, url);
  holds(run.written, rows);
  rounds.sqlite.push(run);
  remove();
}

async function prepare(gateway, files, url) {
  execFileSync(gateway, ['migrate', 'up', '--database-url', url], { stdio: ['ignore', 'ignore', 'inherit'] });
  await load(gateway, 'users', files.users, url);
  await load(gateway, 'workspaces', files.workspaces, url);
}

// Imports a file. Returns the seconds that the process ran, its peak memory in bytes, and the
// number of rows that it reports as written.
async function load(gateway, kind, file, url) {
  const began = performance.now();
  const child = spawn(gateway, ['import', kind, file, '--database-url', url], { stdio: ['ignore', 'pipe', 'pipe'] });
  const words = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr']) child[stream].setEncoding('utf8').on('data', (text) => (words[stream] += text));
  let peak = 0;
  const look = setInterval(() => {
    try {
      peak = Math.max(peak, memoryOf(child.pid).peak);
    } catch {
      // The process has ended: the last sample counts.
    }
  }, LOOK);
  const status = await new Promise((resolve) => child.once('close', resolve));
  const seconds = (performance.now() - began) / 1000;
  clearInterval(look);
  if (status !== 0) throw new Error(`import ${kind} exited with ${status}: ${words.stderr}`);
  console.error(`${url.split(':')[0]}: ${words.stdout.trim()}`);
  return { seconds, peak, written: Number(/(\d+) written/.exec(words.stdout)[1]) };
}

function holds(found, expected) {
  if (found !== expected) throw new Error(`the table has ${found} rows, expected ${expected}`);
}
