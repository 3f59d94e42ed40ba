/**
 * Finds a Chromium: HOLDFAST_CHROMIUM, Playwright's own, the system's; else installs one. Gives its
 * path, '' for Playwright's own, or null when there's none to be had.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

const SYSTEM = [
  'chromium',
  'chromium-browser',
  'google-chrome-stable',
  'google-chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

export async function findChromium() {
  if (process.env.HOLDFAST_CHROMIUM) {
    if (isExecutable(process.env.HOLDFAST_CHROMIUM)) return process.env.HOLDFAST_CHROMIUM;
    throw new Error(`HOLDFAST_CHROMIUM is ${process.env.HOLDFAST_CHROMIUM}, and that's no program`);
  }
  const { chromium } = await import('playwright');
  const found = () => (existsSync(chromium.executablePath()) ? '' : systemChromium());
  return found() ?? installed(found);
}

function installed(found) {
  console.log('No Chromium found; installing one');
  const playwright = spawnSync('npx', ['playwright', 'install', '--with-deps', 'chromium'], { stdio: 'inherit', timeout: 300_000 });
  if (playwright.status === 0 && found() !== null) return found();
  if (process.platform !== 'linux') return null;
  const apt = (...args) =>
    spawnSync('apt-get', args, { stdio: 'inherit', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } }).status === 0;
  if (apt('install', '-y', 'chromium') || (apt('update') && apt('install', '-y', 'chromium'))) return found();
  return null;
}

function systemChromium() {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const paths = SYSTEM.flatMap((name) => (isAbsolute(name) ? [name] : folders.map((folder) => join(folder, name))));
  return paths.find(isExecutable) ?? null;
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
