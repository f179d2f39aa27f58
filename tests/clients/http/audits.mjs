// Runs the audits of the GraphQL over HTTP specification's suite against the server at a URL.
// Prints each as { id, name, status }, with the reason if it does not pass.
import { serverAudits } from 'graphql-http';

const [url] = process.argv.slice(2);
const results = [];
for (const audit of serverAudits({ url })) {
  const { id, name, status, reason } = await audit.fn();
  results.push({ id, name, status, ...(status === 'ok' ? {} : { reason }) });
}
process.stdout.write(JSON.stringify(results));
