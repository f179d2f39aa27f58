// Soak: memory of an idle gateway, of one under long load, and of one with hostile clients of each
// kind beside honest ones.
import { gatewayBinary } from './build.mjs';
import { load } from './data.mjs';
import { drive, requestsFile } from './load.mjs';
import { memoryOf } from './processes.mjs';
import { QUERIES } from './queries.mjs';
import { circumstances, write } from './results.mjs';
import { startServers, stopServers } from './servers.mjs';
import { besiege, startDefault } from './siege.mjs';

const CONNECTIONS = 256;
const MIXED = 20_000;
const EVERY = 10_000; // ms

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

export async function soak(options) {
  const gateway = gatewayBinary(options);
  const { database, sizes } = load(gateway, options.invites);
  const servers = await startServers(['gateway'], { gateway, database, options });
  const [server] = servers;
  try {
    await pause(2000);
    const idle = memoryOf(server.pid).resident;
    const file = requestsFile('mixed', mixed(server, sizes));
    const seconds = options.minutes * 60;
    const samples = [];
    const started = performance.now();
    const sample = () => {
      const { resident } = memoryOf(server.pid);
      samples.push({ second: Math.round((performance.now() - started) / 1000), resident });
      console.error(`${samples.at(-1).second} s: ${(resident / 2 ** 20).toFixed(1)} MiB`);
    };
    const clock = setInterval(sample, options.smoke ? 1000 : EVERY);
    const outcome = await drive(server.url, file, { connections: CONNECTIONS, seconds, tolerate: true });
    clearInterval(clock);
    const { peak } = memoryOf(server.pid);
    await pause(options.smoke ? 0 : EVERY);
    const afterwards = memoryOf(server.pid).resident;
    const residents = samples.map(({ resident }) => resident);
    const memory = { idle, first: residents[0], last: residents.at(-1), max: Math.max(...residents), peak, afterwards };
    const { requests, failed, micros, p50, p99 } = outcome;
    const perSecond = requests / (micros / 1e6);
    const outcomeOfLoad = { connections: CONNECTIONS, minutes: options.minutes, requests, failed, perSecond, p50, p99 };
    await stopServers(servers);
    const siege = await underSiege(gateway, database, sizes, options);
    console.log(JSON.stringify({ memory, load: outcomeOfLoad, siege }, null, 1));
    if (options.smoke) return;
    write('soak', { ...circumstances(gateway, options), sizes, memory, load: outcomeOfLoad, samples, siege }, options);
  } finally {
    await stopServers(servers);
  }
}

// Runs another gateway with default settings for the same time.
async function underSiege(gateway, database, sizes, options) {
  const server = await startDefault(gateway, database, options);
  try {
    let reported = 0;
    return await besiege(server, sizes, options.hostile, options.minutes * 60, ({ second, resident, descriptors }) => {
      if ((second - reported) * 1000 < (options.smoke ? 1000 : EVERY)) return;
      reported = second;
      console.error(`besieged, ${Math.round(second)} s: ${(resident / 2 ** 20).toFixed(1)} MiB, ${descriptors} file descriptors`);
    });
  } finally {
    await server.stop();
  }
}

// Returns requests that alternate between all queries.
function mixed(server, sizes) {
  const lists = Object.values(QUERIES).map((query) => query.parameters(sizes).map((parameter) => server.requestOf(query, parameter)));
  return Array.from({ length: MIXED }, (_, n) => {
    const list = lists[n % lists.length];
    return list[Math.floor(n / lists.length) % list.length];
  });
}
