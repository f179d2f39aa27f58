// Generates the application's types in a folder from introspection of the server at a URL. Prints
// the digest of each generated file.
import { generate } from './generate.mjs';

const [folder, url] = process.argv.slice(2);
process.stdout.write(JSON.stringify(generate(folder, url)));
