// Start: time from exec to the first successful response to a GraphQL query.
import { spawn } from 'node:child_process';
import { request } from 'node:http';

import { describeBinary, gatewayBinary } from './build.mjs';
import { load } from './data.mjs';
import { QUERIES, toGraphQL } from './queries.mjs';
import { circumstances, median, write } from './results.mjs';
import { freePort, gatewayArguments } from './servers.mjs';

const STARTS = 10;
const DEADLINE = 30_000; // ms

export async function start(options) {
  const gateway = gatewayBinary(options);
  const { database, sizes } = load(gateway, options.smoke ? options.invites : 10_000);
  const { method, path, body } = toGraphQL(QUERIES.Q1, QUERIES.Q1.parameters(sizes)[0]);
  const milliseconds = [];
  for (let n = 0; n < STARTS; n += 1) {
    const port = await freePort();
    const began = performance.now();
    const child = spawn(gateway, gatewayArguments(database, port, options.log), { stdio: 'ignore' });
    try {
      let response;
      while (response === undefined) {
        response = await post({ host: '127.0.0.1', port, method, path }, body);
        if (performance.now() - began > DEADLINE) throw new Error('the gateway does not respond');
      }
      milliseconds.push(performance.now() - began);
      if (JSON.parse(response).data?.inviteCode?.id === undefined) throw new Error(`the first response is ${response}`);
    } finally {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
    }
  }
  const [least, most] = [Math.min(...milliseconds), Math.max(...milliseconds)];
  const results = { milliseconds, median: median(milliseconds), least, most, bytes: describeBinary(gateway).bytes };
  console.log(JSON.stringify(results, null, 1));
  if (!options.smoke) write('start', { ...circumstances(gateway, options), ...results }, options);
}

// Returns the text of a response; none if nothing listens yet.
function post(to, body) {
  return new Promise((resolve) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const sent = request({ ...to, agent: false, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part) => (text += part));
      response.on('end', () => resolve(text));
    });
    sent.once('error', () => setTimeout(resolve, 1));
    sent.end(body);
  });
}
