/** Runs the libraries whose packages are installed here alone, in Chromium: `npm run test:clients`. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { statSync } from 'node:fs';
import { findChromium } from '../../../browsers.mjs';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const here = fileURLToPath(new URL('.', import.meta.url));
const age = (name) => statSync(here + name, { throwIfNoEntry: false })?.mtimeMs ?? -Infinity;
const run = (program, args, cwd, env = {}) => spawnSync(program, args, { cwd, stdio: 'inherit', env: { ...process.env, ...env } }).status ?? 1;

if (age('node_modules/.package-lock.json') < age('package-lock.json')) {
  const status = run('npm', ['ci', '--legacy-peer-deps', '--ignore-scripts', '--no-audit', '--no-fund'], here);
  if (status !== 0) process.exit(status);
}
const chromium = await findChromium();
const args = ['playwright', 'test', '-c', 'test/playwright.config.ts', 'world/clients/clients.spec', '--project', 'chromium', ...process.argv.slice(2)];
process.exit(run('npx', args, root, { HOLDFAST_CLIENTS: 'more', ...(chromium && { HOLDFAST_CHROMIUM: chromium }) }));
