import { expect, test } from './fixtures.js';
import { FAST } from '../support/worker-script.js';

test('V1 R14 without Background Sync and navigator.storage: status has nulls, nothing fails, and the timer replays', async ({ open, page, server }) => {
  const app = await open();
  expect(await page.evaluate(async () => ['sync' in (await navigator.serviceWorker.ready), 'storage' in navigator])).toEqual([false, false]);
  await server.unlisten();
  expect(await app.post('x')).toBe(202);
  const { storage } = await page.evaluate(() => window.sync.status());
  expect(storage).toEqual({ persisted: null, usage: null, quota: null });
  await server.listen();
  await app.heard('delivered');
  expect(await app.times('storage-failed')).toBe(0);
});

test('C8 R2 the worker isn’t told of the page’s abort: the write is stored, and delivered', async ({ open, page, server }) => {
  const app = await open(`backends: [{ baseUrl: '/api', networkTimeoutMs: 1_500, ${FAST} }]`);
  server.reply((_request, count) => (count === 0 ? 'hang' : { status: 201 }));
  await page.evaluate(() => {
    window.abort = new AbortController();
    window.given = fetch('/api/notes', { method: 'POST', body: 'x', signal: window.abort.signal }).then(String, ({ name }: Error) => name);
  });
  await server.arrived(1);
  const given = page.evaluate(() => {
    window.abort.abort();
    return window.given;
  });
  expect(await given).toBe('AbortError');
  await app.heard('delivered');
  expect(server.bodies()).toEqual(['x', 'x']);
});

declare global {
  interface Window {
    abort: AbortController;
    given: Promise<string>;
  }
}
