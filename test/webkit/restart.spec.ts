import { App, bearer, expect, serveWorker, test } from './fixtures.js';
import { onDisk } from './on-disk.js';
import { REMOTE } from './profile.js';

const PAGE = `<!doctype html><title>Holdfast</title><script src="/holdfast.js"></script>${REMOTE}`;

test('D1 what was stored when the browser was killed is delivered by the next one', async ({ profile, server }) => {
  server.serve('/', PAGE, 'text/html');
  serveWorker(server);
  const first = await profile.start(server.origin);
  const before = new App(first.page);
  await before.connect();
  await server.unlisten();
  for (const body of ['a', 'b', 'c']) expect(await before.post(body)).toBe(202);
  await first.kill();

  await server.listen();
  const second = await profile.start(server.origin);
  const after = new App(second.page);
  await after.connect();
  await after.empty();
  expect(server.bodies()).toEqual(['a', 'b', 'c']);
});

test('A10 a hold outlives the browser, and the next one sends nothing without a token', async ({ profile, server }) => {
  server.serve('/', PAGE, 'text/html');
  serveWorker(server);
  server.requireToken();
  const lapsed = await server.token('ann', -30);
  const first = await profile.start(server.origin);
  const before = new App(first.page);
  await before.connect();
  await before.post('a', bearer(lapsed));
  await before.heard('held');
  await first.kill();

  const second = await profile.start(server.origin);
  const after = new App(second.page);
  await after.connect();
  await second.page.evaluate(() => window.sync.replay());
  expect(await after.entries()).toMatchObject([{ state: 'held', reason: 'auth-expired' }]);
  expect(server.received).toHaveLength(1);
  expect(await after.provideToken(lapsed)).toBe('ignored: same-token');
  expect(await after.provideToken(await server.token('ann'))).toBe('released');
  await after.heard('delivered');
  expect(server.received[1]).toMatchObject({ text: 'a', user: 'ann' });
});

test('C4 with a profile on disk a large body is kept as a Blob, and outlives the browser', async ({ profile, server }) => {
  server.serve('/', PAGE, 'text/html');
  serveWorker(server);
  const first = await profile.start(server.origin);
  await new App(first.page).connect();
  await server.unlisten();
  const size = 300_000;
  await first.page.evaluate((size) => fetch('/api/photo', { method: 'POST', body: new Uint8Array(size).fill(7) }).then(({ status }) => status), size);
  expect((await onDisk(first.page)).filter(({ store }) => store === 'bodies')).toMatchObject([{ text: expect.stringMatching(`^Blob ${size} `) as unknown }]);
  await first.kill();

  await server.listen();
  const second = await profile.start(server.origin);
  const after = new App(second.page);
  await after.connect();
  await after.empty();
  expect(server.received.map(({ body }) => body.equals(Buffer.alloc(size, 7)))).toEqual([true]);
});
