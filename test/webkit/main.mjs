/**
 * Runs the tests in WebKitGTK against `dist/`: `node test/webkit/main.mjs`, or some of them by a part of their names.
 * What they came to is also written as JSON to the file that `HOLDFAST_COUNTS` names, if it does.
 */
import { writeFile } from 'node:fs/promises';
import { runnerImport } from 'vite';
import { findWebKit } from '../browsers.mjs';

const end = async (counts) => {
  if (process.env.HOLDFAST_COUNTS) await writeFile(process.env.HOLDFAST_COUNTS, JSON.stringify(counts));
  console.log(`${counts.passed} passed, ${counts.failures.length} failed`);
  process.exit(counts.failures.length > 0 ? 1 : 0);
};

const paths = findWebKit();
if (paths === null) await end({ passed: 0, failures: [] });
const root = import.meta.dirname;
const counts = await runnerImport(`${root}/index.ts`, { root, configFile: false, logLevel: 'error' })
  .then(({ module }) => module.main(paths, process.argv[2]))
  .catch((error) => {
    console.error('the run broke off', error);
    return { passed: 0, failures: [{ title: 'WebKit', message: String(error) }] };
  });
await end(counts);
