// Lints the committed schema, the documents of the clients, and the queries of the guide. Prints
// unexpected findings, and expected ones that are missing.
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

import { ESLint } from 'eslint';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const overrideConfigFile = fileURLToPath(new URL('eslint.config.mjs', import.meta.url));

// Expected findings of a rule: the line of the schema, and the reason.
const EXPECTED = [
  // Lists without pages: a page's nodes without their cursors,
  { rule: 'relay-edge-types', line: /^nodes: \[\w+!\]!$/ },
  // Relay's plural identifying root field, with as many elements as ids,
  { rule: 'relay-edge-types', line: /^\): \[Node\]!$/ },
  // and the few tags of a code, which the contract returns together.
  { rule: 'relay-edge-types', line: /^tags: \[Tag!\]!$/ },
  // The outcomes of a mutation, in the order of its input and bounded by it.
  { rule: 'relay-edge-types', line: /^results: \[\w+!\]!$/ },
  { rule: 'relay-edge-types', line: /^userErrors: \[InviteUserError!\]!$/ },
  { rule: 'relay-edge-types', line: /^field: \[String!\]$/ },
  // A few names.
  { rule: 'relay-edge-types', line: /^grantableRoles: \[String!\]!$/ },
  { rule: 'relay-edge-types', line: /^changedFields: \[String!\]!$/ },
  // Independent names, not the type's name with a suffix: `Invite` and `User`.
  { rule: 'no-typename-prefix', line: /^inviter: User$/ },
  { rule: 'no-typename-prefix', line: /^username: String!$/ },
];

// The page whose queries are linted.
const GUIDE = 'docs/guide/schema.md';

// Returns the fenced blocks of a Markdown text that are queries, each with the line of its fence.
function queries(text) {
  const blocks = [...text.matchAll(/^```graphql\n(query [^]*?)^```$/gm)];
  return blocks.map(({ index, 1: block }) => [text.slice(0, index).split('\n').length, block]);
}

const eslint = new ESLint({ cwd: root, overrideConfigFile });
const files = await eslint.lintFiles(['schema.graphql', 'tests/clients/documents/*.graphql']);
for (const [line, query] of queries(readFileSync(join(root, GUIDE), 'utf8'))) {
  files.push(...(await eslint.lintText(query, { filePath: join(root, `${GUIDE}/${line}.graphql`) })));
}

const found = [];
const met = new Set();
for (const { filePath, source = '', messages } of files) {
  const lines = source.split('\n');
  for (const { ruleId, line, message } of messages) {
    const text = lines[line - 1]?.trim();
    const expected = EXPECTED.find((it) => ruleId === `@graphql-eslint/${it.rule}` && it.line.test(text));
    if (expected) met.add(expected);
    else found.push(`${relative(root, filePath)}:${line} ${ruleId}: ${message}`);
  }
}
const missing = EXPECTED.filter((it) => !met.has(it)).map(({ rule, line }) => `${rule} ${line}`);
process.stdout.write(JSON.stringify({ linted: files.length, found, missing }));
