// A fresh folder to build an application in, with the packages of tests/clients beside it.
import { cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const clients = fileURLToPath(new URL('.', import.meta.url));

// The schema, as it is committed.
export const SCHEMA = join(clients, '../../schema.graphql');

// Makes `folder` anew with a copy of the sources that lie at `application` in tests/clients.
export function fresh(folder, application) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  cpSync(join(clients, application), folder, { recursive: true });
  symlinkSync(join(clients, 'node_modules'), join(folder, 'node_modules'));
  // `import` is compiled to `require`, as the applications' bundlers would resolve it.
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'commonjs' }));
}
