// Hostile clients: a function per kind, each at a loopback address of its own. They run in a
// separate process, so that they do not delay the measured clients.
//
// They expect resets, closed connections, 408, 413, 429 and 503. All outcomes are counted, and none
// is an error.
import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { bigCourseSlug, managerOfCourse } from './data.mjs';
import { tokenOf } from './tokens.mjs';

const REOPEN = 500; // ms until a closed connection is reopened
const EVERY = 1000; // ms between bytes of slow clients

const aliases = (field) => `{ ${Array.from({ length: 20 }, (_, at) => `a${at}: ${field(at)}`).join(' ')} }`;
const LARGE = '{ __schema { types { name description fields { name description args { name description } } } } }';

// Context of a hostile client: its address, its target and its counters.
class Client {
  stopped = false;
  counts = {};
  open = new Set();

  constructor(address, target) {
    Object.assign(this, { address, ...target });
    this.agent = new Agent({ keepAlive: true, localAddress: address });
  }

  count(what) {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }

  connect() {
    return connect({ host: this.host, port: this.port, localAddress: this.address });
  }

  // Keeps that many connections open, and reopens closed ones. `begin` opens one.
  hold(number, begin) {
    const open = () => {
      if (this.stopped) return;
      const connection = begin();
      this.count('opened');
      this.open.add(connection);
      connection.on('error', ({ code }) => this.count(code ?? 'failed'));
      connection.on('close', () => {
        this.open.delete(connection);
        this.count('closed');
        setTimeout(open, REOPEN);
      });
    };
    for (let n = 0; n < number; n += 1) setTimeout(open, (n * REOPEN) / number);
  }

  // Like `hold`, over TCP. Calls `write` with each connected socket, and reads all input.
  holdSockets(number, write) {
    this.hold(number, () => {
      const socket = this.connect().once('connect', () => write(socket));
      socket.on('data', (bytes) => this.countStatuses(bytes));
      return socket;
    });
  }

  countStatuses(bytes) {
    for (const [, status] of bytes.toString('latin1').matchAll(/HTTP\/1\.1 (\d{3}) /g)) this.count(status);
  }

  // Repeats an action, with that many at a time and a pause in milliseconds before each.
  async repeat(number, milliseconds, act) {
    const once = async () => {
      while (!this.stopped) {
        await act().then((what) => this.count(what), ({ code }) => this.count(code ?? 'failed'));
        await pause(milliseconds);
      }
    };
    await Promise.all(Array.from({ length: number }, once));
  }

  // Sends a request, reads the whole response, and returns its status.
  send({ method = 'POST', path = '/graphql', headers = {}, body }) {
    const { host, port, agent } = this;
    return new Promise((resolve, reject) => {
      const sent = request({ host, port, agent, method, path, headers: { 'content-type': 'application/json', ...headers } });
      sent.on('error', reject).on('response', (response) => {
        response.on('error', reject).on('end', () => resolve(String(response.statusCode))).resume();
      });
      sent.setTimeout(60_000, () => sent.destroy(Object.assign(new Error('no response'), { code: 'no response' })));
      sent.end(body);
    });
  }

  query(query, { variables, token } = {}) {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    return this.send({ headers, body: JSON.stringify({ query, variables }) });
  }

  stop() {
    this.stopped = true;
    this.open.forEach((connection) => connection.destroy());
    this.agent.destroy();
  }
}

const head = (method, path, more = []) => [`${method} ${path} HTTP/1.1`, 'host: gateway', ...more, '', ''].join('\r\n');
const post = (length, more = []) => head('POST', '/graphql', ['content-type: application/json', `content-length: ${length}`, ...more]);
const posted = (query) => {
  const body = JSON.stringify({ query });
  return post(Buffer.byteLength(body)) + body;
};

