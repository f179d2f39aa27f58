// Checks that the gateway or its build reads every environment variable named in deploy/.

import { expect } from './findings.mjs';
import { filesUnder, read, source } from './files.mjs';

const NAME = /\b(?:GATEWAY|DATABASE|METRICS|TRUSTED|OTEL|EXPLORER)_[A-Z0-9_]*[A-Z0-9]\b/g;
// Compose's own variable: the published port.
const OTHERS = new Set(['GATEWAY_PORTS']);

const read_by_code = new Set([
  ...[...source.matchAll(/env\s*=\s*"([A-Z0-9_]+)"/g)].map((match) => match[1]),
  ...[...source.matchAll(/env!\("([A-Z0-9_]+)"\)/g)].map((match) => match[1]),
  ...[...source.matchAll(/"(OTEL_[A-Z0-9_]+)"/g)].map((match) => match[1]),
  ...[...read('explorer/build.rs').matchAll(/"(EXPLORER_[A-Z]+)"/g)].map((match) => match[1]),
]);

/** Returns the variable that was probably meant. */
function meant(name) {
  const stem = name.replace(/^[A-Z]+_/, '');
  return [...read_by_code].find((known) => known.endsWith(name) || known.endsWith(`_${stem}`));
}

export function checkSettings() {
  const files = [...filesUnder('deploy', '.yaml'), ...filesUnder('deploy', '.yml'),
    'deploy/Dockerfile', 'deploy/README.md', 'docs/operate/deploy.md', 'docs/operate/kubernetes.md'];
  for (const file of files) {
    for (const name of new Set(read(file).match(NAME))) {
      if (OTHERS.has(name)) continue;
      const other = meant(name);
      expect(read_by_code.has(name), file,
        `${name} is not a setting of the gateway${other ? `; did you mean ${other}?` : ''}`);
    }
  }
}
