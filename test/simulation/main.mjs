/** Starts the simulation: `node test/simulation/main.mjs --seed 7`. Node 20 runs no TypeScript, so vite loads it. */
import { load } from './load.mjs';
import { mutate } from './mutate.mjs';

const { main, wants } = await load();
const given = process.argv.slice(2);
const mutations = wants(given);
process.exitCode = mutations ? await mutate(mutations) : await main(given);