export const HOSTILE = {
  'HTTP/2 with a window of nothing': (client) => {
    const url = `http://${client.host}:${client.port}`;
    const body = JSON.stringify({ query: LARGE });
    client.hold(20, () => {
      // Responds to pings and acknowledges settings, so that it looks alive.
      const session = connectHttp2(url, { createConnection: () => client.connect(), settings: { initialWindowSize: 0 } });
      const ask = (n) => {
        if (session.closed || session.destroyed) return;
        const stream =
          n % 2 === 0
            ? session.request({ ':path': '/openapi.json' })
            : session.request({ ':method': 'POST', ':path': '/graphql', 'content-type': 'application/json' });
        stream.on('response', (headers) => client.count(String(headers[':status'])));
        stream.on('error', ({ code }) => client.count(code ?? 'failed'));
        stream.on('close', () => setTimeout(ask, EVERY, n));
        stream.end(n % 2 === 0 ? undefined : body);
      };
      session.on('goaway', () => client.count('GOAWAY'));
      session.once('connect', () => Array.from({ length: 100 }, (_, n) => ask(n)));
      return session;
    });
  },

  'HTTP/1.1 that reads no answer': (client) => {
    const pipelined = (posted(LARGE) + head('GET', '/openapi.json')).repeat(25);
    client.hold(100, () => {
      const socket = client.connect();
      // Has no data listener, so that Node.js reads only as much as it buffers.
      const write = () => socket.writable && socket.writableLength === 0 && socket.write(pipelined);
      const clock = setInterval(write, EVERY);
      return socket.once('connect', write).on('close', () => clearInterval(clock));
    });
  },

  'bodies of a byte a second': (client) => {
    let opened = 0;
    client.holdSockets(200, (socket) => {
      opened += 1;
      // Half of the requests have a token, so both an address and a user are limited.
      socket.write(post(100_000, opened % 2 === 0 ? [] : [`authorization: Bearer ${client.token}`]));
      const clock = setInterval(() => socket.writable && socket.write(' '), EVERY);
      socket.on('close', () => clearInterval(clock));
    });
  },

  'connections that say nothing, or half of it': (client) => {
    const halves = ['', 'POST /graphql HTTP/1.1\r\nhost: gateway\r\ncontent-', 'PRI * HTTP/2.0\r\n\r\n', 'P'];
    for (const half of halves) client.holdSockets(75, (socket) => socket.write(half));
  },

  'searches of a large list, twenty at a time': (client) =>
    client.repeat(8, 100, () => {
      const text = randomUUID().slice(0, 4);
      const list = (at) => `course(id: "${client.course}") { invitees(first: 10, filter: { search: "${text}${at}" }) { totalCount nodes { username } } }`;
      return client.query(aliases(list), { token: client.manager });
    }),

  'the SDL, twenty times': (client) => client.repeat(8, 100, () => client.query(aliases(() => '_service { sdl }'))),

  'a body of a terabyte that does not come': (client) =>
    client.holdSockets(50, (socket) => socket.write(post(2 ** 40))),

  'guesses of codes and tokens': async (client) => {
    const guess = () => randomUUID().toUpperCase().slice(0, 16);
    await Promise.all([
      client.repeat(4, 100, () => client.query(aliases(() => `inviteCode(code: "${guess()}") { id }`))),
      client.repeat(2, 100, () => client.query(aliases(() => `workspaceInvite(token: "${randomUUID()}") { id }`))),
      client.repeat(2, 100, () => client.send({ method: 'GET', path: `/api/v2/invite_code/${guess()}/` })),
      client.repeat(2, 100, () => client.query('{ __typename }', { token: `${client.token.slice(0, -8)}${guess().slice(0, 8)}` })),
    ]);
  },

  'documents of 16 KB that are not valid': (client) => {
    const fields = (prefix) => {
      let text = '';
      for (let at = 0; text.length < 15_900; at += 1) text += ` ${prefix}${at.toString(36)}`;
      return text;
    };
    const documents = [`{ viewer {${fields('f').slice(0, 9000)} } }`, `{${fields('$')} }`, '{'.repeat(16_000), `{ a(b: "${'x'.repeat(15_900)}") }`];
    let at = 0;
    return client.repeat(8, 100, () => client.query(documents[(at += 1) % documents.length]));
  },

  'bodies of many values': (client) => {
    const values = (value, count) => `[${Array(count).fill(value).join(',')}]`;
    const query = JSON.stringify('query ($it: [_Any!]) { inviteCode(code: "none") { id } }');
    const bodies = [values('[[]]', 1900), values('{"":0}', 1900), values('[[]]', 25_000)].map(
      (it) => `{"query":${query},"variables":{"it":[],"zz":${it}}}`,
    );
    let at = 0;
    return client.repeat(64, 10, () => client.send({ body: bodies[(at += 1) % bodies.length] }));
  },

  'searches for long texts': (client) =>
    client.repeat(8, 100, () => {
      const text = `${'a'.repeat(300)}${randomUUID().slice(0, 4)}`;
      return client.query(`{ course(id: "${client.course}") { invitees(first: 1, filter: { search: "${text}" }) { totalCount } } }`, {
        token: client.manager,
      });
    }),

  'connections that come and go': (client) =>
    client.repeat(
      8,
      10,
      () =>
        new Promise((resolve, reject) => {
          const socket = client.connect().on('error', reject);
          socket.once('connect', () => {
            // Some send a request and close, others reset at once.
            if (Math.random() < 0.5) return void socket.resetAndDestroy();
            socket.write(head('GET', '/health/live', ['connection: close']));
            socket.resume().once('end', () => socket.end());
          });
          socket.once('close', () => resolve('closed'));
        }),
    ),
};

export const KINDS = Object.keys(HOSTILE);

// No client uses 127.0.0.1.
const addressOf = (kind) => `127.0.0.${2 + KINDS.indexOf(kind)}`;

// User of the hostile clients, who manages a large list. Honest clients do not use it.
export const hostileUser = (sizes) => managerOfCourse(sizes.smallCourses + 1, sizes);

// Starts hostile clients of those kinds against a server. `stop` ends them and returns their
// counts.
export async function startHostile(kinds, server, sizes) {
  const { hostname: host, port } = new URL(server.url);
  const target = {
    host,
    port: Number(port),
    course: bigCourseSlug(1),
    manager: tokenOf(hostileUser(sizes)),
    // A user without data.
    token: tokenOf(sizes.managers + 2),
  };
  const child = fork(fileURLToPath(import.meta.url), [JSON.stringify({ kinds, target })]);
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const message = () =>
    new Promise((resolve, reject) => {
      child.once('message', resolve);
      ended.then(() => reject(new Error('the hostile clients ended by themselves')));
    });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.off('exit', kill));
  await message();
  return {
    stop: async () => {
      const counts = message();
      child.send('stop');
      const found = await counts;
      await ended;
      return found;
    },
  };
}

// Entry point of the hostile clients' process.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { kinds, target } = JSON.parse(process.argv[2]);
  const clients = kinds.map((kind) => [kind, new Client(addressOf(kind), target)]);
  process.on('disconnect', () => process.exit());
  process.once('message', () => {
    process.send(Object.fromEntries(clients.map(([kind, { counts }]) => [kind, counts])), () => process.exit());
    clients.forEach(([, client]) => client.stop());
  });
  clients.forEach(([kind, client]) => HOSTILE[kind](client));
  process.send('started');
}
