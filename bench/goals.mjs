// Performance goals of the gateway. Each returns the measured value and whether it reaches the
// goal, from the results by name. Returns nothing if there are no results.

// At 64 connections, relative to the baseline: CPU of server and database, and responses.
const AT_MOST = { Q1: 0.75, Q2: 1.2, Q3: 1.3, Q4: 1.4 };
const AT_LEAST = { Q1: 1.2, Q2: 0.85, Q3: 0.8, Q4: 0.75 };
const MANY = 64; // connections
const MAX_OF_WRITE = 1.3; // times the baseline's CPU
const MAX_TRIPS = 3; // round trips to the database
const MAX_ALONE = 1.5; // times the baseline's p50 of Q1, at one connection
const MAX_SPREAD = 2; // times p50 is p99, at 64 connections
const MAX_GROWTH = 1.3; // times the p50 over a thousandth of the data
const MAX_IDLE = 40; // MiB
const MAX_BUSY = 120; // MiB
const MAX_SWELL = 1.1; // times the memory at the soak's first sample
const MAX_START = 100; // ms
const MAX_BINARY = 40; // MiB
const MIN_IMPORTED = 100_000; // rows a second
const MIN_OF_COPY = 0.5; // times the rate of psql's \copy
const MAX_IMPORTING = 100; // MiB

const MAX_REFUSING = 10; // ms of CPU
const MAX_REFUSAL_BYTES = 16 * 1024; // bytes
const MAX_BESIDE = 50; // ms
const MAX_GROWN = 32; // MiB

const MAX_BESIEGED = 150; // MiB

const MIB = 2 ** 20;

function ofGateway({ table }) {
  return table?.rows.filter(({ server }) => server === 'gateway');
}

// Returns the worst of some figures, and where it was measured.
function worst(rows, figure, isWorse) {
  return rows.reduce((found, row) => (found === undefined || isWorse(figure(row), figure(found)) ? row : found), undefined);
}

const where = ({ query, connections }) => `${query}, ${connections} ${connections === 1 ? 'connection' : 'connections'}`;

const rowOf = (rows, query, connections, server = 'gateway') =>
  rows.find((row) => row.query === query && row.connections === connections && row.server === server);

const ofQuery = (query) => [
  {
    text: `${query} at ${MANY} connections: CPU of server and database at most ${AT_MOST[query]} times the baseline's`,
    of: ({ table }) => {
      const row = table && rowOf(table.rows, query, MANY);
      return row && { measured: row.cpuRatio.toFixed(2), met: row.cpuRatio <= AT_MOST[query] };
    },
  },
  {
    text: `${query} at ${MANY} connections: responses per second at least ${AT_LEAST[query]} times the baseline's`,
    of: ({ table }) => {
      const row = table && rowOf(table.rows, query, MANY);
      return row && { measured: row.throughputRatio.toFixed(2), met: row.throughputRatio >= AT_LEAST[query] };
    },
  },
];

const ofMutation = (name) => [
  {
    text: `${name} at ${MANY} connections: CPU of server and database at most ${MAX_OF_WRITE} times the baseline's`,
    of: ({ writes }) => {
      const row = writes && rowOf(writes.rows, name, MANY);
      return row && { measured: row.cpuRatio.toFixed(2), met: row.cpuRatio <= MAX_OF_WRITE };
    },
  },
  {
    text: `${name}: at most ${MAX_TRIPS} round trips to the database, and one sync of its log`,
    of: ({ writes }) => {
      if (writes === undefined) return undefined;
      const { trips, syncs } = writes.counts[name].gateway;
      return { measured: `${trips.toFixed(1)}, ${syncs.toFixed(1)}`, met: trips <= MAX_TRIPS && Math.round(syncs) === 1 };
    },
  },
];

