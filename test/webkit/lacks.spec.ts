import { expect, test } from './fixtures.js';

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
