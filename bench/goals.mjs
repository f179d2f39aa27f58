// What the gateway is to reach. Each goal gives what was measured and whether that is enough, from
// the results by name; nothing where they are not there.

// At 64 connections, times the baseline's: CPU of server and database together, and answers.
const AT_MOST = { Q1: 0.75, Q2: 1.2, Q3: 1.3, Q4: 1.4 };
const AT_LEAST = { Q1: 1.2, Q2: 0.85, Q3: 0.8, Q4: 0.75 };
const MANY = 64; // connections
const MOST_ALONE = 1.5; // times the baseline's p50 of Q1, at one connection
const MOST_SPREAD = 2; // times p50 is p99, at 64 connections
const MOST_GROWTH = 1.3; // times the p50 over a thousandth of the data
const MOST_IDLE = 40; // MiB
const MOST_BUSY = 120; // MiB
const MOST_SWELL = 1.1; // times the memory at the soak's first sample
const MOST_START = 100; // ms
const MOST_BINARY = 40; // MiB
const LEAST_IMPORTED = 100_000; // rows a second
const LEAST_OF_COPY = 0.5; // times the rate of psql's \copy
const MOST_IMPORTING = 100; // MiB

const MOST_REFUSING = 10; // ms of CPU
const LONGEST_REFUSAL = 16 * 1024; // bytes
const MOST_BESIDE = 50; // ms
const MOST_GROWN = 32; // MiB

const MOST_BESIEGED = 150; // MiB

const MIB = 2 ** 20;

function ofGateway({ table }) {
  return table?.rows.filter(({ server }) => server === 'gateway');
}

// The worst of some figures, and where it was had.
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
    text: `${query} at ${MANY} connections: answers a second at least ${AT_LEAST[query]} times the baseline's`,
    of: ({ table }) => {
      const row = table && rowOf(table.rows, query, MANY);
      return row && { measured: row.throughputRatio.toFixed(2), met: row.throughputRatio >= AT_LEAST[query] };
    },
  },
];

