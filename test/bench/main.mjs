/** Starts the bench: `node test/bench/main.mjs --only replay`. Node 20 runs no TypeScript, so vite loads it. */
import { runnerImport } from 'vite';
import { findChromium } from '../browsers.mjs';

const root = import.meta.dirname;
const chromium = await findChromium();
if (chromium === null) {
  console.error('There is no Chromium, and none could be installed; name one by HOLDFAST_CHROMIUM');
  process.exit(1);
}
if (chromium) process.env.HOLDFAST_CHROMIUM = chromium;
const { module } = await runnerImport(`${root}/index.ts`, { root, configFile: false, logLevel: 'error' });
process.exit(await module.main(process.argv.slice(2)));
