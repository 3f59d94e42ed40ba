import type { ApiServer } from '../support/api-server.js';
import { App, bearer, expect, serveWorker, test } from './fixtures.js';
import { onDisk } from '../support/on-disk.js';
import { REMOTE, type Browser, type Profile } from './profile.js';

const PAGE = `<!doctype html><title>Holdfast</title><script src="/holdfast.js"></script>${REMOTE}`;

/** A browser on the profile, with a connected client in its page. */
async function start(profile: Profile, server: ApiServer): Promise<App & Pick<Browser, 'kill'>> {
  server.serve('/', PAGE, 'text/html');
  serveWorker(server);
  const { page, kill } = await profile.start(server.origin);
  const app = new App(page);
  await app.connect();
  return Object.assign(app, { kill });
}

test('D1 entries that were stored when the browser was killed are delivered by the next one', async ({ profile, server }) => {
  const before = await start(profile, server);
  await server.unlisten();
  for (const body of ['a', 'b', 'c']) expect(await before.post(body)).toBe(202);
  await before.kill();

  await server.listen();
  const after = await start(profile, server);
  await after.empty();
  expect(server.bodies()).toEqual(['a', 'b', 'c']);
});

test('A10 a hold outlives the browser, and the next one sends nothing without a token', async ({ profile, server }) => {
  server.requireToken();
  const lapsed = await server.token('ann', -30);
  const before = await start(profile, server);
  await before.post('a', bearer(lapsed));
  await before.heard('held');
  await before.kill();

  const after = await start(profile, server);
  await after.page.evaluate(() => window.sync.replay());
  expect(await after.entries()).toMatchObject([{ state: 'held', reason: 'auth-expired' }]);
  expect(server.received).toHaveLength(1);
  expect(await after.provideToken(lapsed)).toBe('ignored: same-token');
  expect(await after.provideToken(await server.token('ann'))).toBe('released');
  await after.heard('delivered');
  expect(server.received[1]).toMatchObject({ text: 'a', user: 'ann' });
});

test('C4 with a profile on disk a large body is kept as a Blob, and outlives the browser', async ({ profile, server }) => {
  const before = await start(profile, server);
  await server.unlisten();
  const size = 300_000;
  await before.page.evaluate((size) => fetch('/api/photo', { method: 'POST', body: new Uint8Array(size).fill(7) }).then(({ status }) => status), size);
  expect((await onDisk(before.page)).filter(({ store }) => store === 'bodies')).toMatchObject([{ text: expect.stringMatching(`^Blob ${size} `) as unknown }]);
  await before.kill();

  await server.listen();
  const after = await start(profile, server);
  await after.empty();
  expect(server.received.map(({ body }) => body.equals(Buffer.alloc(size, 7)))).toEqual([true]);
});
