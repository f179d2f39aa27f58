// Main program of bench/run, which installs PostgreSQL and wrk first.
import { attack } from './attack.mjs';
import { growth } from './growth.mjs';
import { imports } from './import.mjs';
import { USAGE, readOptions } from './options.mjs';
import { report } from './report.mjs';
import { scaling } from './scaling.mjs';
import { soak } from './soak.mjs';
import { start } from './start.mjs';
import { table } from './table.mjs';
import { writes } from './writes.mjs';

const COMMANDS = { table, writes, growth, scaling, soak, start, attack, import: imports, report };

try {
  const options = readOptions(process.argv.slice(2));
  const command = COMMANDS[options.command];
  if (options.help || command === undefined) {
    console.log(USAGE);
    process.exitCode = options.help ? 0 : 2;
  } else {
    await command(options);
    // The smoke test covers both.
    if (options.smoke && command === table) await writes(options);
  }
} catch (error) {
  console.error(`bench/run: ${error.message}`);
  process.exitCode = 1;
}
