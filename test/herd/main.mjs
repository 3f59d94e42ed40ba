/** Starts the herd: `node test/herd/main.mjs --seed 7`. Node 20 runs no TypeScript, so vite loads it. */
import { runnerImport } from 'vite';

const root = import.meta.dirname;
const { module } = await runnerImport(`${root}/index.ts`, { root, configFile: false, logLevel: 'error' });
process.exitCode = await module.main(process.argv.slice(2));
