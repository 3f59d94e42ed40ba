/**
 * Finds the browsers: the one that HOLDFAST_CHROMIUM or HOLDFAST_FIREFOX names, Playwright's own, the
 * system's; else installs one. Gives its path, '' for Playwright's own, or null when there's none to be had.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

const CHROMIUM = {
  name: 'chromium',
  variable: 'HOLDFAST_CHROMIUM',
  debian: 'chromium',
  system: [
    'chromium',
    'chromium-browser',
    'google-chrome-stable',
    'google-chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  ],
};

const FIREFOX = {
  name: 'firefox',
  variable: 'HOLDFAST_FIREFOX',
  debian: 'firefox-esr',
  system: ['firefox-esr', 'firefox', '/Applications/Firefox.app/Contents/MacOS/firefox'],
};

export const findChromium = () => find(CHROMIUM);
export const findFirefox = () => find(FIREFOX);

async function find(browser) {
  const named = process.env[browser.variable];
  if (named) {
    if (isExecutable(named)) return named;
    throw new Error(`${browser.variable} is ${named}, and that's no program`);
  }
  const playwright = (await import('playwright'))[browser.name];
  const found = () => (existsSync(playwright.executablePath()) ? '' : onThisSystem(browser.system));
  return found() ?? installed(browser, found);
}

function installed({ name, debian }, found) {
  console.log(`No ${name} found; installing one`);
  const playwright = spawnSync('npx', ['playwright', 'install', '--with-deps', name], { stdio: 'inherit', timeout: 300_000 });
  if (playwright.status === 0 && found() !== null) return found();
  if (process.platform !== 'linux') return null;
  const apt = (...args) =>
    spawnSync('apt-get', args, { stdio: 'inherit', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } }).status === 0;
  if (apt('install', '-y', debian) || (apt('update') && apt('install', '-y', debian))) return found();
  return null;
}

function onThisSystem(names) {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const paths = names.flatMap((name) => (isAbsolute(name) ? [name] : folders.map((folder) => join(folder, name))));
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
