// Measures queries at several numbers of connections. Rounds alternate between targets, so that a
// disturbance of the machine affects all of them.
import { requestsFile } from './load.mjs';
import { measure } from './measure.mjs';
import { QUERIES } from './queries.mjs';
import { median } from './results.mjs';

// A target is a server over a database: `{ server, database, sizes }`. Returns a row per query,
// number of connections and target. Figures are medians of the runs.
export async function matrix(targets, { queries, connections: numbers, rounds, seconds, warmUp, look }) {
  const rows = new Map();
  for (let round = 0; round < rounds; round += 1) {
    for (const query of queries) {
      // Alternates the order, because the first target warms the caches for the second.
      const turn = (round % 2 === 0 ? targets : targets.toReversed()).filter(({ server }) => server.supports(query));
      const files = turn.map((target) => fileOf(query, target));
      for (const connections of numbers) {
        for (const [index, { server, database, sizes }] of turn.entries()) {
          const measured = await measure(server, files[index], database, { connections, seconds, warmUp, look });
          const of = { query, connections, server: server.name, invites: sizes.invites };
          const key = Object.values(of).join(' ');
          if (!rows.has(key)) rows.set(key, { ...of, runs: [] });
          rows.get(key).runs.push(measured);
          console.error(`round ${round + 1}: ${key}: ${measured.perSecond.toFixed(0)}/s, p50 ${(measured.p50 / 1000).toFixed(2)} ms`);
        }
      }
    }
  }
  return [...rows.values()].map(({ runs, ...of }) => ({ ...of, ...medians(runs), runs }));
}

// Writes all requests of a query to a target to a file.
function fileOf(query, { server, sizes }) {
  const requests = QUERIES[query].parameters(sizes).map((parameter) => server.requestOf(QUERIES[query], parameter));
  return requestsFile(`${server.name}-${sizes.invites}-${query}`, requests);
}

// Returns the medians of the figures of several runs.
export function medians(runs) {
  return Object.fromEntries(Object.keys(runs[0]).map((key) => [key, median(runs.map((run) => run[key]))]));
}

const COLUMNS = {
  query: ({ query }) => query,
  conns: ({ connections }) => connections,
  invites: ({ invites }) => invites,
  server: ({ server }) => server,
  'responses/s': ({ perSecond }) => perSecond.toFixed(0),
  'p50 ms': ({ p50 }) => (p50 / 1000).toFixed(2),
  'p99 ms': ({ p99 }) => (p99 / 1000).toFixed(2),
  'server µs': ({ serverCpu }) => serverCpu.toFixed(0),
  'database µs': ({ databaseCpu }) => databaseCpu.toFixed(0),
  statements: ({ statements }) => statements.toFixed(2),
  'RSS MiB': ({ resident }) => (resident / 2 ** 20).toFixed(1),
  'peak MiB': ({ peak }) => (peak / 2 ** 20).toFixed(1),
  'CPU ratio': ({ cpuRatio }) => cpuRatio?.toFixed(2) ?? '',
  'responses ratio': ({ throughputRatio }) => throughputRatio?.toFixed(2) ?? '',
};

// Prints rows as a table.
export function print(rows) {
  const names = Object.keys(COLUMNS);
  const lines = [names, ...rows.map((row) => Object.values(COLUMNS).map((column) => String(column(row))))];
  const widths = names.map((_, index) => Math.max(...lines.map((line) => line[index].length)));
  for (const line of lines) {
    console.log(line.map((cell, index) => cell.padStart(widths[index])).join('  '));
  }
}
