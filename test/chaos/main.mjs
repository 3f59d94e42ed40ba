/** Starts the fault run: `node test/chaos/main.mjs --seed 7`. */
import { start } from '../support/start.mjs';

await start(import.meta.dirname);
