// PostGraphile over the benchmark's database, configured for production per its documentation.
import { createServer } from 'node:http';

import { postgraphile } from 'postgraphile';
import { makePgService } from 'postgraphile/adaptors/pg';
import { grafserv } from 'postgraphile/grafserv/node';
import { PostGraphileAmberPreset } from 'postgraphile/presets/amber';
import { jsonPgSmartTags } from 'postgraphile/utils';

const { DATABASE_URL, PORT } = process.env;

// PostGraphile derives look-ups from unique constraints and filters from indexes. These columns
// have unique indexes without constraints, or no index.
const unique = (column) => ({ tags: { unique: column } });
const filter = { tags: { behavior: '+filterBy' } };
const config = {
  class: {
    invite_codes: unique('code'),
    courses: unique('slug'),
    course_invites: { attribute: { accepted_at: filter, cancelled_at: filter } },
  },
};

const preset = {
  extends: [PostGraphileAmberPreset],
  plugins: [jsonPgSmartTags({ version: 1, config })],
  pgServices: [makePgService({ connectionString: DATABASE_URL, schemas: ['public'] })],
  grafast: { explain: false },
  grafserv: { watch: false, graphiql: false },
};

const server = createServer();
server.once('error', (error) => {
  throw error;
});
const serv = postgraphile(preset).createServ(grafserv);
await serv.addTo(server);
server.listen(Number(PORT), '127.0.0.1');
