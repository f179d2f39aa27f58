// Generates the types of the example `invite-page`, runs its compiler, and builds it. Prints whether the
// build has queries, and data of the demo.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { npmRun, textOf } from './app.mjs';

const built = mkdtempSync(join(tmpdir(), 'invite-page-'));
try {
  npmRun('check');
  // Without its `prebuild`, because the types exist.
  npmRun('--ignore-scripts', 'build', '--', '--outDir', built, '--emptyOutDir', '--logLevel', 'warn');
  const text = textOf(built);
  process.stdout.write(JSON.stringify({ queries: text.includes('inviteCode('), demo: text.includes('demo.json') }));
} finally {
  rmSync(built, { recursive: true, force: true });
}
