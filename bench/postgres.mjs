// The PostgreSQL server that bench/run started: its databases, its statements, and its processes.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { cpuOf } from './processes.mjs';

const { BENCH_POSTGRES_URL, BENCH_POSTGRES_PROGRAMS, BENCH_POSTGRES_PID } = process.env;

// The folder of psql and the like.
export const PROGRAMS = BENCH_POSTGRES_PROGRAMS;

export class Database {
  // `server` is the URL of any database of its server.
  constructor(name, server = BENCH_POSTGRES_URL) {
    this.name = name;
    this.server = server;
  }

  get url() {
    const url = new URL(this.server);
    url.pathname = `/${this.name}`;
    return url.href;
  }

  // Runs SQL, and gives what it prints, without headings, columns separated by `|`.
  sql(text) {
    const psql = join(PROGRAMS, 'psql');
    return execFileSync(psql, [this.url, '-XAtq', '-v', 'ON_ERROR_STOP=1'], {
      input: text,
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    }).trim();
  }

  // How often clients had a statement executed since the server was started, but for those that ask.
  statements() {
    return Number(this.sql(`SELECT coalesce(sum(calls), 0) FROM pg_stat_statements
      WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND query NOT LIKE '%pg_stat_statements%'`));
  }
}

export const server = new Database('postgres');

export function version() {
  return server.sql('SHOW server_version').split(' ')[0];
}

export function settings(names) {
  return Object.fromEntries(names.map((name) => [name, server.sql(`SHOW ${name}`)]));
}

export function exists(name) {
  return server.sql(`SELECT 1 FROM pg_database WHERE datname = '${name}'`) === '1';
}

// Writes what was loaded to disk, so that it is not written while something is measured.
export function settle() {
  server.sql('CHECKPOINT');
}

// CPU that all processes of the server have used, in microseconds, or those of another one, by its
// first process: those that have ended are in what
// the first process counts of its children.
export function cpu(first = Number(BENCH_POSTGRES_PID)) {
  const children = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && parentOf(pid) === first);
  return children.reduce((sum, pid) => sum + cpuOf(pid).own, cpuOf(first).own + cpuOf(first).ended);
}

function parentOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    // It ended between being listed and being read.
    return 0;
  }
}

