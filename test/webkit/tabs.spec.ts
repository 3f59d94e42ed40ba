import { App, expect, test } from './fixtures.js';

test('D2 V2 one of two tabs replays, both hear of it, and each entry is sent once', async ({ open, session, server }) => {
  const first = await open();
  const page = await session.newTab();
  await page.goto(server.origin);
  const second = new App(page);
  await second.connect();
  await server.unlisten();
  const bodies = Array.from({ length: 10 }, (_, body) => String(body));
  for (const [at, body] of bodies.entries()) await (at % 2 ? first : second).post(body);
  await server.listen();
  await first.page.evaluate(() => window.sync.replay());
  for (const app of [first, second]) {
    await app.heard('delivered', 10);
    expect(await app.times('queued')).toBe(10);
    expect(await app.times('delivered')).toBe(10);
  }
  expect(server.bodies()).toEqual(bodies);
  const keys = server.received.map(({ headers }) => headers['idempotency-key']);
  expect(new Set(keys).size).toBe(10);
});

test('A4 a token that one tab gives releases the entries that another has stored', async ({ open, session, server }) => {
  server.requireToken();
  const first = await open();
  const page = await session.newTab();
  await page.goto(server.origin);
  const second = new App(page);
  await second.connect();
  await first.post('a', { Authorization: `Bearer ${await server.token('ann', -3600)}` });
  await second.heard('auth-required');
  expect(await second.provideToken(await server.token('ann'))).toBe('released');
  await first.heard('delivered');
  expect(server.bodies()).toEqual(['a', 'a']);
});
