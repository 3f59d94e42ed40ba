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
/** What failed, in the order of the steps: told again at the end, as what a step printed may be out of sight by then. */
const failures = [];

const run = (program, args, env = {}) =>
  spawnSync(program, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } }).status === 0;

const count = (good, what) => {
  if (good) passed++;
  else failures.push({ title: what, message: '' });
  console.log(`${good ? 'ok' : 'FAILED'}: ${what}`);
};

/** Runs `program`, which writes what it came to into `file`; one that wrote nothing has failed, and so has one that says so. */
const addUp = async (step, file, read, [program, args, env]) => {
  const finished = run(program, args, env);
  let counts;
  try {
    counts = read(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    counts = { passed: 0, failures: [{ title: step, message: `it left no results: ${String(error)}` }] };
  }
  if (!finished && counts.failures.length === 0) counts.failures.push({ title: step, message: 'it ended with an error' });
  passed += counts.passed;
  failures.push(...counts.failures);
};

/** What Playwright's JSON report says of a run, in the shape of test/support/counts.ts. */
const countsOfPlaywright = ({ stats, suites, errors }) => {
  const specsOf = (suite) => [...(suite.specs ?? []), ...(suite.suites ?? []).flatMap(specsOf)];
  const failed = suites.flatMap(specsOf).filter((spec) => !spec.ok);
  const told = failed.map(({ file, title, tests }) => ({
    title: `${tests[0]?.projectName}: ${file} > ${title}`,
    message: tests.flatMap(({ results: tries }) => tries.flatMap((one) => one.errors.map(({ message }) => message))).join('\n'),
  }));
  return { passed: stats.expected, failures: [...told, ...errors.map(({ message }) => ({ title: 'outside of all tests', message }))] };
};

const steps = {
  build: () => count(run('npm', ['run', '--silent', 'build']), 'build'),
  types: () => {
    for (const project of ['sw/protocol', 'sw/policy', 'sw', 'client', 'node', 'demo', 'demo/examples', 'test'])
      count(run(bin('tsc'), ['-p', project]), `types of ${project}`);
  },
  lint: () => count(run(bin('oxlint'), ['--type-aware', '--deny-warnings']), 'lint'),
  unit: () => {
    const file = join(results, 'unit.json');
    const reporters = ['--reporter=default', `--reporter=${join(root, 'test/support/counts-reporter.ts')}`];
    const args = ['run', '--config', 'test/vitest.config.ts', ...reporters];
    return addUp('unit tests', file, (counts) => counts, [bin('vitest'), args, { HOLDFAST_COUNTS: file }]);
  },
  browser: () => {
    const file = join(results, 'browser.json');
    const args = ['test', '--config', 'test/playwright.config.ts', '--reporter=dot,json'];
    return addUp('browser tests', file, countsOfPlaywright, [bin('playwright'), args, { PLAYWRIGHT_JSON_OUTPUT_NAME: file }]);
  },
  webkit: () => {
    const file = join(results, 'webkit.json');
    return addUp('WebKit', file, (counts) => counts, ['node', ['test/webkit/main.mjs'], { HOLDFAST_COUNTS: file }]);
  },
  chaos: () => {
    // A fixed seed, so that a failure can be had again; more of them by `npm run chaos -- --minutes 60`.
    count(run('node', ['test/chaos/main.mjs', '--seed', '1', '--ops', '300']), 'fault run of seed 1');
  },
  simulation: () => {
    // Fixed seeds, for some twenty seconds; more of them by `npm run simulate -- --minutes 60`.
    count(run('node', ['--max-semi-space-size=128', 'test/simulation/main.mjs', '--from', '1', '--count', '60']), 'simulation of 60 seeds');
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
const wants = (...names) => wanted.length === 0 || names.some((name) => wanted.includes(name));
if (wants('unit', 'browser', 'chaos')) {
  const chromium = await findChromium();
  if (chromium === null) {
    console.error('There is no Chromium, and none could be installed; name one by HOLDFAST_CHROMIUM');
    process.exit(1);
  }
  if (chromium) process.env.HOLDFAST_CHROMIUM = chromium;
}
if (wants('browser')) {
  const firefox = await findFirefox();
  if (firefox) process.env.HOLDFAST_FIREFOX = firefox;
  if (firefox === null)
    console.warn('There is no Firefox, and none could be installed, so test/browser runs in Chromium only');
}
for (const [name, step] of Object.entries(steps)) {
  if (!wants(name)) continue;
  console.log(`\n— ${name}`);
  const begun = performance.now();
  await step();
  console.log(`— ${name} took ${Math.round((performance.now() - begun) / 1000)} s`);
}
await rm(results, { recursive: true, force: true });
if (failures.length > 0) console.log('\n— failed');
for (const { title, message } of failures) console.log(`\n${title}\n${message.split('\n').slice(0, 30).join('\n')}`);
console.log(`\n${passed} passed, ${failures.length} failed`);
process.exit(failures.length > 0 ? 1 : 0);
