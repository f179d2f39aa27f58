// GraphQL Code Generator's configuration, like a frontend's.
import type { CodegenConfig } from '@graphql-codegen/cli';

// A file or, to introspect a gateway, its URL.
const schema = process.env.SCHEMA ?? 'schema.graphql';

// By default, introspection does not ask which inputs are `@oneOf`.
const introspection = { method: 'POST', oneOf: true };

const config: CodegenConfig = {
  schema: { [schema]: introspection },
  documents: 'documents/*.graphql',
  generates: {
    'gql/': {
      preset: 'client',
      presetConfig: { persistedDocuments: true },
      config: {
        scalars: { BigInt: 'string', DateTime: 'string', URL: 'string' },
        strictScalars: true,
        useTypeImports: true,
      },
    },
  },
};

export default config;