export const GOALS = [
  ...Object.keys(AT_MOST).flatMap(ofQuery),
  {
    text: `Q1 alone: p50 at most ${MOST_ALONE} times the baseline's`,
    of: ({ table }) => {
      if (table === undefined) return undefined;
      const ratio = rowOf(table.rows, 'Q1', 1).p50 / rowOf(table.rows, 'Q1', 1, 'baseline').p50;
      return { measured: ratio.toFixed(2), met: ratio <= MOST_ALONE };
    },
  },
  {
    text: `At ${MANY} connections p99 is at most ${MOST_SPREAD} times p50`,
    of: (results) => {
      const rows = ofGateway(results)?.filter(({ connections }) => connections === MANY);
      if (rows === undefined) return undefined;
      const row = worst(rows, ({ p99, p50 }) => p99 / p50, (a, b) => a > b);
      const ratio = row.p99 / row.p50;
      return { measured: `at most ${ratio.toFixed(2)} (${where(row)})`, met: ratio <= MOST_SPREAD };
    },
  },
  {
    text: `Over 10 million invites, half of the answers to Q1 and Q4 take at most ${MOST_GROWTH} times as long as over 10 thousand`,
    of: ({ growth }) => {
      if (growth === undefined) return undefined;
      const row = worst(growths(growth.rows), ({ ratio }) => ratio, (a, b) => a > b);
      return { measured: `at most ${row.ratio.toFixed(2)} (${where(row)})`, met: row.ratio <= MOST_GROWTH };
    },
  },
  {
    text: 'A query costs the same number of statements, whatever the number of invites',
    of: ({ growth }) => {
      if (growth === undefined) return undefined;
      const [few, many] = Object.values(growth.statements);
      const counts = Object.keys(few).map((query) => ({ query, few: few[query].gateway, many: many[query].gateway }));
      const measured = counts.map((count) => `${count.query}: ${count.few} and ${count.many}`).join('; ');
      return { measured, met: counts.every((count) => count.few === count.many) };
    },
  },
  {
    text: `Idle, the gateway takes at most ${MOST_IDLE} MiB of memory`,
    of: ({ soak }) => {
      if (soak === undefined) return undefined;
      const idle = soak.memory.idle / MIB;
      return { measured: `${idle.toFixed(1)} MiB`, met: idle <= MOST_IDLE };
    },
  },
  {
    text: `Busy with 256 connections, it takes at most ${MOST_BUSY} MiB, and does not grow: at the end at most ${MOST_SWELL} times what it took at first`,
    of: ({ soak }) => {
      if (soak === undefined) return undefined;
      const { first, last, peak } = soak.memory;
      const measured = `peak ${(peak / MIB).toFixed(1)} MiB; first ${(first / MIB).toFixed(1)}, last ${(last / MIB).toFixed(1)}`;
      return { measured, met: peak / MIB <= MOST_BUSY && last <= first * MOST_SWELL };
    },
  },
  {
    text: `With hostile clients of each kind beside honest ones, every honest request is answered, p99 is at most ${MOST_BESIDE} ms, and memory at most ${MOST_BESIEGED} MiB`,
    of: ({ soak }) => {
      if (soak?.siege === undefined) return undefined;
      const { honest, most } = soak.siege;
      const failed = Object.values(honest.failed).reduce((sum, count) => sum + count, 0);
      const [p99, resident] = [honest.p99 / 1000, most.resident / MIB];
      const measured = `${failed} of ${honest.requests} failed, p99 ${p99.toFixed(2)} ms, ${resident.toFixed(1)} MiB`;
      return { measured, met: failed === 0 && p99 <= MOST_BESIDE && resident <= MOST_BESIEGED };
    },
  },
  {
    text: `It answers its first query within ${MOST_START} ms of being started`,
    of: ({ start }) => {
      if (start === undefined) return undefined;
      return { measured: `${start.median.toFixed(0)} ms, at most ${start.most.toFixed(0)}`, met: start.most <= MOST_START };
    },
  },
  {
    text: `The binary, GraphiQL in it, has at most ${MOST_BINARY} MiB`,
    of: ({ start }) => start && { measured: `${(start.bytes / MIB).toFixed(1)} MiB`, met: start.bytes / MIB <= MOST_BINARY },
  },
  {
    text: `A hostile request is refused within ${MOST_REFUSING} ms of CPU and ${LONGEST_REFUSAL / 1024} KiB of answer`,
    of: ({ attack }) => {
      if (attack === undefined) return undefined;
      const cpu = Math.max(...attack.attacks.map((each) => each.cpu)) / 1000;
      const bytes = Math.max(...attack.attacks.map((each) => each.bytes));
      const measured = `at most ${cpu.toFixed(2)} ms, ${(bytes / 1024).toFixed(1)} KiB`;
      return { measured, met: cpu <= MOST_REFUSING && bytes <= LONGEST_REFUSAL };
    },
  },
  {
    text: `Beside an attack, p99 of another client is at most ${MOST_BESIDE} ms, and memory grows by at most ${MOST_GROWN} MiB`,
    of: ({ attack }) => {
      if (attack === undefined) return undefined;
      const p99 = Math.max(...attack.attacks.map((each) => each.p99)) / 1000;
      const growth = Math.max(...attack.attacks.map((each) => each.growth)) / MIB;
      const measured = `at most ${p99.toFixed(2)} ms, ${growth.toFixed(1)} MiB`;
      return { measured, met: p99 <= MOST_BESIDE && growth <= MOST_GROWN };
    },
  },
  {
    text: `Import into PostgreSQL: at least ${LEAST_IMPORTED} workspace invites a second, and ${LEAST_OF_COPY} times the rate of \`\\copy\``,
    of: ({ import: imports }) => {
      if (imports === undefined) return undefined;
      const { rowsPerSecond: rate, copyRowsPerSecond: copied } = imports.postgres;
      const ratio = rate / copied;
      return { measured: `${Math.round(rate)} a second, ${ratio.toFixed(2)}`, met: rate >= LEAST_IMPORTED && ratio >= LEAST_OF_COPY };
    },
  },
  {
    text: `Import into SQLite: at least ${LEAST_IMPORTED} workspace invites a second`,
    of: ({ import: imports }) => {
      if (imports === undefined) return undefined;
      const rate = imports.sqlite.rowsPerSecond;
      return { measured: `${Math.round(rate)} a second`, met: rate >= LEAST_IMPORTED };
    },
  },
  {
    text: `An import takes at most ${MOST_IMPORTING} MiB of memory`,
    of: ({ import: imports }) => {
      if (imports === undefined) return undefined;
      const peak = Math.max(imports.postgres.peakKiB, imports.sqlite.peakKiB) / 1024;
      return { measured: `${peak.toFixed(1)} MiB`, met: peak <= MOST_IMPORTING };
    },
  },
];

// How many times as long each query takes over the most invites as over the fewest.
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
