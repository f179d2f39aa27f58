// Sends a number of requests over some connections, and inspects every response. wrk repeats its requests,
// which mutations do not allow.
import { connect } from 'node:net';

const PATIENCE = 30_000; // ms

// Returns a request as bytes.
function bytesOf({ method, path, token, body = '' }) {
  const headers = [`${method} ${path} HTTP/1.1`, 'host: bench', 'accept: application/graphql-response+json, application/json'];
  if (token !== undefined) headers.push(`authorization: Bearer ${token}`);
  if (body !== '') headers.push('content-type: application/json');
  headers.push(`content-length: ${Buffer.byteLength(body)}`);
  return Buffer.from(`${headers.join('\r\n')}\r\n\r\n${body}`);
}

const END_OF_HEAD = Buffer.from('\r\n\r\n');

// Returns the first response in `bytes`, if it is complete.
function responseIn(bytes) {
  const end = bytes.indexOf(END_OF_HEAD);
  if (end === -1) return undefined;
  const head = bytes.toString('latin1', 0, end);
  const length = /^content-length: (\d+)$/im.exec(head)?.[1];
  if (length === undefined) throw new Error(`a response without a length: ${head}`);
  const start = end + END_OF_HEAD.length;
  if (bytes.length < start + Number(length)) return undefined;
  return { status: Number(head.slice(9, 12)), body: bytes.toString('utf8', start, start + Number(length)) };
}

// Returns true if the mutation was carried out.
function isDone({ status, body }) {
  return status === 200 && !body.includes('"errors":') && !body.includes('"userErrors":[{');
}

// Sends one request after the other until `next` returns none.
function client(url, next, record) {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    let received = Buffer.alloc(0);
    let sent;
    const send = () => {
      const request = next();
      if (request === undefined) {
        socket.end();
        resolve();
        return;
      }
      sent = performance.now();
      socket.write(request);
    };
    socket.setTimeout(PATIENCE, () => socket.destroy(new Error('no response')));
    socket.once('connect', send);
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('the connection was closed before a response')));
    socket.on('data', (piece) => {
      received = received.length === 0 ? piece : Buffer.concat([received, piece]);
      try {
        const response = responseIn(received);
        if (response === undefined) return;
        received = Buffer.alloc(0);
        if (!isDone(response)) throw new Error(`${response.status} ${response.body.slice(0, 500)}`);
        record((performance.now() - sent) * 1000);
        send();
      } catch (error) {
        socket.destroy(error);
      }
    });
  });
}

// Sends all requests. Latencies are in microseconds. Throws if one is not carried out.
export async function sendAll(url, requests, connections) {
  const all = requests.map(bytesOf);
  const latencies = [];
  let at = 0;
  const next = () => {
    at += 1;
    return all[at - 1];
  };
  const started = performance.now();
  const clients = Array.from({ length: Math.min(connections, all.length) }, () => client(url, next, (micros) => latencies.push(micros)));
  await Promise.all(clients);
  const micros = (performance.now() - started) * 1000;
  latencies.sort((a, b) => a - b);
  const share = (part) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * part))];
  return { requests: latencies.length, micros, p50: share(0.5), p99: share(0.99) };
}
