// What the command line says.
import { parseArgs } from 'node:util';

import { KINDS } from './hostile.mjs';

export const USAGE = `bench/run [COMMAND] [OPTIONS]

Commands
  table    Q1 to Q4 against the baseline (the default)
  growth   Q1 and Q4 over 10 thousand and over 10 million invites
  scaling  Q1 and Q4 to one gateway, to three behind HAProxy, and to three with a hot standby
  soak     memory over minutes of all queries mixed, at 256 connections; then as long with hostile
           clients of each kind beside honest ones
  start    milliseconds from exec to the first answer
  attack   what hostile requests cost, and what another client notices of them
  import   workspace invites a second from a file, beside PostgreSQL's own \\copy
  report   writes the tables of docs/operate/performance.md and docs/operate/scaling.md from bench/results

Options
  --smoke                 tiny data and short runs with a debug build: asserts that answers are the
                          baseline's, that none is an error, and how many statements each costs
  --gateway PATH          a binary to measure, instead of building one
  --profile NAME          what to build: release (default) or dev
  --invites N             invites of all kinds together (1000000)
  --queries Q1,Q2         only these
  --connections 1,16,64   numbers of connections
  --servers gateway,baseline   only these
  --peer postgraphile     measures PostGraphile, too
  --seconds N             length of a measured run (10)
  --warm-up N             seconds of load before each (1)
  --rounds N              measured runs of each kind; figures are their medians (3)
  --minutes N             length of the soak, and of its second half (10)
  --hostile WORD          only the hostile clients whose kind has this word
  --baseline-connections N   connections of the baseline to the database (see README.md)
  --log LEVEL             the gateway's own --log (info)
  --record                keeps the results under the name that docs/operate/performance.md is made from
`;

const positive = (name, text) => {
  const number = Number(text);
  if (!(number > 0)) throw new Error(`--${name}: '${text}' is no positive number`);
  return number;
};

const list = (text) => text.split(',').filter((word) => word !== '');

const hostile = (word) => {
  const kinds = KINDS.filter((kind) => kind.includes(word));
  if (kinds.length === 0) throw new Error(`--hostile: none of ${KINDS.join('; ')} has '${word}' in it`);
  return kinds;
};

// Throws an error whose message says what is wrong.
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
      connections: { type: 'string' },
      servers: { type: 'string', default: 'gateway,baseline' },
      peer: { type: 'string' },
      seconds: { type: 'string' },
      'warm-up': { type: 'string' },
      rounds: { type: 'string' },
      minutes: { type: 'string' },
      hostile: { type: 'string', default: '' },
      'baseline-connections': { type: 'string', default: '4' },
      log: { type: 'string', default: 'info' },
    },
  });
  const command = positionals[0] ?? 'table';
  if (positionals.length > 1) throw new Error(`one command at a time, not ${positionals.join(', ')}`);
  const { smoke } = values;
  const profile = values.profile ?? (smoke ? 'dev' : 'release');
  const number = (name, usual, tiny) =>
    positive(name, values[name] ?? (smoke ? tiny : usual));
  return {
    command,
    smoke,
    help: values.help,
    record: values.record,
    gateway: values.gateway,
    profile,
    // What a binary was built with that is given is only known where it is said.
    builtWith: values.gateway === undefined ? profile : (values.profile ?? 'as given'),
    invites: number('invites', 1_000_000, 5_000),
    queries: list(values.queries.toUpperCase()),
    connections: list(values.connections ?? (smoke ? '1,16' : '1,16,64')).map((text) => positive('connections', text)),
    servers: list(values.servers).concat(values.peer ? [values.peer] : []),
    seconds: number('seconds', 10, 1),
    warmUp: number('warm-up', 1, 0.1),
    rounds: number('rounds', 3, 1),
    minutes: number('minutes', 10, 0.05),
    hostile: hostile(values.hostile),
    baselineConnections: positive('baseline-connections', values['baseline-connections']),
    log: values.log,
  };
}
