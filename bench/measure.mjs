// A single measured run.
import os from 'node:os';

import { drive } from './load.mjs';
import * as postgres from './postgres.mjs';
import { cpuOf, memoryOf } from './processes.mjs';

// Drives a server after a warm-up. Returns times in microseconds, CPU and statements per request,
// and memory in bytes.
export async function measure(server, file, database, { connections, seconds, warmUp, look }) {
  await drive(server.url, file, { connections, seconds: warmUp });
  const statements = database.statements();
  const [serverCpu, databaseCpu] = [cpuOf(server.pid).own, postgres.cpu()];
  const outcome = await drive(server.url, file, { connections, seconds, look });
  const { requests } = outcome;
  return {
    requests,
    perSecond: requests / (outcome.micros / 1e6),
    p50: outcome.p50,
    p99: outcome.p99,
    serverCpu: (cpuOf(server.pid).own - serverCpu) / requests,
    databaseCpu: (postgres.cpu() - databaseCpu) / requests,
    statements: (database.statements() - statements) / requests,
    bytes: outcome.bytes / requests,
    ...memoryOf(server.pid),
    // The load average shows if other programs disturbed the run.
    loadAverage: os.loadavg()[0],
  };
}
