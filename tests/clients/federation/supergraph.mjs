// The subgraphs of examples/supergraph, with the gateway's schema from a file, and the results of
// three composers.
import { readFileSync } from 'node:fs';
import { composeServices as composeByApollo } from '@apollo/composition';
import { composeServices as composeByGuild } from '@theguild/federation-composition';
import { federateSubgraphs, LATEST_ROUTER_COMPATIBILITY_VERSION } from '@wundergraph/composition';
import { parse as parseGraphql } from 'graphql';
import { parse as parseYaml } from 'yaml';

const FOLDER = new URL('../../../examples/supergraph/', import.meta.url);

const read = (name) => readFileSync(new URL(name, FOLDER), 'utf8');

// Returns an array of { name, url, sdl }. `file` has the gateway's schema. Without it, the gateway
// is omitted.
export function subgraphs(file) {
  const listed = Object.entries(parseYaml(read('supergraph.yaml')).subgraphs).map(
    ([name, { routing_url, schema }]) => ({ name, url: routing_url, file: schema.file }),
  );
  const listedForCosmo = parseYaml(read('cosmo.yaml')).subgraphs.map(
    ({ name, routing_url, schema }) => ({ name, url: routing_url, file: schema.file }),
  );
  if (JSON.stringify(listed) !== JSON.stringify(listedForCosmo)) {
    throw new Error('supergraph.yaml and cosmo.yaml list different subgraphs');
  }
  return listed.map(({ name, url, file: path }) => ({
    name,
    url,
    sdl: name !== 'invites' ? read(path) : file && readFileSync(file, 'utf8'),
  }));
}

const forApollo = (list) => list.map(({ name, url, sdl }) => ({ name, url, typeDefs: parseGraphql(sdl) }));

// Returns for each composer the supergraph's public schema as a document, the supergraph in
// Apollo's format, and all complaints.
export const composers = {
  apollo(list) {
    const { errors = [], hints = [], schema, supergraphSdl } = composeByApollo(forApollo(list));
    const complaints = [...errors.map((error) => error.message), ...hints.map(String)];
    return { complaints, supergraphSdl, document: schema && schema.toAPISchema().toGraphQLJSSchema() };
  },
  guild(list) {
    const { errors = [], supergraphSdl, publicSdl } = composeByGuild(forApollo(list));
    const complaints = errors.map((error) => error.message);
    return { complaints, supergraphSdl, document: publicSdl };
  },
  wundergraph(list) {
    const composed = federateSubgraphs({
      subgraphs: list.map(({ name, url, sdl }) => ({ name, url, definitions: parseGraphql(sdl) })),
      version: LATEST_ROUTER_COMPATIBILITY_VERSION,
    });
    const { errors = [], warnings = [], federatedGraphClientSchema } = composed;
    const complaints = [...errors.map(String), ...warnings.map(({ message }) => message)];
    return { complaints, document: federatedGraphClientSchema };
  },
};
