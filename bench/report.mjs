// Writes the tables of docs/operate/performance.md and docs/operate/scaling.md between their markers,
// from bench/results.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { ROOT } from './build.mjs';
import { GOALS, growths } from './goals.mjs';
import { MUTATIONS } from './mutations.mjs';
import { QUERIES } from './queries.mjs';
import { read } from './results.mjs';
import { COLUMNS } from './scaling.mjs';

const DOCUMENTS = ['docs/operate/performance.md', 'docs/operate/scaling.md'].map((path) => join(ROOT, path));
const MIB = 2 ** 20;

const mib = (bytes) => `${(bytes / MIB).toFixed(1)} MiB`;
const ms = (micros) => (micros / 1000).toFixed(2);
const grouped = (number) => Math.round(number).toLocaleString('en').replaceAll(',', ' ');

// Formats a Markdown table. Columns of figures are aligned right.
function markdown(headings, rows) {
  const isFigure = headings.map((_, index) => rows.every((row) => /^[-\d. ]*$/.test(row[index])));
  return [headings, isFigure.map((figure) => (figure ? '---:' : '---')), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

const missing = (command) => `Not measured yet: \`${command}\`.`;

// Describes the environment of the results.
function circumstances({ date, commit, gateway, machine, postgres }) {
  const { version, shared_buffers: buffers, jit } = postgres;
  return `${date.slice(0, 10)}, commit ${commit}, binary ${gateway.sha256}; ${machine.cores} cores (${machine.cpu}), Linux ${machine.kernel}; PostgreSQL ${version}, \`shared_buffers\` ${buffers}, \`jit\` ${jit}.`;
}

const SECTIONS = {
  goals: (results) =>
    markdown(
      ['goal', 'measured', 'met'],
      GOALS.map(({ text, of }) => {
        const outcome = of(results);
        return outcome === undefined ? [text, '–', 'not measured'] : [text, outcome.measured, outcome.met ? 'yes' : '**no**'];
      }),
    ),

  table: ({ table }) => {
    if (table === undefined) return missing('bench/run --record');
    const rows = table.rows.map((row) => [
      row.query,
      String(row.connections),
      row.server,
      grouped(row.perSecond),
      ms(row.p50),
      ms(row.p99),
      grouped(row.serverCpu),
      grouped(row.databaseCpu),
      row.statements.toFixed(2),
      (row.resident / MIB).toFixed(0),
      row.cpuRatio?.toFixed(2) ?? '',
      row.throughputRatio?.toFixed(2) ?? '',
    ]);
    const headings = ['query', 'connections', 'server', 'responses/s', 'p50 ms', 'p99 ms', 'CPU of server, µs', 'CPU of database, µs', 'statements', 'resident MiB', 'CPU, times baseline', 'responses, times baseline'];
    const { invites } = table.sizes;
    const queries = Object.entries(QUERIES).map(([name, { title }]) => `- ${name}: ${title}`);
    return [
      `${circumstances(table)} ${grouped(invites)} invites; medians of ${table.rounds} runs of ${table.seconds} s. CPU and statements are of one request.`,
      queries.join('\n'),
      markdown(headings, rows),
    ].join('\n\n');
  },

  writes: ({ writes }) => {
    if (writes === undefined) return missing('bench/run writes --record');
    const rows = writes.rows.map((row) => [
      row.query,
      String(row.connections),
      row.server,
      grouped(row.perSecond),
      ms(row.p50),
      ms(row.p99),
      grouped(row.serverCpu),
      grouped(row.databaseCpu),
      row.cpuRatio?.toFixed(2) ?? '',
      row.throughputRatio?.toFixed(2) ?? '',
    ]);
    const headings = ['mutation', 'connections', 'server', 'responses/s', 'p50 ms', 'p99 ms', 'CPU of server, µs', 'CPU of database, µs', 'CPU, times baseline', 'responses, times baseline'];
    const counts = Object.entries(writes.counts).flatMap(([name, servers]) =>
      Object.entries(servers).map(([server, { trips, pings, statements, syncs }]) => [name, server, ...[trips, pings, statements, syncs].map((number) => number.toFixed(1))]),
    );
    const titles = Object.entries(MUTATIONS).map(([name, { title }]) => `- ${name}: ${title}`);
    return [
      `${circumstances(writes)} \`fsync\` ${writes.postgres.fsync}. ${grouped(writes.sizes.invites)} invites; medians of ${writes.rounds} runs of ${grouped(writes.requests)} requests (W3, W4: ${grouped(Math.ceil(writes.requests / 20))}). CPU is of one request.`,
      titles.join('\n'),
      markdown(headings, rows),
      'Of one request, alone:',
      markdown(['mutation', 'server', 'round trips', 'of them pings', 'statements', 'syncs of the log'], counts),
    ].join('\n\n');
  },

  growth: ({ growth }) => {
    if (growth === undefined) return missing('bench/run growth --record');
    const rows = growths(growth.rows).map(({ query, connections, small, large, ratio }) => [
      query,
      String(connections),
      ms(small.p50),
      ms(large.p50),
      ratio.toFixed(2),
      String(growth.statements[small.invites][query].gateway),
      String(growth.statements[large.invites][query].gateway),
    ]);
    const [few, many] = growth.sizes.map(({ invites }) => grouped(invites));
    const headings = ['query', 'connections', `p50 ms over ${few}`, `p50 ms over ${many}`, 'times', `statements over ${few}`, `over ${many}`];
    return `${circumstances(growth)} Medians of ${growth.rounds} runs of ${growth.seconds} s.\n\n${markdown(headings, rows)}`;
  },

  memory: ({ soak }) => {
    if (soak === undefined) return missing('bench/run soak --record');
    const { memory, load } = soak;
    const names = { idle: 'idle, after the start', first: 'first sample under load', last: 'last sample under load', max: 'highest sample', peak: 'peak', afterwards: 'ten seconds after the load' };
    const failed = Object.values(load.failed).reduce((sum, count) => sum + count, 0);
    return [
      `${circumstances(soak)} ${load.connections} connections, Q1 to Q4 mixed, for ${load.minutes} minutes: ${grouped(load.requests)} responses, ${failed} failed.`,
      markdown(['resident memory', ''], Object.entries(names).map(([key, text]) => [text, mib(memory[key])])),
    ].join('\n\n');
  },

  scaling: ({ scaling }) => {
    if (scaling === undefined) return missing('bench/run scaling --record');
    const { gateways, connections, sizes, rounds, seconds, rows, open, fresh } = scaling;
    const names = { one: 'one', three: `${gateways}, HAProxy`, 'three-standby': `${gateways}, HAProxy, standby` };
    const of = { ...COLUMNS, gateways: ({ target }) => names[target] };
    return [
      `${circumstances(scaling)} Gateways built with profile \`${scaling.gateway.profile}\`${scaling.gateway.profile === 'dev' ? ', **so that their CPU and all times are many times those of a release**' : ''}; ${scaling.proxy}. ${grouped(sizes.invites)} invites, ${connections} connections; medians of ${rounds} runs of ${seconds} s. CPU and statements are of one request.`,
      markdown(Object.keys(of), rows.map((row) => Object.values(of).map((column) => column(row)))),
      `Afterwards the ${open.gateways} gateways had ${open.primary} connections to the primary and ${open.standby} to the standby. Of ${fresh.asked} codes looked up through the proxy as soon as the primary had them, ${fresh.found} were found, with their tags; ${fresh.onPrimary} look-ups needed the primary. (Its commits are asynchronous here, so that the standby receives them late.)`,
    ].join('\n\n');
  },

  start: ({ start }) => {
    if (start === undefined) return missing('bench/run start --record');
    const rows = [
      ['from exec to the first response, median', `${start.median.toFixed(1)} ms`],
      ['least and most', `${start.least.toFixed(1)} and ${start.most.toFixed(1)} ms`],
      ['size of the binary', mib(start.bytes)],
    ];
    return `${circumstances(start)} ${start.milliseconds.length} starts.\n\n${markdown(['start', ''], rows)}`;
  },

  attack: ({ attack }) => {
    if (attack === undefined) return missing('bench/run attack --record');
    const rows = attack.attacks.map(({ name, code, bytes, refusals, cpu, growth, p50, p99 }) => [
      name,
      `\`${code}\``,
      grouped(refusals / attack.seconds),
      grouped(cpu),
      grouped(bytes),
      (growth / MIB).toFixed(1),
      ms(p50),
      ms(p99),
    ]);
    const headings = ['attack', 'refused with', 'refusals/s', 'CPU of server, µs', 'bytes of response', 'memory grew, MiB', 'p50 ms beside it', 'p99 ms beside it'];
    return [
      `${circumstances(attack)} ${attack.attackers} connections attack for ${attack.seconds} s alone, and as long beside a client that sends Q1 over one connection. Alone, that one has a p50 of ${ms(attack.alone.p50)} ms and a p99 of ${ms(attack.alone.p99)} ms.`,
      markdown(headings, rows),
    ].join('\n\n');
  },

  import: (results) => {
    if (results.import === undefined) return 'Not measured yet.';
    const databases = ['postgres', 'sqlite'].filter((name) => name in results.import);
    const keys = [...new Set(databases.flatMap((name) => Object.keys(results.import[name])))];
    const cell = (value) => (typeof value === 'number' ? grouped(value) : typeof value === 'object' ? JSON.stringify(value) : String(value ?? ''));
    return markdown(['', ...databases], keys.map((key) => [key, ...databases.map((name) => cell(results.import[name][key]))]));
  },
};

export function report() {
  const results = Object.fromEntries(['table', 'writes', 'growth', 'soak', 'scaling', 'start', 'attack', 'import'].map((name) => [name, read(name)]));
  const texts = new Map(DOCUMENTS.map((document) => [document, readFileSync(document, 'utf8')]));
  for (const [name, write] of Object.entries(SECTIONS)) {
    const section = new RegExp(`(<!-- ${name}: .*-->\n)[^]*?(<!-- end of ${name} -->)`);
    const [document, text] = [...texts].find(([, of]) => section.test(of)) ?? [];
    if (document === undefined) throw new Error(`no document has markers for ${name}`);
    texts.set(document, text.replace(section, (_, begin, end) => `${begin}\n${write(results)}\n\n${end}`));
  }
  for (const [document, text] of texts) writeFileSync(document, text);
}
