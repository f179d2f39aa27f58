// Drives a server with wrk.
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { FOLDER } from './build.mjs';

const run = promisify(execFile);
const SCRIPT = fileURLToPath(new URL('wrk.lua', import.meta.url));

// Writes requests for wrk, and returns the file's path.
export function requestsFile(name, requests) {
  const lines = requests.map(({ method, path, token, body }) => [method, path, token ?? '', body ?? ''].join('\t'));
  mkdirSync(FOLDER, { recursive: true });
  const file = join(FOLDER, `${name}.tsv`);
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

// Sends the requests of a file over that many connections for that many seconds. Latencies are in
// microseconds. Throws if a request fails, unless failures are tolerated. With `look`, a response
// with "errors" is a failure.
export async function drive(url, file, { connections, seconds, look = false, tolerate = false }) {
  // wrk accepts only whole seconds.
  const duration = Math.max(1, Math.round(seconds));
  const args = ['-t1', `-c${connections}`, `-d${duration}s`, '--timeout', '30s', '-s', SCRIPT, url, '--', file];
  if (look) args.push('look');
  const { stdout } = await run('wrk', args);
  const outcome = JSON.parse(stdout.trim().split('\n').at(-1));
  const failed = Object.entries(outcome.failed).filter(([, count]) => count > 0);
  if (failed.length > 0 && !tolerate) {
    throw new Error(`${url}, ${file}, ${connections} connections: of ${outcome.requests} requests failed ${JSON.stringify(Object.fromEntries(failed))}`);
  }
  if (outcome.requests === 0) throw new Error(`${url}, ${file}: no request got a response`);
  return outcome;
}
