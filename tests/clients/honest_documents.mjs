// Documents of honest clients, by name: those of tests/clients/documents, the queries of the
// benchmark, and the introspection of tools such as GraphiQL.
import { getIntrospectionQuery, print } from 'graphql';

import { QUERIES } from '../../bench/queries.mjs';
import { documents } from './documents.mjs';

const all = {
  introspection: getIntrospectionQuery(),
  'introspection of everything': getIntrospectionQuery({
    descriptions: true,
    directiveIsRepeatable: true,
    inputValueDeprecation: true,
    oneOf: true,
    schemaDescription: true,
    specifiedByUrl: true,
  }),
};
for (const [name, document] of Object.entries(documents)) all[name] = print(document);
for (const [name, { document }] of Object.entries(QUERIES)) all[name] = document;
process.stdout.write(JSON.stringify(all));
