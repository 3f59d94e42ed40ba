/** Runs the libraries whose packages are installed here alone, in Chromium: `npm run test:clients`. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { findChromium } from '../../../browsers.mjs';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const here = fileURLToPath(new URL('.', import.meta.url));
const run = (program, args, env = {}) => spawnSync(program, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } }).status ?? 1;

const status = run('node', ['test/setup.mjs', here, '--legacy-peer-deps', '--ignore-scripts']);
if (status !== 0) process.exit(status);
const chromium = await findChromium();
const args = ['playwright', 'test', '-c', 'test/playwright.config.ts', 'world/clients/clients.spec', '--project', 'chromium', ...process.argv.slice(2)];
process.exit(run('npx', args, { HOLDFAST_CLIENTS: 'more', ...(chromium && { HOLDFAST_CHROMIUM: chromium }) }));
