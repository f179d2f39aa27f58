// The rules of @graphql-eslint: all that it has, and why some are held otherwise than it says. The
// documents of the Relay application keep the rules of its own compiler instead.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import graphql from '@graphql-eslint/eslint-plugin';

const { configs, parser } = graphql;
const plugins = { '@graphql-eslint': graphql };

const root = fileURLToPath(new URL('../../..', import.meta.url));
const DOCUMENTS = 'tests/clients/documents/*.graphql';

// The parser keeps the first of these that it is given, for all files.
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
      // Stricter than `all`: whatever a client can name is described. Not so the arguments of the
      // specification's own directives, which the exporter writes without their descriptions.
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
      // Without `groups`: `id` and `createdAt` stand where the alphabet has them, as everything.
      // Without `definitions`: the exporter has types in the order of bytes (`UUID` before `User`)
      // and directives behind them.
      '@graphql-eslint/alphabetize': [
        'error',
        {
          fields: ['ObjectTypeDefinition', 'InterfaceTypeDefinition', 'InputObjectTypeDefinition'],
          values: true,
          arguments: ['FieldDefinition', 'Field', 'DirectiveDefinition', 'Directive'],
        },
      ],
      // A page and its edges have no identity of their own, nor has who is asking: `Viewer.user` is
      // the object with an id.
      '@graphql-eslint/strict-id-in-types': [
        'error',
        { exceptions: { suffixes: ['Connection', 'Edge'], types: ['PageInfo', 'Viewer'] } },
      ],
    },
  },
  {
    files: [DOCUMENTS],
    plugins,
    languageOptions,
    rules: { ...configs['flat/operations-recommended'].rules, ...configs['flat/operations-all'].rules },
  },
  {
    // The queries of the guide, each as a file of its own.
    files: ['docs/guide/schema.md/*.graphql'],
    plugins,
    languageOptions,
    rules: {
      ...configs['flat/operations-recommended'].rules,
      ...configs['flat/operations-all'].rules,
      // They stand in no file that they could be named as,
      '@graphql-eslint/match-document-filename': 'off',
      // and have their fields in the order in which they are explained.
      '@graphql-eslint/alphabetize': 'off',
    },
  },
];
