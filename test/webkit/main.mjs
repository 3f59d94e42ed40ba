/** Runs the tests in WebKitGTK against `dist/`: `node test/webkit/main.mjs`, or some of them by a part of their names. */
import { runnerImport } from 'vite';
import { findWebKit } from '../browsers.mjs';

const paths = findWebKit();
if (paths === null) {
  console.log('0 passed, 0 failed');
  process.exit(0);
}
const root = import.meta.dirname;
const { passed, failed } = await runnerImport(`${root}/index.ts`, { root, configFile: false, logLevel: 'error' })
  .then(({ module }) => module.main(paths, process.argv[2]))
  .catch((error) => {
    console.error('the run broke off', error);
    return { passed: 0, failed: 1 };
  });
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
