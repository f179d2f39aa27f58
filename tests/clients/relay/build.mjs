// Builds the Relay application in a folder with relay-compiler and strict TypeScript. Prints the
// names of the artifacts.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import relayCompiler from 'relay-compiler';
import ts from 'typescript';

import { fresh, SCHEMA } from '../build_folder.mjs';
import { compile } from '../typescript.mjs';

const [folder] = process.argv.slice(2);

// Replaces a tagged document by its artifact, like Relay's Babel plugin.
function artifacts(context) {
  const { factory } = context;
  const visit = (node) => {
    if (!ts.isTaggedTemplateExpression(node) || node.tag.getText() !== 'graphql') {
      return ts.visitEachChild(node, visit, context);
    }
    const [, name] = node.template.getText().match(/(?:query|mutation|fragment)\s+(\w+)/);
    const path = factory.createStringLiteral(`./__generated__/${name}.graphql`);
    const module = factory.createCallExpression(factory.createIdentifier('require'), undefined, [path]);
    return factory.createPropertyAccessExpression(module, 'default');
  };
  return (source) => ts.visitNode(source, visit);
}

fresh(folder, 'relay/app');
copyFileSync(SCHEMA, join(folder, 'schema.graphql'));
mkdirSync(join(folder, '__generated__'));
execFileSync(relayCompiler, ['--noWatchman', '--output=quiet-with-errors', 'relay.config.json'], {
  cwd: folder,
  stdio: ['ignore', 2, 2],
});
compile(folder, [artifacts]);
const names = readdirSync(join(folder, '__generated__')).filter((name) => name.endsWith('.graphql.ts'));
process.stdout.write(JSON.stringify(names.sort()));
