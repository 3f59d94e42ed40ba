#!/usr/bin/env node
/** `npx holdfast init public/` copies the classic scripts into an app without a bundler; with `--check` it says which are out of date, and fails then. */
import { parseArgs } from 'node:util';
import { VERSION } from '../sw/protocol/version.js';
import { describe, init } from './init.js';

const USAGE = `Usage: holdfast init FOLDER [--check]

Copies the package's scripts to the folder that the app is served from, such as public/.
--check copies nothing, and fails when a script there isn't the package's.`;

const { positionals, values } = parseArgs({ allowPositionals: true, strict: false, options: { check: { type: 'boolean' } } });
const [command, folder, ...more] = positionals;
const check = values.check === true;

if (command !== 'init' || folder === undefined || more.length > 0) {
  console.error(USAGE);
  process.exitCode = 2;
} else {
  const comparisons = await init(folder, { check });
  for (const comparison of comparisons) console.log(describe(comparison, VERSION, check));
  const isStale = comparisons.some(({ was }) => was !== 'current');
  if (check && isStale) {
    console.error(`Run: npx holdfast init ${folder}`);
    process.exitCode = 1;
  }
}
