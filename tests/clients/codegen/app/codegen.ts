// GraphQL Code Generator's configuration, like a frontend's.
import type { CodegenConfig } from '@graphql-codegen/cli';

const config: CodegenConfig = {
  schema: process.env.SCHEMA ?? 'schema.graphql',
  documents: 'documents/*.graphql',
  generates: {
    'gql/': {
      preset: 'client',
      presetConfig: { persistedDocuments: true },
      config: {
        scalars: { BigInt: 'string', DateTime: 'string', URL: 'string', UUID: 'string' },
        strictScalars: true,
        useTypeImports: true,
      },
    },
  },
};

export default config;
