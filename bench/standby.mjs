// Streaming hot standby of the PostgreSQL server that bench/run started, on loopback.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, openSync, rmSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';

import { Database, PROGRAMS, server } from './postgres.mjs';
import { freePort } from './servers.mjs';

const STARTING = 60_000; // ms

// PostgreSQL refuses to run as root.
const OWNER = process.getuid() === 0 ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--init-groups'] : [];

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

function asOwner(program, args) {
  const [first, ...more] = [...OWNER, join(PROGRAMS, program), ...args];
  return [first, more];
}

export class Standby {
  // Copies the primary's data and starts streaming. Fails after a minute.
  static async start() {
    const folder = mkdtempSync(join(os.tmpdir(), 'bench-standby-'));
    const standby = new Standby(folder);
    try {
      if (OWNER.length > 0) execFileSync('chown', ['postgres', folder]);
      const data = join(folder, 'data');
      const options = { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] };
      execFileSync(...asOwner('pg_basebackup', ['-D', data, '-R', '-c', 'fast', '--no-sync', '-d', server.url]), options);
      const port = await freePort();
      const settings = {
        port,
        listen_addresses: '127.0.0.1',
        unix_socket_directories: '',
        fsync: 'off',
        // A standby must allow as many connections as its primary.
        max_connections: server.sql('SHOW max_connections'),
        shared_preload_libraries: 'pg_stat_statements',
        shared_buffers: server.sql('SHOW shared_buffers'),
        effective_cache_size: server.sql('SHOW effective_cache_size'),
      };
      const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
      const log = openSync(join(folder, 'log'), 'w');
      standby.child = spawn(...asOwner('postgres', ['-D', data, ...args]), { cwd: folder, stdio: ['ignore', log, log] });
      standby.url = `postgres://postgres@127.0.0.1:${port}/postgres`;
      await standby.isUp();
      return standby;
    } catch (error) {
      await standby.stop();
      throw error;
    }
  }

  constructor(folder) {
    this.folder = folder;
  }

  get pid() {
    return this.child.pid;
  }

  // Returns the copy of a database of the primary.
  database(name) {
    return new Database(name, this.url);
  }

  async isUp() {
    const deadline = performance.now() + STARTING;
    while (spawnSync(join(PROGRAMS, 'pg_isready'), ['-q', '-d', this.url]).status !== 0) {
      if (this.child.exitCode !== null) throw new Error(`the standby exited on start with status ${this.child.exitCode}`);
      if (performance.now() > deadline) throw new Error('the standby does not respond');
      await pause(100);
    }
    await this.hasReplayed();
  }

  // Waits until it has replayed all that the primary has written so far.
  async hasReplayed() {
    const written = server.sql('SELECT pg_current_wal_lsn()');
    const deadline = performance.now() + STARTING;
    while (this.database('postgres').sql(`SELECT pg_last_wal_replay_lsn() >= '${written}'`) !== 't') {
      if (performance.now() > deadline) throw new Error('the standby does not follow the primary');
      await pause(50);
    }
  }

  async stop() {
    if (this.child !== undefined && this.child.exitCode === null && this.child.signalCode === null) {
      const ended = new Promise((resolve) => this.child.once('exit', resolve));
      this.child.kill('SIGINT'); // fast
      await ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}
