import { bearer, expect, test } from './fixtures.js';
import { DROP_IN_PAGE } from '../support/worker-script.js';
import { onDisk } from '../support/on-disk.js';

test('the main job: a write is stored while the server is down, replayed, held on a JWT 401, released by a token, and delivered in order', async ({ open, server }) => {
  server.requireToken();
  const app = await open();
  const lapsed = await server.refusedToken();
  await server.unlisten();
  for (const name of ['one', 'two', 'three']) expect(await app.post(name, bearer(lapsed))).toBe(202);
  expect(server.received).toEqual([]);
  const waiting = { state: expect.stringMatching(/pending|sending/) as unknown };
  expect(await app.entries()).toMatchObject([waiting, waiting, waiting]);

  await server.listen();
  await app.heard('auth-required');
  expect(await app.entries()).toMatchObject([{ state: 'held', reason: 'auth-expired' }, { state: 'held' }, { state: 'held' }]);
  expect(server.bodies()).toEqual(['one']);

  expect(await app.provideToken(await server.token('ann'))).toBe('released');
  await app.heard('delivered', 3);
  expect(server.bodies()).toEqual(['one', 'one', 'two', 'three']);
  expect(server.received.map(({ user }) => user)).toEqual([null, 'ann', 'ann', 'ann']);
  expect(await app.entries()).toEqual([]);
});

test('A10 C5 the hold outlives a reload, and no token is on disk, held or delivered', async ({ open, page, server }) => {
  server.requireToken();
  const app = await open();
  const lapsed = await server.token('ann', -3600);
  await app.post('held back', bearer(lapsed));
  await app.heard('held');
  const written = async () => (await onDisk(page)).map(({ text }) => text).join('\n');
  expect(await written()).toContain('held back');
  expect(await written()).not.toContain(lapsed);

  await page.reload();
  await app.connect();
  await page.evaluate(() => window.sync.replay());
  expect(await app.entries()).toMatchObject([{ state: 'held', reason: 'auth-expired' }]);
  expect(server.received).toHaveLength(1);
  expect(await app.provideToken(lapsed)).toBe('ignored: same-token');

  const fresh = await server.token('ann');
  expect(await app.provideToken(fresh)).toBe('released');
  await app.heard('delivered');
  expect(await written()).toContain('delivered');
  for (const token of [lapsed, fresh]) expect(await written()).not.toContain(token);
});

test('A15 another user’s token releases nothing', async ({ open, server }) => {
  server.requireToken();
  const app = await open();
  await app.post('ann’s', bearer(await server.token('ann', -3600)));
  await app.heard('held');
  expect(await app.provideToken(await server.token('bob'))).toBe('other-owner');
  await app.heard('parked');
  expect(server.received).toHaveLength(1);
  await app.provideToken(await server.token('ann'));
  await app.heard('delivered');
  expect(server.received[1]).toMatchObject({ text: 'ann’s', user: 'ann' });
});

test('the drop-in needs no line of code: a worker by its URL, a client by its tag', async ({ page, server }) => {
  server.serve('/', DROP_IN_PAGE, 'text/html');
  server.requireToken();
  await page.goto(server.origin);
  await expect.poll(() => page.evaluate(() => window.holdfast?.controlled ?? false)).toBe(true);
  const [lapsed, fresh] = [await server.token('ann', -3600), await server.token('ann')];
  const answer = await page.evaluate(
    async (headers, nextToken) => {
      Object.assign(window, { nextToken });
      const response = await fetch('/api/x', { method: 'POST', body: 'hello', headers });
      const { id } = (await response.json()) as { id: string };
      const { status, state } = await window.holdfast!.settled(id);
      return { first: response.status, status, state };
    },
    bearer(lapsed),
    fresh,
  );
  expect(answer).toEqual({ first: 202, status: 201, state: 'delivered' });
  expect(server.bodies()).toEqual(['hello', 'hello']);
  expect(server.received[1]).toMatchObject({ user: 'ann' });
});
