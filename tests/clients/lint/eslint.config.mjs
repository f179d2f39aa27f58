// The rules of @graphql-eslint: all of them, with reasons for different settings. The documents of
// the Relay application follow the rules of Relay's compiler instead.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import graphql from '@graphql-eslint/eslint-plugin';

const { configs, parser } = graphql;
const plugins = { '@graphql-eslint': graphql };

const root = fileURLToPath(new URL('../../..', import.meta.url));
const DOCUMENTS = 'tests/clients/documents/*.graphql';

// The parser uses the first of these for all files.
const graphQLConfig = { schema: join(root, 'schema.graphql'), documents: join(root, DOCUMENTS) };
const languageOptions = { parser, parserOptions: { graphQLConfig } };

export default [
  {
    files: ['schema.graphql'],
    plugins,
    languageOptions,
    rules: {
      ...configs['flat/schema-recommended'].rules,
      ...configs['flat/schema-all'].rules,
      ...configs['flat/schema-relay'].rules,
      // Stricter than `all`: everything that a client can name needs a description. The exception
      // is arguments of the specification's directives, which the exporter writes without
      // descriptions.
      '@graphql-eslint/require-description': [
        'error',
        {
          types: true,
          rootField: true,
          DirectiveDefinition: true,
          EnumValueDefinition: true,
          FieldDefinition: true,
          InputValueDefinition: true,
          ignoredSelectors: ['DirectiveDefinition[name.value=/^(include|skip|specifiedBy)$/] > InputValueDefinition'],
        },
      ],
      // Without `groups`, since `id` and `createdAt` are in alphabetical order like all fields.
      // Without `definitions` and `fields`, since the exporter sorts them by bytes (`URL` before `User`,
      // `extId` before `externalId`) and puts directives last.
      '@graphql-eslint/alphabetize': [
        'error',
        {
          values: true,
          arguments: ['FieldDefinition', 'Field', 'DirectiveDefinition', 'Directive'],
        },
      ],
      // Pages, edges, previews and outcomes of mutations have no identity. Nor has the viewer:
      // `Viewer.user` is the object with an id.
      '@graphql-eslint/strict-id-in-types': [
        'error',
        {
          exceptions: {
            suffixes: ['Connection', 'Edge', 'Payload', 'Result', 'UserError'],
            types: ['GroupPreview', 'InviteCounts', 'PageInfo', 'Viewer'],
          },
        },
      ],
      '@graphql-eslint/no-root-type': ['error', { disallow: ['subscription'] }],
      // A payload has the objects that changed; what else a client needs, it queries.
      '@graphql-eslint/require-field-of-type-query-in-mutation-result': 'off',
    },
  },
  {
    files: [DOCUMENTS],
    plugins,
    languageOptions,
    rules: { ...configs['flat/operations-recommended'].rules, ...configs['flat/operations-all'].rules },
  },
  {
    // The queries of the guide, each as a file.
    files: ['docs/guide/schema.md/*.graphql'],
    plugins,
    languageOptions,
    rules: {
      ...configs['flat/operations-recommended'].rules,
      ...configs['flat/operations-all'].rules,
      // They are in no file to be named after,
      '@graphql-eslint/match-document-filename': 'off',
      // and have their fields in the order of the explanation.
      '@graphql-eslint/alphabetize': 'off',
    },
  },
];
