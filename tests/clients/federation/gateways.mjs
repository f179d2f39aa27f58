// Two routers, each over a supergraph in Apollo's format. `ask` sends a document with a bearer
// token to forward to the subgraph `invites`, and returns the response.
import { ApolloGateway, RemoteGraphQLDataSource } from '@apollo/gateway';
import { ApolloServer } from '@apollo/server';
import { createGatewayRuntime } from '@graphql-hive/gateway-runtime';

class Forwarding extends RemoteGraphQLDataSource {
  willSendRequest({ request, context: { authorization } }) {
    if (authorization) request.http.headers.set('authorization', authorization);
  }
}

export const gateways = {
  async apollo(supergraphSdl) {
    const gateway = new ApolloGateway({
      supergraphSdl,
      buildService: ({ name, url }) =>
        name === 'invites' ? new Forwarding({ url }) : new RemoteGraphQLDataSource({ url }),
    });
    const server = new ApolloServer({ gateway, includeStacktraceInErrorResponses: false });
    await server.start();
    return {
      async ask({ query, authorization }) {
        const { body } = await server.executeOperation({ query }, { contextValue: { authorization } });
        return body.singleResult;
      },
      stop: () => server.stop(),
    };
  },

  async hive(supergraph) {
    const gateway = createGatewayRuntime({
      supergraph,
      logging: false,
      propagateHeaders: {
        fromClientToSubgraphs({ request, subgraphName }) {
          if (subgraphName === 'invites') {
            return { authorization: request.headers.get('authorization') };
          }
        },
      },
    });
    return {
      async ask({ query, authorization }) {
        const response = await gateway.fetch('http://gateway.example/graphql', {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...(authorization && { authorization }) },
          body: JSON.stringify({ query }),
        });
        return response.json();
      },
      stop: () => gateway[Symbol.asyncDispose](),
    };
  },
};
