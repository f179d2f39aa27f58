// Measures the cost of hostile requests, and their effect on other clients.
import { gatewayBinary } from './build.mjs';
import { load } from './data.mjs';
import { drive, requestsFile } from './load.mjs';
import { cpuOf, memoryOf } from './processes.mjs';
import { QUERIES } from './queries.mjs';
import { circumstances, write } from './results.mjs';
import { startServers, stopServers } from './servers.mjs';
import { besiege, startDefault } from './siege.mjs';

const ATTACKERS = 4; // connections

const nested = (open, depth, inner, close) => open.repeat(depth) + inner + close.repeat(depth);
const names = (count, name) => Array.from({ length: count }, (_, at) => name(at)).join(' ');
const bomb = (length) =>
  `{ ...F0 } ${names(length, (at) => `fragment F${at} on Query { ...F${at + 1} ...F${at + 1} }`)} fragment F${length} on Query { __typename }`;
const posted = (body) => ({ method: 'POST', path: '/graphql', body: JSON.stringify(body) });
const operation = (query) => posted({ query });

// The gateway must refuse each before execution.
const ATTACKS = {
  'a list literal, 1 500 deep': operation(`{ inviteCode(code: ${nested('[', 1500, '1', ']')}) { id } }`),
  'a bomb of fragments': operation(bomb(20)),
  'a deeper bomb of fragments': operation(bomb(29)),
  '500 aliases': operation(`{ ${names(500, (at) => `a${at}: __typename`)} }`),
  '1 900 fields that are not there': operation(`{ viewer { ${names(1900, (at) => `f${at}`)} } }`),
  'pages within pages': operation('{ viewer { workspaces(first: 100) { nodes { invites(first: 100) { nodes { id } } } } } }'),
  'types within types': operation(`{ __schema { types { ${nested('fields { type { ', 5, 'name', ' } }')} } } }`),
  '16 KB of brackets': operation('{}'.repeat(8000)),
  'variables, 60 000 deep': { method: 'POST', path: '/graphql', body: `{"query":"{ __typename }","variables":{"a":${nested('[', 60_000, '', ']')}}}` },
  'a body of 200 KB': operation(`{ __typename } #${'x'.repeat(200_000)}`),
};

export async function attack(options) {
  const gateway = gatewayBinary(options);
  const { database, sizes } = load(gateway, options.smoke ? options.invites : 10_000);
  const servers = await startServers(['gateway'], { gateway, database, options });
  const [server] = servers;
  const honest = requestsFile('honest', QUERIES.Q1.parameters(sizes).map((parameter) => server.requestOf(QUERIES.Q1, parameter)));
  const asHonest = () => drive(server.url, honest, { connections: 1, seconds: options.seconds });
  try {
    await drive(server.url, honest, { connections: 64, seconds: options.warmUp });
    const { p50, p99 } = await asHonest();
    const attacks = [];
    for (const [name, request] of Object.entries(ATTACKS)) {
      const { bytes, code } = await refused(name, server, request);
      const file = requestsFile('attack', [request]);
      const asAttackers = () => drive(server.url, file, { connections: ATTACKERS, seconds: options.seconds, tolerate: true });
      const [before, cpu] = [memoryOf(server.pid).resident, cpuOf(server.pid).own];
      const { requests } = await asAttackers();
      const cost = (cpuOf(server.pid).own - cpu) / requests;
      const [beside] = await Promise.all([asHonest(), asAttackers()]);
      const growth = memoryOf(server.pid).resident - before;
      attacks.push({ name, code, bytes, refusals: requests, cpu: cost, growth, p50: beside.p50, p99: beside.p99 });
      console.error(`${name}: ${code}, ${cost.toFixed(0)} µs, ${bytes} bytes; beside it p99 ${(beside.p99 / 1000).toFixed(2)} ms`);
    }
    const clients = await hostileClients(gateway, database, sizes, options);
    const results = { attackers: ATTACKERS, seconds: options.seconds, alone: { p50, p99 }, attacks, clients };
    console.log(JSON.stringify(results, null, 1));
    if (!options.smoke) write('attack', { ...circumstances(gateway, options), sizes, ...results }, options);
  } finally {
    await stopServers(servers);
  }
}

// Measures the effect of each kind of hostile client on honest clients. Each kind has a gateway of
// its own, so that its leftovers do not count for another.
async function hostileClients(gateway, database, sizes, options) {
  const clients = {};
  for (const kind of options.hostile) {
    const server = await startDefault(gateway, database, options);
    try {
      clients[kind] = await besiege(server, sizes, [kind], options.seconds);
    } finally {
      await server.stop();
    }
    const { honest, most } = clients[kind];
    console.error(
      `${kind}: beside it p99 ${(honest.p99 / 1000).toFixed(2)} ms, failed ${JSON.stringify(honest.failed)}; at most ${(most.resident / 2 ** 20).toFixed(1)} MiB, ${most.descriptors} file descriptors`,
    );
  }
  return clients;
}

// Returns the response to an attack. Throws if the gateway does not refuse it.
async function refused(name, server, { method, path, body }) {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(new URL(path, server.url), { method, headers, body });
  const text = await response.text();
  const { data, errors } = JSON.parse(text);
  if (data !== undefined || errors === undefined) throw new Error(`${name} was not refused: the response is ${text.slice(0, 400)}`);
  return { bytes: Buffer.byteLength(text), code: errors[0].extensions.code };
}
