/** Starts the simulation: `node test/simulation/main.mjs --seed 7`. Node 20 runs no TypeScript, so vite loads it. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { load } from './load.mjs';
import { mutate } from './mutate.mjs';

/** What tells a process that it plays a part. */
const PART = 'part';

/** Plays seeds in a process of its own, which prints what it finds, and resolves with what they have come to. */
const part = (given) =>
  new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), [PART, ...given]);
    child.on('message', resolve);
    child.on('error', reject);
    child.on('exit', (code, signal) => reject(new Error(`the process for ${given.join(' ')} has ended with ${code ?? signal}`)));
  });

const given = process.argv.slice(2);
const { main, playPart, wants } = await load();
if (given[0] === PART) {
  process.send(await playPart(given.slice(1)), () => process.exit());
} else {
  const mutations = wants(given);
  process.exitCode = mutations ? await mutate(mutations) : await main(given, part);
}
