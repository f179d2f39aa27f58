// Checks the Dockerfile where hadolint has no rule: sources exist, toolchains are recent enough,
// and the user is not root. Also checks that all images have versions.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from './findings.mjs';
import { read, root } from './files.mjs';

const FILE = 'deploy/Dockerfile';

/** Returns the instructions as pairs of keyword and arguments, with lines joined and without comments. */
function instructions() {
  return read(FILE)
    .split('\n')
    .filter((line) => !line.trimStart().startsWith('#'))
    .join('\n')
    .replaceAll(/\\\n\s*/g, ' ')
    .split('\n')
    .filter((line) => line.trim())
    .map((line) => /^(\w+)\s+(.*)$/.exec(line).slice(1));
}

/** Returns true if .dockerignore, an allowlist, includes a path. */
function isInContext(path) {
  const allowed = read('.dockerignore').split('\n').filter((line) => line.startsWith('!'))
    .map((line) => line.slice(1));
  return allowed.some((entry) => path === entry || path.startsWith(`${entry}/`));
}

/** Returns the paths that the stages copy from the repository. */
export const copied = () => instructions()
  .filter(([keyword, rest]) => keyword === 'COPY' && !rest.includes('--from'))
  .flatMap(([, rest]) => rest.split(/\s+/).slice(0, -1));

const isAtLeast = (version, least) => version.localeCompare(least, 'en', { numeric: true }) >= 0;

/** Returns true if a reference names a fixed version. */
export const isPinned = (image) => /:[^/:]*\d[^/:]*$/.test(image) && !/:latest$/.test(image);

export function checkImage() {
  const all = instructions();
  const defaults = new Map(all.filter(([keyword]) => keyword === 'ARG').map(([, rest]) => rest.split('=')));
  for (const path of copied()) {
    expect(existsSync(join(root, path)), FILE, `copies ${path}, which does not exist`);
    expect(isInContext(path), FILE, `copies ${path}, which .dockerignore excludes`);
  }
  const least = /rust-version = "([\d.]+)"/.exec(read('Cargo.toml'))[1];
  expect(isAtLeast(defaults.get('RUST_VERSION'), least), FILE, `builds with a Rust older than ${least}`);
  const node = /[\d.]+/.exec(JSON.parse(read('explorer/web/package.json')).engines.node)[0];
  expect(isAtLeast(defaults.get('NODE_VERSION'), node), FILE, `builds with a Node.js older than ${node}`);

  const bases = all.filter(([keyword]) => keyword === 'FROM')
    .map(([, rest]) => rest.replace(/--\S+\s+/, '').split(/\s+/)[0])
    .map((image) => image.replaceAll(/\$\{(\w+)\}/g, (_, name) => defaults.get(name)));
  // Distroless images have no version tags; their names contain Debian's version.
  for (const base of bases) {
    expect(isPinned(base) || /distroless\/\w+-debian\d+:nonroot$/.test(base), FILE, `${base} has no version`);
  }
  expect(!all.some(([keyword]) => keyword === 'ADD'), FILE, 'uses ADD, which may fetch and unpack; use COPY');
  const last = all.slice(all.findLastIndex(([keyword]) => keyword === 'FROM'));
  const user = last.findLast(([keyword]) => keyword === 'USER')?.[1] ?? '';
  expect(/^[1-9]\d*:[1-9]\d*$/.test(user), FILE, 'the last stage must set USER to a number other than root');
  const entry = last.find(([keyword]) => keyword === 'ENTRYPOINT')?.[1] ?? '';
  expect(entry.startsWith('['), FILE, 'ENTRYPOINT must be a list, since the image has no shell');
  const build = all.find(([keyword, rest]) => keyword === 'RUN' && rest.includes('cargo build'))?.[1] ?? '';
  expect(/--profile dist\b/.test(build) && /--locked\b/.test(build), FILE, 'cargo builds without --profile dist or --locked');
  const variables = all.filter(([keyword]) => keyword === 'ENV').map(([, rest]) => rest).join(' ');
  expect(/EXPLORER_DIST=/.test(variables), FILE, 'must build with GraphiQL: set EXPLORER_DIST');
}
