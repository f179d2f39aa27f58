// Reads the repository's files.

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { expect } from './findings.mjs';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

export const read = (path) => readFileSync(join(root, path), 'utf8');

/** Lists the files under a folder, as paths from the repository's root. */
export function filesUnder(folder, ending) {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => relative(root, join(entry.parentPath ?? entry.path, entry.name)))
    .filter((path) => !path.includes('node_modules'))
    .sort();
}

/** Parses YAML documents, and reports malformed ones and duplicate keys. */
export function documentsOf(text, file) {
  const documents = parseAllDocuments(text, { merge: true, uniqueKeys: true });
  return documents.map((document) => {
    const faults = [...document.errors, ...document.warnings];
    expect(faults.length === 0, file, faults.map(String).join('; '));
    return document.toJS();
  });
}

export const yaml = (path) => documentsOf(read(path), path)[0];

/** The text of all the gateway's Rust sources. */
export const source = filesUnder('src', '.rs').map(read).join('\n');
