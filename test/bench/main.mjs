/** Starts the bench: `node test/bench/main.mjs --only replay`. */
import { start } from '../support/start.mjs';

await start(import.meta.dirname);
