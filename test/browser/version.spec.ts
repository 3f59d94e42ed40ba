import { readFile } from 'node:fs/promises';
import { expect, test, workerScript } from '../support/fixtures.js';
import { VERSION } from '../../sw/protocol/version.js';

/** The built worker, as another version of the package had it. */
const of = async (version: string) =>
  (await readFile(new URL('../../dist/holdfast-sw.js', import.meta.url), 'utf8')).replace(`version:"${VERSION}"`, `version:"${version}"`);

const connect = `Holdfast.connect({ worker: '/worker.js' }).then((sync) => void (window.sync = sync))`;
const SCRIPT = workerScript(`backends: [{ baseUrl: '/api' }]`).replace('/holdfast-sw.js', '/vendor.js');

test('W8 a worker of another version than the page is named in the console, and one that an update replaces is not', async ({ page, server }) => {
  const warnings: string[] = [];
  page.on('console', (message) => void (message.text().includes('has version') && warnings.push(message.text())));
  server.serve('/worker.js', SCRIPT);
  server.serve('/vendor.js', await of('0.0.1'));
  await page.goto(server.origin);
  await page.evaluate(connect);
  await expect.poll(() => warnings).toEqual([`[holdfast] the worker ${server.origin}/worker.js has version 0.0.1, this page ${VERSION}; build it anew, or run: npx holdfast init`]);
  expect(await page.evaluate(async () => (await window.sync.status()).version)).toBe('0.0.1');

  // The right one is there now, and takes over.
  server.serve('/vendor.js', await of(VERSION));
  await page.reload();
  await page.evaluate(connect);
  await expect.poll(() => page.evaluate(async () => (await window.sync.status()).version)).toBe(VERSION);
  expect(warnings).toHaveLength(1);
});
