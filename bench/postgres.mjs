// The PostgreSQL server that bench/run started: databases, statement counts and processes.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { cpuOf } from './processes.mjs';

const { BENCH_POSTGRES_URL, BENCH_POSTGRES_PROGRAMS, BENCH_POSTGRES_PID } = process.env;

// Folder of PostgreSQL's client programs.
export const PROGRAMS = BENCH_POSTGRES_PROGRAMS;

export class Database {
  // `server` is the URL of any database on the server.
  constructor(name, server = BENCH_POSTGRES_URL) {
    this.name = name;
    this.server = server;
  }

  get url() {
    const url = new URL(this.server);
    url.pathname = `/${this.name}`;
    return url.href;
  }

  // Runs SQL and returns psql's output, without headings and with columns separated by `|`.
  sql(text) {
    const psql = join(PROGRAMS, 'psql');
    return execFileSync(psql, [this.url, '-XAtq', '-v', 'ON_ERROR_STOP=1'], {
      input: text,
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    }).trim();
  }

  // Returns the number of statements that clients executed since the server started, without those
  // of this function.
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

// Writes a checkpoint, so that the server does not write loaded data during a measurement.
export function settle() {
  server.sql('CHECKPOINT');
}

// Returns the CPU time of all processes of the server, in microseconds, or of another server, by
// its first process. The first process counts its children that have ended.
export function cpu(first = Number(BENCH_POSTGRES_PID)) {
  const children = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && parentOf(pid) === first);
  return children.reduce((sum, pid) => sum + cpuOf(pid).own, cpuOf(first).own + cpuOf(first).ended);
}

function parentOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    // The process ended after it was listed.
    return 0;
  }
}

