/** Plays the notes app's situations: `npm run compare`, with words of their names for some of them, and `--write` for the README's table. */
import { spawnSync } from 'node:child_process';
import { start } from '../../support/start.mjs';

const here = import.meta.dirname;
const { status } = spawnSync('node', [`${here}/../../setup.mjs`, here, '--ignore-scripts'], { stdio: 'inherit' });
if (status !== 0) process.exit(status ?? 1);
await start(here);
