// Whether servers give the same data, and how many statements a request costs.
import { isDeepStrictEqual } from 'node:util';

import { QUERIES } from './queries.mjs';

const CHECKED = 40;
const COUNTED = 20;

const CURSORS = new Set(['cursor', 'startCursor', 'endCursor']);

// The data with each cursor replaced by its kind: cursors are opaque.
function withoutCursors(value, key) {
  if (CURSORS.has(key) && value !== null) return `a ${typeof value}`;
  if (Array.isArray(value)) return value.map((item) => withoutCursors(item));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, withoutCursors(item, name)]));
}

function sample(parameters) {
  const step = Math.max(1, Math.floor(parameters.length / CHECKED));
  return parameters.filter((_, index) => index % step === 0).slice(0, CHECKED);
}

// Compares the answers of all servers with those of the first, and gives the statements of each.
// In a smoke test, the gateway's must be as many as they are meant to be.
export async function check({ queries, smoke }, servers, database, sizes) {
  const statements = {};
  for (const name of queries) {
    const query = QUERIES[name];
    if (query === undefined) throw new Error(`there is no query ${name}`);
    const [first, ...others] = servers.filter((server) => server.answers(name));
    for (const other of others) {
      const compared = await sameAnswers(name, query, sizes, first, other);
      console.error(`${name}: ${compared} answers of ${other.name} are those of ${first.name}`);
    }
    statements[name] = {};
    for (const server of servers.filter((each) => each.answers(name))) {
      const counted = await statementsOf(query, sizes, server, database);
      statements[name][server.name] = counted;
      if (smoke && server.name === 'gateway' && counted !== query.statements) {
        throw new Error(`${name} costs the gateway ${counted} statements a request, not ${query.statements} as bench/queries.mjs has it`);
      }
    }
  }
  return statements;
}

// Throws where `other` does not answer a query as `server` does.
async function sameAnswers(name, query, sizes, server, other) {
  const asked = sample(query.parameters(sizes));
  if (query.nothing !== undefined) asked.push(query.nothing);
  for (const parameter of asked) {
    const [one, two] = await Promise.all([server, other].map((each) => each.ask(each.requestOf(query, parameter))));
    const what = `${name} with ${JSON.stringify(parameter)}`;
    for (const [each, answer] of [[server, one], [other, two]]) {
      if (answer.status !== 200 || answer.json === undefined || 'errors' in answer.json) {
        throw new Error(`${what}: ${each.name} answers ${answer.status} ${JSON.stringify(answer.json)}`);
      }
    }
    const [wanted, given] = [one, two].map((answer) => withoutCursors(answer.json));
    if (!isDeepStrictEqual(wanted, given)) {
      throw new Error(`${what}: ${server.name} answers\n${JSON.stringify(wanted)}\nand ${other.name}\n${JSON.stringify(given)}`);
    }
    if (parameter !== query.nothing && isEmpty(wanted.data)) {
      throw new Error(`${what}: nothing is found, so nothing is compared: ${JSON.stringify(wanted)}`);
    }
  }
  for (const parameter of query.refused(sizes)) {
    for (const each of [server, other]) {
      const { status, json } = await each.ask(each.requestOf(query, parameter));
      if (status === 200 && json?.errors === undefined && !isEmpty(json?.data)) {
        throw new Error(`${name} with ${JSON.stringify(parameter)}: ${each.name} should refuse, and answers ${JSON.stringify(json)}`);
      }
    }
  }
  return asked.length;
}

// Whether there is no object in the data beside the root.
function isEmpty(data) {
  return Object.values(data ?? {}).every((value) => value === null);
}

// Statements of one request among others, one after the other.
async function statementsOf(query, sizes, server, database) {
  const asked = sample(query.parameters(sizes)).slice(0, COUNTED);
  const ask = (parameter) => server.ask(server.requestOf(query, parameter));
  // What only the first request on a connection costs is not counted.
  for (const parameter of asked) await ask(parameter);
  const before = database.statements();
  for (const parameter of asked) await ask(parameter);
  return (database.statements() - before) / asked.length;
}
