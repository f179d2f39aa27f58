// Drives a server with wrk.
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { FOLDER } from './build.mjs';

const run = promisify(execFile);
const SCRIPT = fileURLToPath(new URL('wrk.lua', import.meta.url));

// Writes requests for wrk; gives the file's path.
export function requestsFile(name, requests) {
  const lines = requests.map(({ method, path, token, body }) => [method, path, token ?? '', body ?? ''].join('\t'));
  mkdirSync(FOLDER, { recursive: true });
  const file = join(FOLDER, `${name}.tsv`);
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

// Sends the requests of a file over so many connections for so many seconds. Latencies are in
// microseconds. Throws where any request failed, unless failures are to be tolerated. With `look`,
// answers must have no "errors".
export async function drive(url, file, { connections, seconds, look = false, tolerate = false }) {
  // wrk takes whole seconds, and milliseconds nowhere.
  const duration = Math.max(1, Math.round(seconds));
  const args = ['-t1', `-c${connections}`, `-d${duration}s`, '--timeout', '30s', '-s', SCRIPT, url, '--', file];
  if (look) args.push('look');
  const { stdout } = await run('wrk', args);
  const outcome = JSON.parse(stdout.trim().split('\n').at(-1));
  const failed = Object.entries(outcome.failed).filter(([, count]) => count > 0);
  if (failed.length > 0 && !tolerate) {
    throw new Error(`${url}, ${file}, ${connections} connections: of ${outcome.requests} requests failed ${JSON.stringify(Object.fromEntries(failed))}`);
  }
  if (outcome.requests === 0) throw new Error(`${url}, ${file}: no request was answered`);
  return outcome;
}
