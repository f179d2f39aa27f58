// Generates an application's types from the committed schema in a folder, and compiles the
// application. Prints the digest of each generated file.
import { SCHEMA } from '../build_folder.mjs';
import { compile } from '../typescript.mjs';
import { generate } from './generate.mjs';

const [folder] = process.argv.slice(2);
const generated = generate(folder, SCHEMA);
compile(folder);
process.stdout.write(JSON.stringify(generated));
