/**
 * Finds the browsers: the one that HOLDFAST_CHROMIUM or HOLDFAST_FIREFOX names, Playwright's own, the
 * system's; else installs one. Gives its path, '' for Playwright's own, or null when there's none to be had.
 * WebKit is WebKitGTK's, as no other has a WebDriver on Linux: its MiniBrowser, a driver, and a display to draw on.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
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

const WEBKIT = {
  variable: 'HOLDFAST_WEBKIT',
  debian: ['webkit2gtk-driver', 'libwebkit2gtk-4.1-0', 'xvfb'],
  programs: { driver: 'WebKitWebDriver', browser: 'MiniBrowser', display: 'Xvfb' },
};

export const findChromium = () => find(CHROMIUM);
export const findFirefox = () => find(FIREFOX);

/**
 * The paths of WebKitWebDriver, MiniBrowser (or what HOLDFAST_WEBKIT names) and Xvfb.
 * Null when one of them isn't to be had: that has been said then.
 */
export function findWebKit() {
  const { driver, browser, display } = WEBKIT.programs;
  const found = () => ({
    driver: onThisSystem([driver]),
    browser: namedBy(WEBKIT.variable) ?? onThisSystem([browser, ...besideWebKitGTK(browser)]),
    display: onThisSystem([display]),
  });
  const missing = (paths) => Object.keys(paths).filter((what) => paths[what] === null).map((what) => WEBKIT.programs[what]);
  let paths = found();
  if (missing(paths).length > 0 && process.platform === 'linux' && process.getuid() === 0) {
    console.log(`No ${missing(paths).join(', no ')} found; installing`);
    if (installedByApt('--no-install-recommends', ...WEBKIT.debian)) paths = found();
  }
  const lacking = missing(paths);
  if (lacking.length === 0) return paths;
  console.warn(`There is no ${lacking.join(', no ')}, and none could be installed, so test/webkit isn't run`);
  return null;
}

/** MiniBrowser lies in a folder of its version, in one of the architecture or in libexec. */
function besideWebKitGTK(name) {
  const inside = (folder) => (existsSync(folder) ? readdirSync(folder).map((one) => join(folder, one)) : []);
  return [...inside('/usr/lib').flatMap((folder) => (/-linux-/.test(folder) ? inside(folder) : [])), ...inside('/usr/libexec'), ...inside('/usr/lib64')]
    .filter((folder) => /\/webkit2?gtk-[\d.]+$/.test(folder))
    .map((folder) => join(folder, name));
}

function namedBy(variable) {
  const named = process.env[variable];
  if (!named) return null;
  if (isExecutable(named)) return named;
  throw new Error(`${variable} is ${named}, and that's no program`);
}

async function find(browser) {
  const named = namedBy(browser.variable);
  if (named !== null) return named;
  const playwright = (await import('playwright'))[browser.name];
  const found = () => (existsSync(playwright.executablePath()) ? '' : onThisSystem(browser.system));
  return found() ?? installed(browser, found);
}

function installed({ name, debian }, found) {
  console.log(`No ${name} found; installing one`);
  const playwright = spawnSync('npx', ['playwright', 'install', '--with-deps', name], { stdio: 'inherit', timeout: 300_000 });
  if (playwright.status === 0 && found() !== null) return found();
  return process.platform === 'linux' && installedByApt(debian) ? found() : null;
}

function installedByApt(...packages) {
  const apt = (...args) =>
    spawnSync('apt-get', args, { stdio: 'inherit', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } }).status === 0;
  return apt('install', '-y', ...packages) || (apt('update') && apt('install', '-y', ...packages));
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
