// Checks that servers return the same data, and counts statements per request.
import { isDeepStrictEqual } from 'node:util';

import { QUERIES } from './queries.mjs';

const CHECKED = 40;
const COUNTED = 20;

const CURSORS = new Set(['cursor', 'startCursor', 'endCursor']);

// Replaces cursors in the data by their kind, because cursors are opaque.
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

// Compares the responses of all servers with those of the first, and returns each server's
// statement counts. In a smoke test, the gateway's counts must match bench/queries.mjs.
export async function check({ queries, smoke }, servers, database, sizes) {
  const statements = {};
  for (const name of queries) {
    const query = QUERIES[name];
    if (query === undefined) throw new Error(`unknown query ${name}`);
    const selected = servers.filter((server) => server.supports(name));
    const [first, ...others] = selected.filter(({ isOurs }) => isOurs);
    for (const other of others) {
      const compared = await sameResponses(name, query, sizes, first, other);
      console.error(`${name}: ${compared} responses of ${other.name} equal those of ${first.name}`);
    }
    for (const peer of selected.filter(({ isOurs }) => !isOurs)) {
      for (const parameter of sample(query.parameters(sizes))) await goodResponse(name, query, parameter, peer);
    }
    statements[name] = {};
    for (const server of selected) {
      const counted = await statementsOf(query, sizes, server, database);
      statements[name][server.name] = counted;
      if (smoke && server.name === 'gateway' && counted !== query.statements) {
        throw new Error(`${name} costs the gateway ${counted} statements per request; bench/queries.mjs expects ${query.statements}`);
      }
    }
  }
  return statements;
}

// Throws if `other` responds to a query differently from `server`.
async function sameResponses(name, query, sizes, server, other) {
  const selected = sample(query.parameters(sizes));
  if (query.nothing !== undefined) selected.push(query.nothing);
  for (const parameter of selected) {
    const responses = [server, other].map((each) => goodResponse(name, query, parameter, each));
    const [one, two] = await Promise.all(responses);
    const what = `${name} with ${JSON.stringify(parameter)}`;
    const [wanted, given] = [one, two].map((response) => withoutCursors(response));
    if (!isDeepStrictEqual(wanted, given)) {
      throw new Error(`${what}: ${server.name} returns\n${JSON.stringify(wanted)}\nand ${other.name}\n${JSON.stringify(given)}`);
    }
  }
  for (const parameter of query.refused(sizes)) {
    for (const each of [server, other]) {
      const { status, json } = await each.query(each.requestOf(query, parameter));
      const isAnswered = status === 200 && json?.errors === undefined && !isEmpty(json?.data);
      if (isAnswered || status >= 500) {
        throw new Error(`${name} with ${JSON.stringify(parameter)}: ${each.name} must refuse, but returns ${status} ${JSON.stringify(json)}`);
      }
    }
  }
  return selected.length;
}

// Returns the response to a query. Throws if it has errors, or lacks the data that it must have.
async function goodResponse(name, query, parameter, server) {
  const { status, json } = await server.query(server.requestOf(query, parameter));
  const what = `${name} with ${JSON.stringify(parameter)}: ${server.name} returns ${status} ${JSON.stringify(json)}`;
  if (status !== 200 || json === undefined || 'errors' in json) throw new Error(what);
  if (parameter !== query.nothing && isEmpty(json.data)) throw new Error(`${what}, so that nothing can be compared`);
  return json;
}

// Returns true if the data has no object below the root.
function isEmpty(data) {
  return Object.values(data ?? {}).every((value) => value === null);
}

// Returns the statements per request, over several sequential requests.
async function statementsOf(query, sizes, server, database) {
  const selected = sample(query.parameters(sizes)).slice(0, COUNTED);
  const ask = (parameter) => server.query(server.requestOf(query, parameter));
  // Does not count statements that only the first request on a connection costs.
  for (const parameter of selected) await ask(parameter);
  const before = database.statements();
  for (const parameter of selected) await ask(parameter);
  return (database.statements() - before) / selected.length;
}
