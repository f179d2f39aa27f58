// The table: Q1 to Q4 at several numbers of connections, each server in turn, over and over.
import { gatewayBinary } from './build.mjs';
import { sameAnswers, statementsOf } from './check.mjs';
import { load } from './data.mjs';
import { requestsFile } from './load.mjs';
import { measure } from './measure.mjs';
import { QUERIES } from './queries.mjs';
import { circumstances, median, write } from './results.mjs';
import { startServers } from './servers.mjs';

export async function table(options) {
  const gateway = gatewayBinary(options);
  const { database, sizes } = load(gateway, options.invites);
  const servers = await startServers(options.servers, { gateway, database, options });
  try {
    const results = {
      ...circumstances(gateway, options),
      sizes,
      seconds: options.seconds,
      rounds: options.rounds,
      baselineConnections: options.baselineConnections,
      statements: await check(options, servers, database, sizes),
      rows: [],
    };
    const runs = await rounds(options, servers, database, sizes);
    results.rows = [...runs.values()].map(({ query, connections, server, measured }) => ({
      query,
      connections,
      server,
      ...medians(measured),
      runs: measured,
    }));
    addRatios(results.rows);
    print(results.rows);
    write('table', results, options);
  } finally {
    for (const server of servers) await server.stop();
  }
}

// Compares all servers with the first, and counts their statements.
async function check(options, servers, database, sizes) {
  const statements = {};
  for (const name of options.queries) {
    const query = QUERIES[name];
    if (query === undefined) throw new Error(`there is no query ${name}`);
    const [first, ...others] = servers;
    for (const other of others) {
      const compared = await sameAnswers(name, query, sizes, first, other);
      console.error(`${name}: ${compared} answers of ${other.name} are those of ${first.name}`);
    }
    statements[name] = {};
    for (const server of servers) {
      const counted = await statementsOf(query, sizes, server, database);
      statements[name][server.name] = counted;
      if (options.smoke && server.name === 'gateway' && counted !== query.statements) {
        throw new Error(`${name} costs the gateway ${counted} statements a request, not ${query.statements} as bench/queries.mjs has it`);
      }
    }
  }
  return statements;
}

async function rounds(options, servers, database, sizes) {
  const runs = new Map();
  for (let round = 0; round < options.rounds; round += 1) {
    for (const query of options.queries) {
      const files = new Map();
      for (const server of servers) {
        const requests = QUERIES[query].parameters(sizes).map((parameter) => server.requestOf(QUERIES[query], parameter));
        files.set(server, requestsFile(`${server.name}-${query}`, requests));
      }
      for (const connections of options.connections) {
        // Whoever goes second finds the caches as the first has left them.
        const turn = round % 2 === 0 ? servers : servers.toReversed();
        for (const server of turn) {
          const measured = await measure(server, files.get(server), database, {
            connections,
            seconds: options.seconds,
            warmUp: options.warmUp,
            look: options.smoke,
          });
          const key = `${query} ${connections} ${server.name}`;
          if (!runs.has(key)) runs.set(key, { query, connections, server: server.name, measured: [] });
          runs.get(key).measured.push(measured);
          console.error(`round ${round + 1}: ${key}: ${measured.perSecond.toFixed(0)}/s, p50 ${(measured.p50 / 1000).toFixed(2)} ms`);
        }
      }
    }
  }
  return runs;
}

function medians(measured) {
  return Object.fromEntries(Object.keys(measured[0]).map((key) => [key, median(measured.map((run) => run[key]))]));
}

// How each row does against the baseline's of the same kind.
function addRatios(rows) {
  for (const row of rows) {
    const baseline = rows.find(
      ({ query, connections, server }) => query === row.query && connections === row.connections && server === 'baseline',
    );
    if (baseline === undefined || baseline === row) continue;
    row.cpuRatio = (row.serverCpu + row.databaseCpu) / (baseline.serverCpu + baseline.databaseCpu);
    row.throughputRatio = row.perSecond / baseline.perSecond;
  }
}

function print(rows) {
  const columns = {
    query: ({ query }) => query,
    conns: ({ connections }) => connections,
    server: ({ server }) => server,
    'answers/s': ({ perSecond }) => perSecond.toFixed(0),
    'p50 ms': ({ p50 }) => (p50 / 1000).toFixed(2),
    'p99 ms': ({ p99 }) => (p99 / 1000).toFixed(2),
    'server µs': ({ serverCpu }) => serverCpu.toFixed(0),
    'database µs': ({ databaseCpu }) => databaseCpu.toFixed(0),
    statements: ({ statements }) => statements.toFixed(2),
    'RSS MiB': ({ resident }) => (resident / 2 ** 20).toFixed(1),
    'peak MiB': ({ peak }) => (peak / 2 ** 20).toFixed(1),
    'CPU ratio': ({ cpuRatio }) => cpuRatio?.toFixed(2) ?? '',
    'answers ratio': ({ throughputRatio }) => throughputRatio?.toFixed(2) ?? '',
  };
  const lines = [Object.keys(columns), ...rows.map((row) => Object.values(columns).map((column) => String(column(row))))];
  const widths = Object.keys(columns).map((_, index) => Math.max(...lines.map((line) => line[index].length)));
  for (const line of lines) {
    console.log(line.map((cell, index) => (index === 2 ? cell.padEnd(widths[index]) : cell.padStart(widths[index]))).join('  '));
  }
}
