// Table of all queries: the gateway and the servers that it is compared with.
import { gatewayBinary } from './build.mjs';
import { check } from './check.mjs';
import { load } from './data.mjs';
import { matrix, print } from './matrix.mjs';
import { circumstances, withRatios, write } from './results.mjs';
import { startServers, stopServers } from './servers.mjs';

export async function table(options) {
  const gateway = gatewayBinary(options);
  const { database, sizes } = load(gateway, options.invites);
  const servers = await startServers(options.servers, { gateway, database, options });
  try {
    const statements = await check(options, servers, database, sizes);
    const targets = servers.map((server) => ({ server, database, sizes }));
    const rows = withRatios(await matrix(targets, { ...options, look: options.smoke }));
    print(rows);
    if (options.smoke) return;
    const { seconds, rounds, baselineConnections } = options;
    const of = circumstances(gateway, options);
    write('table', { ...of, sizes, seconds, rounds, baselineConnections, statements, rows }, options);
  } finally {
    await stopServers(servers);
  }
}
