import type { Page } from '@playwright/test';
import { chromiumOnly, expect, FAST, openApp, test, type App } from '../support/fixtures.js';
import type { ApiServer } from '../support/api-server.js';

const QUOTA = chromiumOnly('the quota is set by its protocol');

/** Posts noise of so many bytes, as the database compresses. */
const post = ({ page }: App, size: number) =>
  page.evaluate(async (size) => {
    const noise = new Uint8Array(size);
    for (let at = 0; at < size; at += 65_536) crypto.getRandomValues(noise.subarray(at, at + 65_536));
    const body = new Blob([noise], { type: 'application/octet-stream' });
    return fetch('/api/x', { method: 'POST', body, headers: { authorization: 'Bearer secret' } }).then(
      ({ status }) => status,
      () => 0,
    );
  }, size);

/**
 * An app whose outbox has filled its origin's quota, so that nothing more is taken, and is paused. The server is back.
 *
 * @param isPausedLate pauses when the quota is filled, instead of before
 */
async function full(page: Page, server: ApiServer, isPausedLate = false): Promise<App & { owed: number }> {
  const cdp = await page.context().newCDPSession(page);
  // Before the first write: it's ignored after that.
  await cdp.send('Storage.overrideQuotaForOrigin', { origin: server.origin, quotaSize: 2_000_000 });
  const app = await openApp(page, server, { options: `backends: [{ baseUrl: '/api', owner: () => 'ann', ${FAST} }]` });
  server.reply({ status: 503 });
  const pause = () => app.call((sync) => sync.pause());
  if (!isPausedLate) await pause();
  for (const size of [150_000, 50_000, 10_000, 3_000, 1_000]) while ((await post(app, size)) === 202);
  if (isPausedLate) await pause();
  const owed = (await app.entries()).length;
  expect(owed).toBeGreaterThan(4);
  server.reply({ status: 201, body: 'made' });
  return Object.assign(app, { owed });
}

test.describe('an outbox that has filled its origin’s quota', () => {
  test('L12 is delivered, each entry once', QUOTA, async ({ page, server }) => {
    const app = await full(page, server);
    const before = server.received.length;
    await app.call((sync) => sync.resume());
    await app.heard('delivered', app.owed);
    await app.empty();
    expect(server.received.length - before).toBe(app.owed);
    expect(await post(app, 1_000)).toBe(201);
  });

  test('L12 takes `pause` and `resume`, which outlive the worker', QUOTA, async ({ page, server }) => {
    const app = await full(page, server, true);
    const isPaused = () => app.call(async (sync) => (await sync.status()).paused);
    await app.stopWorker();
    expect(await isPaused()).toBe(true);
    expect((await app.entries()).length).toBe(app.owed);
    await app.call((sync) => sync.resume());
    await app.stopWorker();
    expect(await isPaused()).toBe(false);
  });

  test('L12 takes `cancel` and `discard`', QUOTA, async ({ page, server }) => {
    const app = await full(page, server);
    const [first] = await app.entries();
    expect(await app.call((sync, id) => sync.cancel(id), first!.id)).toBe(true);
    await app.heard('cancelled');
    expect((await app.entries()).length).toBe(app.owed - 1);
    // There's room again: it's filled once more, but for a dead letter.
    server.reply({ status: 400 });
    await app.call((sync) => sync.resume());
    await app.heard('failed', app.owed - 1);
    const [dead] = await app.entries();
    expect(dead).toMatchObject({ state: 'dead' });
    server.reply({ status: 503 });
    await app.call((sync) => sync.pause());
    for (const size of [150_000, 50_000, 10_000, 3_000, 1_000]) while ((await post(app, size)) === 202);
    expect(await app.call((sync, id) => sync.discard(id), dead!.id)).toBe(true);
    expect((await app.entries()).map(({ id }) => id)).not.toContain(dead!.id);
  });

  test('L12 A16 takes `signOut({ purge })`, which outlives the worker', QUOTA, async ({ page, server }) => {
    const app = await full(page, server);
    await app.call((sync) => sync.signOut({ purge: true }));
    await app.stopWorker();
    expect(await app.entries()).toEqual([]);
    expect(await post(app, 100_000)).toBe(201);
  });
});
