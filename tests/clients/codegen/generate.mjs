// Generates an application's types in a folder, with the command of a frontend.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { fresh } from '../build_folder.mjs';

const cli = createRequire(import.meta.url).resolve('@graphql-codegen/cli/package.json');
const { bin } = JSON.parse(readFileSync(cli, 'utf8'));

// `schema` is a file or the URL of a server. Returns the digest of each generated file.
export function generate(folder, schema) {
  fresh(folder, 'codegen/app');
  cpSync(fileURLToPath(new URL('../documents', import.meta.url)), join(folder, 'documents'), { recursive: true });
  execFileSync(process.execPath, [join(dirname(cli), bin['graphql-codegen']), '--config', 'codegen.ts'], {
    cwd: folder,
    env: { ...process.env, SCHEMA: schema },
    stdio: ['ignore', 2, 2],
  });
  const gql = join(folder, 'gql');
  return Object.fromEntries(
    readdirSync(gql).map((name) => [
      name,
      createHash('sha256').update(readFileSync(join(gql, name))).digest('hex'),
    ]),
  );
}
