// Composes the subgraph with three composers: compose.mjs FILE SUBGRAPH… composes the schema in
// FILE with the named subgraphs of examples/supergraph. Prints each composer's complaints, the
// supergraph's fields, those that require authentication, and the specifications that a router must
// support.
import { buildSchema, isObjectType, parse } from 'graphql';
import { composers, subgraphs } from './supergraph.mjs';

const [file, ...others] = process.argv.slice(2);
const list = subgraphs(file).filter(({ name }) => name === 'invites' || others.includes(name));
if (list.length !== others.length + 1) throw new Error(`not all of ${others} are known`);

function fields(document) {
  const schema = typeof document === 'string' ? buildSchema(document) : document;
  return Object.values(schema.getTypeMap())
    .filter((type) => isObjectType(type) && !type.name.startsWith('__'))
    .flatMap((type) => Object.keys(type.getFields()).map((field) => `${type.name}.${field}`));
}

// Fields of object types with `@authenticated`.
function authenticated(supergraphSdl) {
  const types = parse(supergraphSdl).definitions.filter(({ kind }) => kind === 'ObjectTypeDefinition');
  return types.flatMap(({ name: type, fields }) =>
    fields
      .filter(({ directives }) => directives.some(({ name }) => name.value === 'authenticated'))
      .map(({ name }) => `${type.value}.${name.value}`),
  );
}

const told = {};
for (const [name, compose] of Object.entries(composers)) {
  const { complaints, document, supergraphSdl = '' } = compose(list);
  const links = supergraphSdl.matchAll(/@link\(url: "[^"]*\/([^"/]+)\/v[\d.]+", for: SECURITY/g);
  told[name] = {
    complaints,
    fields: document ? fields(document) : [],
    authenticated: supergraphSdl ? authenticated(supergraphSdl) : [],
    demands: [...links].map(([, specification]) => specification),
  };
}
process.stdout.write(JSON.stringify(told));
