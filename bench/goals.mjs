// What the gateway is to reach. Each goal gives what was measured and whether that is enough, from
// the results by name; nothing where they are not there.

const MOST_CPU = 2; // times the baseline's, server and database together
const LEAST_ANSWERS = 0.5; // of the baseline's
const MOST_GROWTH = 1.5; // times the latency over a thousandth of the data
const MOST_IDLE = 32; // MiB
const MOST_BUSY = 128; // MiB
const MOST_SWELL = 1.1; // times the memory at the soak's first sample
const MOST_START = 100; // ms

const MIB = 2 ** 20;

function ofGateway({ table }) {
  return table?.rows.filter(({ server }) => server === 'gateway');
}

// The worst of some figures, and where it was had.
function worst(rows, figure, isWorse) {
  return rows.reduce((found, row) => (found === undefined || isWorse(figure(row), figure(found)) ? row : found), undefined);
}

const where = ({ query, connections }) => `${query}, ${connections} ${connections === 1 ? 'connection' : 'connections'}`;

export const GOALS = [
  {
    text: `Every query takes at most ${MOST_CPU} times the CPU of the baseline, server and database together`,
    of: (results) => {
      const rows = ofGateway(results);
      if (rows === undefined) return undefined;
      const row = worst(rows, ({ cpuRatio }) => cpuRatio, (a, b) => a > b);
      return { measured: `at most ${row.cpuRatio.toFixed(2)} (${where(row)})`, met: row.cpuRatio <= MOST_CPU };
    },
  },
  {
    text: `Every query is answered at least ${LEAST_ANSWERS} times as often as by the baseline`,
    of: (results) => {
      const rows = ofGateway(results);
      if (rows === undefined) return undefined;
      const row = worst(rows, ({ throughputRatio }) => throughputRatio, (a, b) => a < b);
      return { measured: `at least ${row.throughputRatio.toFixed(2)} (${where(row)})`, met: row.throughputRatio >= LEAST_ANSWERS };
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
    text: `It answers its first query within ${MOST_START} ms of being started`,
    of: ({ start }) => {
      if (start === undefined) return undefined;
      return { measured: `${start.median.toFixed(0)} ms, at most ${start.most.toFixed(0)}`, met: start.most <= MOST_START };
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
