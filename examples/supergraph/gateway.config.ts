// Hive Gateway: hive-gateway supergraph supergraph.graphql
import { defineConfig } from '@graphql-hive/gateway';

export const gatewayConfig = defineConfig({
  propagateHeaders: {
    fromClientToSubgraphs({ request, subgraphName }) {
      if (subgraphName === 'invites') {
        return { authorization: request.headers.get('authorization') };
      }
    },
  },
});
