// The documents in tests/clients/documents, each operation with its fragments, and the schema
// information that caches need.
import { readdirSync, readFileSync } from 'node:fs';

import { buildSchema, concatAST, isAbstractType, parse, separateOperations } from 'graphql';

import { SCHEMA } from './build_folder.mjs';

const folder = new URL('documents/', import.meta.url);
const parsed = readdirSync(folder).map((name) => parse(readFileSync(new URL(name, folder), 'utf8')));

// Operations by name.
export const documents = separateOperations(concatAST(parsed));

// Fragments, each as a document.
export const fragments = parsed.filter(({ definitions: [only] }) => only.kind === 'FragmentDefinition');

const schema = buildSchema(readFileSync(SCHEMA, 'utf8'));

// Names of the object types of each interface and union.
export const possibleTypes = Object.fromEntries(
  Object.values(schema.getTypeMap())
    .filter(isAbstractType)
    .map((type) => [type.name, schema.getPossibleTypes(type).map(({ name }) => name)]),
);
