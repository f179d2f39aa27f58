// Stores results as JSON, with their environment.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';

import { ROOT, commit, describeBinary } from './build.mjs';
import { settings, version } from './postgres.mjs';

const RESULTS = join(ROOT, 'bench/results');

// Returns the date, the machine and the measured binary.
export function circumstances(gateway, options) {
  return {
    date: new Date().toISOString(),
    commit: commit(),
    gateway: { ...describeBinary(gateway), profile: options.builtWith, log: options.log },
    machine: {
      cores: os.availableParallelism(),
      cpu: os.cpus()[0].model,
      memory: os.totalmem(),
      kernel: os.release(),
    },
    postgres: {
      version: version(),
      ...settings(['shared_buffers', 'jit', 'fsync', 'max_connections', 'random_page_cost', 'effective_cache_size']),
    },
  };
}

// Writes results. The file has a unique name, unless the results are recorded.
export function write(name, results, { record }) {
  mkdirSync(RESULTS, { recursive: true });
  const stamp = results.date.replaceAll(/[:.]/g, '-');
  const file = join(RESULTS, record ? `${name}.json` : `${name}-${stamp}.json`);
  writeFileSync(file, `${JSON.stringify(results, null, 1)}\n`);
  console.error(`written: ${file}`);
}

// Returns the recorded results of that name, if any.
export function read(name) {
  try {
    return JSON.parse(readFileSync(join(RESULTS, `${name}.json`), 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

export function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

// Adds to each row its ratio to the baseline's row of the same kind.
export function withRatios(rows) {
  return rows.map((row) => {
    const baseline = rows.find(
      ({ query, connections, server }) => query === row.query && connections === row.connections && server === 'baseline',
    );
    if (baseline === undefined || baseline === row) return row;
    return {
      ...row,
      cpuRatio: (row.serverCpu + row.databaseCpu) / (baseline.serverCpu + baseline.databaseCpu),
      throughputRatio: row.perSecond / baseline.perSecond,
    };
  });
}
