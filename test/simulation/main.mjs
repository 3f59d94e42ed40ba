/** Starts the simulation: `node test/simulation/main.mjs --seed 7`. Node 20 runs no TypeScript, so vite loads it. */
import { load } from './load.mjs';

const { main } = await load();
process.exitCode = await main(process.argv.slice(2));
