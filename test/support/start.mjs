/** How the tools that need a Chromium start: Node 20 runs no TypeScript, so vite loads them. */
import { runnerImport } from 'vite';
import { findChromium } from '../browsers.mjs';

/** @param root the tool's folder, whose `index.ts` has a `main` that gives the exit code */
export async function start(root) {
  const chromium = await findChromium();
  if (chromium === null) {
    console.error('There is no Chromium, and none could be installed; name one by HOLDFAST_CHROMIUM');
    process.exit(1);
  }
  if (chromium) process.env.HOLDFAST_CHROMIUM = chromium;
  const { module } = await runnerImport(`${root}/index.ts`, { root, configFile: false, logLevel: 'error' });
  process.exit(await module.main(process.argv.slice(2)));
}
