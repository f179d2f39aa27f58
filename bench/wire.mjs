// A proxy in front of PostgreSQL that counts what clients send: round trips, and messages by type.
import { connect, createServer } from 'node:net';

const STARTUP = 196_608; // protocol 3.0

// Calls `found` with the type of each complete message of a client. Messages before the session begins
// have none.
class Messages {
  constructor(found) {
    this.found = found;
    this.rest = Buffer.alloc(0);
    this.hasBegun = false;
  }

  push(piece) {
    this.rest = Buffer.concat([this.rest, piece]);
    for (;;) {
      const header = this.hasBegun ? 1 : 0;
      if (this.rest.length < header + 4) return;
      const length = header + this.rest.readInt32BE(header);
      if (this.rest.length < length) return;
      if (this.hasBegun) this.found(String.fromCharCode(this.rest[0]));
      else this.hasBegun = this.rest.readInt32BE(4) === STARTUP;
      this.rest = this.rest.subarray(length);
    }
  }
}

// Starts a proxy in front of the server of a URL.
export async function startCounter(target) {
  const { hostname, port } = new URL(target);
  const counts = { trips: 0, pings: 0, parses: 0, executes: 0, queries: 0 };
  const sockets = new Set();
  const proxy = createServer({ noDelay: true }, (client) => {
    const server = connect({ host: hostname, port: Number(port), noDelay: true });
    let isAnswered = true;
    let sinceSync = 0;
    const messages = new Messages((type) => {
      if (type === 'P') counts.parses += 1;
      if (type === 'E') counts.executes += 1;
      if (type === 'Q') counts.queries += 1;
      // A Sync by itself does nothing but respond.
      if (type === 'S' && sinceSync === 0) counts.pings += 1;
      // A simple query needs no Sync.
      sinceSync = type === 'S' || type === 'Q' ? 0 : sinceSync + 1;
    });
    client.on('data', (piece) => {
      // What is sent before a response is part of the same round trip.
      if (isAnswered) counts.trips += 1;
      isAnswered = false;
      messages.push(piece);
      server.write(piece);
    });
    server.on('data', (piece) => {
      isAnswered = true;
      client.write(piece);
    });
    for (const [socket, other] of [[client, server], [server, client]]) {
      sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
  });
  await new Promise((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const url = new URL(target);
  url.hostname = '127.0.0.1';
  url.port = String(proxy.address().port);
  return {
    url: url.href,
    counts: () => ({ ...counts }),
    stop: () => {
      sockets.forEach((socket) => socket.destroy());
      return new Promise((resolve) => proxy.close(resolve));
    },
  };
}
