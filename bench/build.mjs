// Builds the programs to measure.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));
const TARGET = join(ROOT, 'target');

// Temporary files of a run.
export const FOLDER = join(TARGET, 'bench');

function cargo(args) {
  execFileSync('cargo', args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] });
}

const folderOf = (profile) => (profile === 'dev' ? 'debug' : profile);

// Returns the path of the gateway's binary: the one given, or a new build.
export function gatewayBinary({ gateway, profile }) {
  if (gateway !== undefined) return gateway;
  cargo(['build', '--locked', '--profile', profile, '--bin', 'invite-gateway']);
  return join(TARGET, folderOf(profile), 'invite-gateway');
}

// Builds the baseline. It has its own lock file, so its dependencies are built separately.
export function baselineBinary(profile) {
  const target = join(TARGET, 'baseline');
  const manifest = join(ROOT, 'bench/baseline/Cargo.toml');
  cargo(['build', '--locked', '--profile', profile, '--manifest-path', manifest, '--target-dir', target]);
  return join(target, folderOf(profile), 'baseline');
}

// Describes the measured binary, to distinguish results.
export function describeBinary(path) {
  const sha256 = createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, 16);
  return { bytes: statSync(path).size, sha256 };
}

export function commit() {
  const git = (...args) => execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).trim();
  try {
    const changed = git('status', '--porcelain', '--untracked-files=no') === '' ? '' : ' and changes';
    return git('rev-parse', '--short=12', 'HEAD') + changed;
  } catch {
    return 'no git repository';
  }
}
