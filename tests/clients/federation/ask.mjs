// Queries a supergraph: ask.mjs GATEWAY URL REQUESTS composes the subgraph at URL with the others.
// It sends each of REQUESTS, a JSON array of { query, authorization }, through `apollo` or `hive`.
// Prints for each { answer, calls }, where calls has the documents that each subgraph received.
import { gateways } from './gateways.mjs';
import { serve, watch } from './others.mjs';
import { composers, subgraphs } from './supergraph.mjs';

const [gateway, url, requests] = process.argv.slice(2);

async function servedSdl() {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: '{ _service { sdl } }' }),
  });
  return (await response.json()).data._service.sdl;
}

const running = [];
const watched = {};
const list = await Promise.all(
  subgraphs().map(async ({ name, sdl }) => {
    if (name === 'invites') {
      watched[name] = await watch(url);
      return { name, url: watched[name].url, sdl: await servedSdl() };
    }
    const served = await serve(name, sdl);
    running.push(served);
    watched[name] = await watch(served.url);
    return { name, url: watched[name].url, sdl };
  }),
);
running.push(...Object.values(watched));

const { complaints, supergraphSdl } = composers.apollo(list);
if (complaints.length > 0) throw new Error(complaints.join('\n'));
const { ask, stop } = await gateways[gateway](supergraphSdl);

const told = [];
for (const request of JSON.parse(requests)) {
  const answer = await ask(request);
  const calls = Object.entries(watched).map(([name, { taken }]) => [name, taken()]);
  told.push({ answer, calls: Object.fromEntries(calls.filter(([, documents]) => documents.length)) });
}
await stop();
await Promise.all(running.map((each) => each.stop()));
process.stdout.write(JSON.stringify(told));
