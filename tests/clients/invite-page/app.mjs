// The example's dev server, and a connection between it and the gateway that tests can cut.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const folder = fileURLToPath(new URL('../../../examples/invite-page/', import.meta.url));

/** Runs one of the app's npm scripts, with its output on standard error. Throws if it fails. */
export function npmRun(...script) {
  const { status } = spawnSync('npm', ['run', ...script], {
    cwd: folder,
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0) throw new Error(`npm run ${script.join(' ')} ended with ${status}`);
}

/** Returns all text of a folder's files. */
export function textOf(built) {
  return readdirSync(built, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
    .join('\n');
}

/** Starts the dev server like `npm run dev`, on a free port. */
export async function startApp(environment) {
  Object.assign(process.env, environment);
  const vite = await import(pathToFileURL(join(folder, 'node_modules/vite/dist/node/index.js')));
  const server = await vite.createServer({
    root: folder,
    configFile: join(folder, 'vite.config.ts'),
    logLevel: 'silent',
    server: { port: await freePort(), strictPort: true },
  });
  await server.listen();
  return { url: server.resolvedUrls.local[0].replace(/\/$/, ''), stop: () => server.close() };
}

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Forwards bytes to the gateway, until it is cut and again after it is mended. */
export async function wireTo(gateway) {
  const { hostname, port } = new URL(gateway);
  const open = new Set();
  const serve = () =>
    net.createServer((near) => {
      const far = net.connect(Number(port), hostname);
      for (const [from, to] of [[near, far], [far, near]]) {
        open.add(from);
        from.pipe(to);
        // If one end closes, closes the other.
        from.on('error', () => to.destroy()).on('close', () => {
          open.delete(from);
          to.destroy();
        });
      }
    });
  let server = serve();
  const listen = async (at) => {
    server.listen(at, '127.0.0.1');
    await once(server, 'listening');
  };
  await listen(0);
  const at = server.address().port;
  const cut = async () => {
    server.close();
    for (const socket of open) socket.destroy();
    if (server.listening || open.size) await once(server, 'close');
  };
  return {
    url: `http://127.0.0.1:${at}`,
    cut,
    async mend() {
      server = serve();
      await listen(at);
    },
  };
}
