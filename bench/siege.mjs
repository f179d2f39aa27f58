// Runs hostile and honest clients against one gateway with default settings.
import { startHonest } from './honest.mjs';
import { hostileUser, startHostile } from './hostile.mjs';
import { descriptorsOf, memoryOf } from './processes.mjs';
import { startGateway } from './servers.mjs';

const EVERY = 250; // ms

const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

// Starts a gateway with default settings.
export const startDefault = (gateway, database, options) => startGateway(gateway, database, options.log, { name: 'besieged', environment: {} });

// Measures honest clients beside hostile ones for that many seconds, and samples the gateway's
// memory and descriptors. Calls `look` with each sample.
export async function besiege(server, sizes, kinds, seconds, look = () => {}) {
  const before = memoryOf(server.pid).resident;
  const most = { resident: before, descriptors: descriptorsOf(server.pid) };
  const honest = await startHonest(server, sizes, hostileUser(sizes));
  const hostile = await startHostile(kinds, server, sizes);
  const started = performance.now();
  const clock = setInterval(() => {
    const sample = { second: (performance.now() - started) / 1000, resident: memoryOf(server.pid).resident, descriptors: descriptorsOf(server.pid) };
    for (const what of Object.keys(most)) most[what] = Math.max(most[what], sample[what]);
    look(sample);
  }, EVERY);
  try {
    await pause(seconds);
  } finally {
    clearInterval(clock);
  }
  const served = await honest.stop();
  const counts = await hostile.stop();
  return { seconds, before, most, honest: served, hostile: counts };
}
