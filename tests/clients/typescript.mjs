// Strict TypeScript: checks all sources of a folder, and writes JavaScript next to each.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import ts from 'typescript';

const options = {
  strict: true,
  noUncheckedIndexedAccess: true,
  noImplicitOverride: true,
  noImplicitReturns: true,
  noUnusedLocals: true,
  noFallthroughCasesInSwitch: true,
  noEmitOnError: true,
  // Declarations of packages are not checked.
  skipLibCheck: true,
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2022.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
  module: ts.ModuleKind.Node16,
  moduleResolution: ts.ModuleResolutionKind.Node16,
  resolveJsonModule: true,
  jsx: ts.JsxEmit.ReactJSX,
  types: ['node'],
  newLine: ts.NewLineKind.LineFeed,
};

// Throws the compiler's diagnostics, if there are any. `before` are transformers of each source.
export function compile(folder, before = []) {
  const sources = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
  const program = ts.createProgram(sources, { ...options, typeRoots: [join(folder, 'node_modules/@types')] });
  const { diagnostics } = program.emit(undefined, undefined, undefined, false, { before });
  const said = ts.sortAndDeduplicateDiagnostics([...ts.getPreEmitDiagnostics(program), ...diagnostics]);
  if (said.length > 0) {
    const host = { getCanonicalFileName: (name) => name, getCurrentDirectory: () => folder, getNewLine: () => '\n' };
    throw new Error(ts.formatDiagnostics(said, host));
  }
}
