// Growth: measures the cost of a thousand times the data.
import { gatewayBinary } from './build.mjs';
import { check } from './check.mjs';
import { load } from './data.mjs';
import { matrix, print } from './matrix.mjs';
import { circumstances, write } from './results.mjs';
import { startServers, stopServers } from './servers.mjs';

const SIZES = [10_000, 10_000_000];
const TINY_SIZES = [5_000, 20_000];
const QUERIES = ['Q1', 'Q4'];

export async function growth(options) {
  const gateway = gatewayBinary(options);
  const loaded = (options.smoke ? TINY_SIZES : SIZES).map((invites) => load(gateway, invites));
  // Both sizes have the same number of big courses, because requests for the same page share loads.
  const bigCourses = Math.min(...loaded.map(({ sizes }) => sizes.bigCourses));
  for (const one of loaded) one.sizes = { ...one.sizes, bigCourses };
  const targets = [];
  try {
    const statements = {};
    for (const { database, sizes } of loaded) {
      const servers = await startServers(options.servers, { gateway, database, options });
      targets.push(...servers.map((server) => ({ server, database, sizes })));
      statements[sizes.invites] = await check({ ...options, queries: QUERIES }, servers, database, sizes);
    }
    const connections = options.connections.filter((number) => number === 1 || number === 64);
    const rows = await matrix(targets, { ...options, queries: QUERIES, connections });
    print(rows);
    if (options.smoke) return;
    const { seconds, rounds, baselineConnections } = options;
    const sizes = loaded.map(({ sizes: of }) => of);
    write('growth', { ...circumstances(gateway, options), sizes, seconds, rounds, baselineConnections, statements, rows }, options);
  } finally {
    await stopServers(targets.map(({ server }) => server));
  }
}
