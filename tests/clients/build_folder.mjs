// Creates a build folder for an application, with the packages of tests/clients next to it.
import { cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const clients = fileURLToPath(new URL('.', import.meta.url));

// The committed schema.
export const SCHEMA = join(clients, '../../schema.graphql');

// Recreates `folder` with a copy of the sources of `application` in tests/clients.
export function fresh(folder, application) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  cpSync(join(clients, application), folder, { recursive: true });
  symlinkSync(join(clients, 'node_modules'), join(folder, 'node_modules'));
  // Compiles `import` to `require`, which Node.js resolves like the applications' bundlers.
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'commonjs' }));
}
