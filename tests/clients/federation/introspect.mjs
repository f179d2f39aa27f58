// Compares introspection of the server at a URL with a schema file: introspect.mjs URL FILE prints
// the lines that only one of them has.
import { readFileSync } from 'node:fs';
import {
  buildClientSchema,
  buildSchema,
  getIntrospectionQuery,
  lexicographicSortSchema,
  printSchema,
} from 'graphql';

const [url, file] = process.argv.slice(2);
const response = await fetch(url, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ query: getIntrospectionQuery({ oneOf: true, specifiedByUrl: true }) }),
});
const { data, errors } = await response.json();
if (errors) throw new Error(JSON.stringify(errors));

const lines = (schema) => printSchema(lexicographicSortSchema(schema)).split('\n');
const told = lines(buildClientSchema(data));
const written = lines(buildSchema(readFileSync(file, 'utf8')));
const difference = [
  ...told.filter((line) => !written.includes(line)).map((line) => `+ ${line}`),
  ...written.filter((line) => !told.includes(line)).map((line) => `- ${line}`),
];
process.stdout.write(JSON.stringify(difference));
