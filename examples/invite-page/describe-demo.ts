// Vite plugin that serves personas and sample links at /demo.json, from `demo --describe`. Only for
// the dev server.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import type { Plugin } from 'vite';

const run = promisify(execFile);

function program(): string {
  const built = ['release', 'debug'].map((profile) =>
    fileURLToPath(new URL(`../../target/${profile}/invite-gateway`, import.meta.url)),
  );
  return process.env.INVITE_GATEWAY ?? built.find(existsSync) ?? 'invite-gateway';
}

export function describeDemo(): Plugin {
  return {
    name: 'describe-demo',
    apply: 'serve',
    configureServer(server) {
      server.middlewares.use('/demo.json', async (_request, response) => {
        response.setHeader('content-type', 'application/json');
        try {
          response.end((await run(program(), ['demo', '--describe'])).stdout);
        } catch (error) {
          server.config.logger.warn(`no sample links: set INVITE_GATEWAY to the program's path (${String(error)})`);
          response.end('null');
        }
      });
    },
  };
}
