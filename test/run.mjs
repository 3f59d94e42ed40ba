/**
 * Everything, in one run: types, lint, unit tests, browser tests, fault runs, the simulation, the package, sizes. Ends with `N passed, N failed`.
 * `node test/run.mjs types unit` runs some of it.
 */
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findChromium, findFirefox } from './browsers.mjs';
import { checkPackage } from './package.mjs';
import { checkSizes } from './size.mjs';

const root = fileURLToPath(new URL('../', import.meta.url));
const results = await mkdtemp(join(tmpdir(), 'holdfast-results-'));
const bin = (name) => join(root, 'node_modules/.bin', name);
let passed = 0;
let failed = 0;

const run = (program, args, env = {}) =>
  spawnSync(program, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } }).status === 0;

const count = (good, what) => {
  if (good) passed++;
  else failed++;
  console.log(`${good ? 'ok' : 'FAILED'}: ${what}`);
};

/** Adds up what a runner wrote; a runner that wrote nothing has failed. */
const addUp = async (file, read, finished) => {
  let good = 0;
  let bad = 1;
  try {
    [good, bad] = read(JSON.parse(await readFile(file, 'utf8')));
    // A run can fail without a failed test: an error outside of all of them, for one.
    if (!finished && bad === 0) bad = 1;
  } catch (error) {
    console.error(`no results in ${file}`, error);
  }
  passed += good;
  failed += bad;
};

const steps = {
  build: () => count(run('npm', ['run', '--silent', 'build']), 'build'),
  types: () => {
    for (const project of ['sw/protocol', 'sw/policy', 'sw', 'client', 'node', 'demo', 'demo/examples', 'test'])
      count(run(bin('tsc'), ['-p', project]), `types of ${project}`);
  },
  lint: () => count(run(bin('oxlint'), ['--type-aware', '--deny-warnings']), 'lint'),
  unit: async () => {
    const file = join(results, 'unit.json');
    const args = ['run', '--config', 'test/vitest.config.ts', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
    const finished = run(bin('vitest'), args);
    await addUp(file, ({ numPassedTests, numFailedTests }) => [numPassedTests, numFailedTests], finished);
  },
  browser: async () => {
    const file = join(results, 'browser.json');
    const args = ['test', '--config', 'test/playwright.config.ts', '--reporter=dot,json'];
    const finished = run(bin('playwright'), args, { PLAYWRIGHT_JSON_OUTPUT_NAME: file });
    await addUp(file, ({ stats }) => [stats.expected, stats.unexpected + stats.flaky], finished);
  },
  webkit: () => {
    const { status, stdout } = spawnSync('node', ['test/webkit/main.mjs'], { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
    process.stdout.write(stdout);
    const [, good, bad] = /(\d+) passed, (\d+) failed\s*$/.exec(stdout) ?? [null, 0, 1];
    passed += Number(good);
    failed += Number(bad) || (status === 0 ? 0 : 1);
  },
  chaos: () => {
    // A fixed seed, so that a failure can be had again; more of them by `npm run chaos -- --minutes 60`.
    count(run('node', ['test/chaos/main.mjs', '--seed', '1', '--ops', '300']), 'fault run of seed 1');
  },
  simulation: () => {
    // Fixed seeds, for some fifteen seconds; more of them by `npm run simulate -- --minutes 60`.
    count(run('node', ['test/simulation/main.mjs', '--from', '1', '--count', '120']), 'simulation of 120 seeds');
  },
  package: async () => {
    for (const { passed: good, line } of await checkPackage()) count(good, line);
  },
  size: async () => {
    for (const { passed: good, line } of await checkSizes()) count(good, line);
  },
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in steps));
if (unknown.length > 0) {
  console.error(`There is no step ${unknown.join(', ')}; there are ${Object.keys(steps).join(', ')}`);
  process.exit(2);
}
const chromium = await findChromium();
if (chromium === null) {
  console.error('There is no Chromium, and none could be installed; name one by HOLDFAST_CHROMIUM');
  process.exit(1);
}
if (chromium) process.env.HOLDFAST_CHROMIUM = chromium;
if (wanted.length === 0 || wanted.includes('browser')) {
  const firefox = await findFirefox();
  if (firefox) process.env.HOLDFAST_FIREFOX = firefox;
  if (firefox === null)
    console.warn('There is no Firefox, and none could be installed, so test/browser runs in Chromium only');
}
for (const [name, step] of Object.entries(steps)) {
  if (wanted.length === 0 || wanted.includes(name)) {
    console.log(`\n— ${name}`);
    await step();
  }
}
await rm(results, { recursive: true, force: true });
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
