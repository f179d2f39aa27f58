// The files around this folder, read once.

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { expect } from './findings.mjs';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

export const read = (path) => readFileSync(join(root, path), 'utf8');

/** The files under a folder of the repository, as paths from its root. */
export function filesUnder(folder, ending) {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => relative(root, join(entry.parentPath ?? entry.path, entry.name)))
    .filter((path) => !path.includes('node_modules'))
    .sort();
}

/** The documents of YAML text; what is not well formed, or has a key twice, is a finding. */
export function documentsOf(text, file) {
  const documents = parseAllDocuments(text, { merge: true, uniqueKeys: true });
  return documents.map((document) => {
    const faults = [...document.errors, ...document.warnings];
    expect(faults.length === 0, file, faults.map(String).join('; '));
    return document.toJS();
  });
}

export const yaml = (path) => documentsOf(read(path), path)[0];

/** The text of all Rust sources of the gateway. */
export const source = filesUnder('src', '.rs').map(read).join('\n');
