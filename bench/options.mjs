// Parses the command line.
import { parseArgs } from 'node:util';

import { KINDS } from './hostile.mjs';

export const USAGE = `bench/run [COMMAND] [OPTIONS]

Commands
  table    Q1 to Q4 against the baseline (the default)
  writes   W1 to W4 against the baseline
  growth   Q1 and Q4 over 10 thousand and over 10 million invites
  scaling  Q1 and Q4 to one gateway, to three behind HAProxy, and to three with a hot standby
  soak     memory under all queries mixed at 256 connections; then with hostile clients of each kind
           beside honest ones
  start    milliseconds from exec to the first response
  attack   cost of hostile requests, and their effect on another client
  import   workspace invites per second from a file, compared with PostgreSQL's \\copy
  report   writes the tables of docs/operate/performance.md and docs/operate/scaling.md from bench/results

Options
  --smoke                 tiny data and short runs with a debug build: asserts that responses equal the
                          baseline's, that none is an error, and the statements that each costs
  --gateway PATH          binary to measure, instead of building one
  --profile NAME          profile to build: dist (default), release or dev
  --invites N             invites of all kinds together (1000000)
  --queries Q1,Q2         measure only these queries
  --mutations W1,W2       measure only these mutations
  --requests N            requests of a measured run of W1 and W2, and 20 times those of W3 and W4 (3000)
  --connections 1,16,64   numbers of connections
  --servers gateway,baseline   measure only these servers
  --peer postgraphile     also measure PostGraphile
  --seconds N             length of a measured run (10)
  --warm-up N             seconds of load before each (1)
  --rounds N              measured runs of each kind; figures are their medians (3)
  --minutes N             length of each half of the soak (10)
  --hostile WORD          run only hostile clients whose kind contains this word
  --baseline-connections N   connections of the baseline to the database (see README.md)
  --log-level LEVEL       the gateway's own --log-level (info)
  --record                write the results under the name that the report reads
`;

const positive = (name, text) => {
  const number = Number(text);
  if (!(number > 0)) throw new Error(`--${name}: '${text}' is not a positive number`);
  return number;
};

const list = (text) => text.split(',').filter((word) => word !== '');

const hostile = (word) => {
  const kinds = KINDS.filter((kind) => kind.includes(word));
  if (kinds.length === 0) throw new Error(`--hostile: no kind contains '${word}'; the kinds are ${KINDS.join('; ')}`);
  return kinds;
};

// Throws if an option is not valid. The message is for the user.
export function readOptions(argv) {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      smoke: { type: 'boolean', default: false },
      record: { type: 'boolean', default: false },
      gateway: { type: 'string' },
      profile: { type: 'string' },
      invites: { type: 'string' },
      queries: { type: 'string', default: 'q1,q2,q3,q4' },
      mutations: { type: 'string', default: 'w1,w2,w3,w4' },
      requests: { type: 'string' },
      connections: { type: 'string' },
      servers: { type: 'string', default: 'gateway,baseline' },
      peer: { type: 'string' },
      seconds: { type: 'string' },
      'warm-up': { type: 'string' },
      rounds: { type: 'string' },
      minutes: { type: 'string' },
      hostile: { type: 'string', default: '' },
      'baseline-connections': { type: 'string', default: '4' },
      'log-level': { type: 'string', default: 'info' },
    },
  });
  const command = positionals[0] ?? 'table';
  if (positionals.length > 1) throw new Error(`expected one command, not ${positionals.join(', ')}`);
  const { smoke } = values;
  const profile = values.profile ?? (smoke ? 'dev' : 'dist');
  const number = (name, usual, tiny) =>
    positive(name, values[name] ?? (smoke ? tiny : usual));
  return {
    command,
    smoke,
    help: values.help,
    record: values.record,
    gateway: values.gateway,
    profile,
    // The profile of a given binary is unknown, unless --profile states it.
    builtWith: values.gateway === undefined ? profile : (values.profile ?? 'as given'),
    invites: number('invites', 1_000_000, 5_000),
    queries: list(values.queries.toUpperCase()),
    mutations: list(values.mutations.toUpperCase()),
    requests: number('requests', 3000, 60),
    connections: list(values.connections ?? (smoke ? '1,16' : '1,16,64')).map((text) => positive('connections', text)),
    servers: list(values.servers).concat(values.peer ? [values.peer] : []),
    seconds: number('seconds', 10, 1),
    warmUp: number('warm-up', 1, 0.1),
    rounds: number('rounds', 3, 1),
    minutes: number('minutes', 10, 0.05),
    hostile: hostile(values.hostile),
    baselineConnections: positive('baseline-connections', values['baseline-connections']),
    log: values['log-level'],
  };
}