export const GOALS = [
  ...Object.keys(AT_MOST).flatMap(ofQuery),
  ...['W1', 'W2', 'W3', 'W4'].flatMap(ofMutation),
  {
    text: `Q1 alone: p50 at most ${MAX_ALONE} times the baseline's`,
    of: ({ table }) => {
      if (table === undefined) return undefined;
      const ratio = rowOf(table.rows, 'Q1', 1).p50 / rowOf(table.rows, 'Q1', 1, 'baseline').p50;
      return { measured: ratio.toFixed(2), met: ratio <= MAX_ALONE };
    },
  },
  {
    text: `At ${MANY} connections p99 is at most ${MAX_SPREAD} times p50`,
    of: (results) => {
      const rows = ofGateway(results)?.filter(({ connections }) => connections === MANY);
      if (rows === undefined) return undefined;
      const row = worst(rows, ({ p99, p50 }) => p99 / p50, (a, b) => a > b);
      const ratio = row.p99 / row.p50;
      return { measured: `at most ${ratio.toFixed(2)} (${where(row)})`, met: ratio <= MAX_SPREAD };
    },
  },
  {
    text: `Over 10 million invites, half of the responses to Q1 and Q4 take at most ${MAX_GROWTH} times as long as over 10 thousand`,
    of: ({ growth }) => {
      if (growth === undefined) return undefined;
      const row = worst(growths(growth.rows), ({ ratio }) => ratio, (a, b) => a > b);
      return { measured: `at most ${row.ratio.toFixed(2)} (${where(row)})`, met: row.ratio <= MAX_GROWTH };
    },
  },
  {
    text: 'A query runs the same number of statements for any number of invites',
    of: ({ growth }) => {
      if (growth === undefined) return undefined;
      const [few, many] = Object.values(growth.statements);
      const counts = Object.keys(few).map((query) => ({ query, few: few[query].gateway, many: many[query].gateway }));
      const measured = counts.map((count) => `${count.query}: ${count.few} and ${count.many}`).join('; ');
      return { measured, met: counts.every((count) => count.few === count.many) };
    },
  },
  {
    text: `Idle, the gateway takes at most ${MAX_IDLE} MiB of memory`,
    of: ({ soak }) => {
      if (soak === undefined) return undefined;
      const idle = soak.memory.idle / MIB;
      return { measured: `${idle.toFixed(1)} MiB`, met: idle <= MAX_IDLE };
    },
  },
  {
    text: `Busy with 256 connections, it takes at most ${MAX_BUSY} MiB, and does not grow: at the end at most ${MAX_SWELL} times what it took at first`,
    of: ({ soak }) => {
      if (soak === undefined) return undefined;
      const { first, last, peak } = soak.memory;
      const measured = `peak ${(peak / MIB).toFixed(1)} MiB; first ${(first / MIB).toFixed(1)}, last ${(last / MIB).toFixed(1)}`;
      return { measured, met: peak / MIB <= MAX_BUSY && last <= first * MAX_SWELL };
    },
  },
  {
    text: `With hostile clients of each kind beside honest ones, every honest request succeeds, p99 is at most ${MAX_BESIDE} ms, and memory at most ${MAX_BESIEGED} MiB`,
    of: ({ soak }) => {
      if (soak?.siege === undefined) return undefined;
      const { honest, most } = soak.siege;
      const failed = Object.values(honest.failed).reduce((sum, count) => sum + count, 0);
      const [p99, resident] = [honest.p99 / 1000, most.resident / MIB];
      const measured = `${failed} of ${honest.requests} failed, p99 ${p99.toFixed(2)} ms, ${resident.toFixed(1)} MiB`;
      return { measured, met: failed === 0 && p99 <= MAX_BESIDE && resident <= MAX_BESIEGED };
    },
  },
  {
    text: `It responds to its first query within ${MAX_START} ms of its start`,
    of: ({ start }) => {
      if (start === undefined) return undefined;
      return { measured: `${start.median.toFixed(0)} ms, at most ${start.most.toFixed(0)}`, met: start.most <= MAX_START };
    },
  },
  {
    text: `The binary, GraphiQL in it, has at most ${MAX_BINARY} MiB`,
    of: ({ start }) => start && { measured: `${(start.bytes / MIB).toFixed(1)} MiB`, met: start.bytes / MIB <= MAX_BINARY },
  },
  {
    text: `A hostile request is refused within ${MAX_REFUSING} ms of CPU and ${MAX_REFUSAL_BYTES / 1024} KiB of response`,
    of: ({ attack }) => {
      if (attack === undefined) return undefined;
      const cpu = Math.max(...attack.attacks.map((each) => each.cpu)) / 1000;
      const bytes = Math.max(...attack.attacks.map((each) => each.bytes));
      const measured = `at most ${cpu.toFixed(2)} ms, ${(bytes / 1024).toFixed(1)} KiB`;
      return { measured, met: cpu <= MAX_REFUSING && bytes <= MAX_REFUSAL_BYTES };
    },
  },
  {
    text: `Beside an attack, p99 of another client is at most ${MAX_BESIDE} ms, and memory grows by at most ${MAX_GROWN} MiB`,
    of: ({ attack }) => {
      if (attack === undefined) return undefined;
      const p99 = Math.max(...attack.attacks.map((each) => each.p99)) / 1000;
      const growth = Math.max(...attack.attacks.map((each) => each.growth)) / MIB;
      const measured = `at most ${p99.toFixed(2)} ms, ${growth.toFixed(1)} MiB`;
      return { measured, met: p99 <= MAX_BESIDE && growth <= MAX_GROWN };
    },
  },
  {
    text: `Import into PostgreSQL: at least ${MIN_IMPORTED} workspace invites a second, and ${MIN_OF_COPY} times the rate of \`\\copy\``,
    of: ({ import: imports }) => {
      if (imports === undefined) return undefined;
      const { rowsPerSecond: rate, copyRowsPerSecond: copied } = imports.postgres;
      const ratio = rate / copied;
      return { measured: `${Math.round(rate)} a second, ${ratio.toFixed(2)}`, met: rate >= MIN_IMPORTED && ratio >= MIN_OF_COPY };
    },
  },
  {
    text: `Import into SQLite: at least ${MIN_IMPORTED} workspace invites a second`,
    of: ({ import: imports }) => {
      if (imports === undefined) return undefined;
      const rate = imports.sqlite.rowsPerSecond;
      return { measured: `${Math.round(rate)} a second`, met: rate >= MIN_IMPORTED };
    },
  },
  {
    text: `An import takes at most ${MAX_IMPORTING} MiB of memory`,
    of: ({ import: imports }) => {
      if (imports === undefined) return undefined;
      const peak = Math.max(imports.postgres.peakKiB, imports.sqlite.peakKiB) / 1024;
      return { measured: `${peak.toFixed(1)} MiB`, met: peak <= MAX_IMPORTING };
    },
  },
];

// Returns the ratio of each query's time over the most invites to that over the fewest.
export function growths(rows) {
  const sizes = [...new Set(rows.map(({ invites }) => invites))].toSorted((a, b) => a - b);
  const [fewest, most] = [sizes[0], sizes.at(-1)];
  return rows
    .filter(({ invites, server }) => invites === most && server === 'gateway')
    .map((large) => {
      const { query, connections } = large;
      const small = rows.find(
        (row) => row.query === query && row.connections === connections && row.invites === fewest && row.server === 'gateway',
      );
      return { query, connections, small, large, ratio: large.p50 / small.p50 };
    });
}
