import { App, chromiumOnly, expect, test, connectPage, workerScript, FAST } from '../support/fixtures.js';

const authorization = (token: string) => ({ Authorization: `Bearer ${token}` });

test('A1 A4 three entries and two tabs make one request, one auth-required and one line of log', async ({ open, server, context, browserName }) => {
  server.requireToken();
  const lines: string[] = [];
  context.on('console', (message) => lines.push(message.text()));
  const app = await open();
  const second = await context.newPage();
  await second.goto(server.origin);
  await connectPage(second);
  const lapsed = await server.refusedToken();
  await server.unlisten();
  for (const body of ['a', 'b', 'c']) await app.post(body, { headers: authorization(lapsed) });
  await server.listen();
  await app.heard('auth-required');
  await second.waitForFunction(() => window.seen.some((event) => event.type === 'auth-required'));
  await app.call((sync) => sync.replay());
  await app.call((sync) => sync.status());

  expect(server.bodies()).toEqual(['a']);
  const types = await app.types();
  expect(types.filter((type) => type === 'auth-required')).toHaveLength(1);
  expect(types).not.toContain('failed');
  expect(await app.entries()).toMatchObject([{ id: expect.any(String), retries: 0 }, {}, {}]);
  const [first] = await app.entries();
  // Playwright hears the console of a worker in Chromium only.
  if (browserName === 'chromium') {
    const held = lines.filter((line) => line.includes('hold — auth expired'));
    expect(new Set(held).size).toBe(1);
    expect(held[0]).toContain(first!.id);
    expect(held[0]).toMatch(/attempt/);
  }

  const fresh = await server.token('ann');
  await second.evaluate((token) => window.sync.provideToken(token), fresh);
  await app.heard('delivered', 3);
  expect(server.bodies()).toEqual(['a', 'a', 'b', 'c']);
});

test('A5 a fresh token on an empty outbox does nothing', async ({ open, server }) => {
  const app = await open();
  expect(await app.call((sync) => sync.provideToken('fresh'))).toBe('stored');
  expect(await app.call((sync) => sync.status())).toMatchObject({ waiting: 0 });
  expect(server.received).toEqual([]);
  expect(await app.events()).toEqual([]);
});

test('A6 a token that isn’t fresh releases nothing, and the caller is told', async ({ open, server }) => {
  server.requireToken();
  const app = await open();
  const lapsed = await server.token('ann', -30);
  await app.post('a', { headers: authorization(lapsed) });
  await app.heard('held');
  const provide = (token: string | null) => app.call((sync, given: string | null) => sync.provideToken(given), token);
  expect(await provide(null)).toBe('ignored: blank');
  expect(await provide('  ')).toBe('ignored: blank');
  expect(await provide(lapsed)).toBe('ignored: same-token');
  expect(await provide(await server.token('ann', -120))).toBe('ignored: expired');
  await expect(provide('a\r\nb')).rejects.toThrow(/option "token"/);
  expect(await app.entries()).toMatchObject([{ state: 'held' }]);
  expect(server.received).toHaveLength(1);
  expect(await provide(await server.token('ann'))).toBe('released');
  await app.heard('delivered');
});

test('A7 a token that comes while offline sends nothing until online, and coming online sends nothing while held', chromiumOnly('no other cuts the worker from the network'), async ({ open, server, context }) => {
  server.requireToken();
  const app = await open();
  await app.post('a', { headers: authorization(await server.token('ann', -3600)) });
  await app.heard('held');
  await context.setOffline(true);
  await app.heard('offline');
  await context.setOffline(false);
  await app.heard('online');
  await app.call((sync) => sync.status());
  expect(server.received).toHaveLength(1);
  await context.setOffline(true);
  await app.heard('offline', 2);
  expect(await app.call((sync, token: string) => sync.provideToken(token), await server.token('ann'))).toBe('released');
  await app.call((sync) => sync.status());
  expect(server.received).toHaveLength(1);
  await context.setOffline(false);
  await app.heard('delivered');
});

test('A8 a token that’s posted while a request with the old one is in flight isn’t lost', async ({ open, server }) => {
  const app = await open();
  await server.unlisten();
  await app.post('a', { headers: authorization(await server.refusedToken()) });
  let refuse = () => {};
  server.reply((_request, count) =>
    count > 0 ? { status: 201 } : new Promise((resolve) => (refuse = () => resolve({ status: 401, body: { code: 'token_expired' } }))),
  );
  await server.listen();
  await server.arrived(1);
  expect(await app.call((sync, token: string) => sync.provideToken(token), await server.token('ann'))).toBe('stored');
  refuse();
  await app.heard('delivered');
  expect(await app.types()).not.toContain('held');
  expect(server.received).toHaveLength(2);
});

test('A10 the hold survives a stopped worker, and a restarted worker sends nothing without a token', async ({ open, server }) => {
  server.requireToken();
  const app = await open();
  const lapsed = await server.token('ann', -30);
  await app.post('a', { headers: authorization(lapsed) });
  await app.heard('held');
  await app.stopWorker();
  await app.call((sync) => sync.replay());
  expect(await app.entries()).toMatchObject([{ state: 'held', reason: 'auth-expired' }]);
  expect(server.received).toHaveLength(1);
  expect(await app.call((sync, token: string) => sync.provideToken(token), lapsed)).toBe('ignored: same-token');
  await app.stopWorker();
  expect(await app.call((sync, token: string) => sync.provideToken(token), await server.token('ann'))).toBe('released');
  await app.heard('delivered');
});

/** A write is stored while the server is down, and its worker stopped: the next worker starts with no token, and sends the write. */
async function sentByTheNextWorker(app: App, body: string, token: string): Promise<void> {
  await app.server.unlisten();
  await app.post(body, { headers: authorization(token) });
  await app.call((sync) => sync.pause());
  await app.stopWorker();
  await app.server.listen();
  await app.call((sync) => sync.resume());
}

test('A10 a worker that lost its token in memory asks any open page at once', async ({ open, server }) => {
  server.requireToken();
  const app = await open({ connect: 'getToken: () => window.nextToken', options: `backends: [{ baseUrl: '/api', ${FAST} }]` });
  const token = await server.token('ann');
  await app.page.evaluate((value) => Object.assign(window, { nextToken: value }), token);
  await sentByTheNextWorker(app, 'a', token);
  await app.heard('delivered');
  expect(await app.events()).toContainEqual(expect.objectContaining({ type: 'auth-required', reason: 'token-missing' }));
  expect(server.received.map(({ user }) => user)).toEqual(['ann']);
});

test('L10 a worker that was stopped is given the page’s good token again, before any tab is told to sign in', async ({ open, server, context }) => {
  server.requireToken();
  const app = await open({ connect: 'getToken: () => { window.timesAsked = (window.timesAsked ?? 0) + 1; return window.nextToken; }' });
  const second = new App(await context.newPage(), server);
  await second.page.goto(server.origin);
  await connectPage(second.page);
  const token = await server.token('ann');
  await app.page.evaluate((value) => Object.assign(window, { nextToken: value }), token);
  await app.post('a', { headers: authorization(await server.token('ann', -3600)) });
  await app.heard('delivered');
  await sentByTheNextWorker(app, 'b', token);
  await app.heard('delivered', 2);
  await second.heard('delivered', 2);
  for (const types of [await app.types(), await second.types()]) expect(types.filter((type) => type === 'auth-required')).toHaveLength(1);
  expect(await app.page.evaluate('timesAsked')).toBe(1);
  expect(server.received.map(({ user }) => user)).toEqual([null, 'ann', 'ann']);
});

test('A11 entries that need no token go on during a hold', async ({ open, server }) => {
  const app = await open();
  server.reply(({ text }) => ({ status: text === 'a' ? 401 : 201 }));
  await app.post('a', { headers: authorization('opaque') });
  await app.heard('held');
  expect((await app.post('free')).status).toBe(201);
  expect((await app.post('bare', { headers: { ...authorization('opaque'), 'Holdfast-Auth': 'none' } })).status).toBe(201);
  expect(server.received.map(({ text, headers }) => [text, headers.authorization])).toEqual([
    ['a', 'Bearer opaque'],
    ['free', undefined],
    // On the first send the page's own header goes along; at replay nothing would.
    ['bare', 'Bearer opaque'],
  ]);
});

test('A12 other backends aren’t held', async ({ open, server }) => {
  const app = await open({ options: `backends: [{ baseUrl: '/api/a', ${FAST} }, { baseUrl: '/api/b', ${FAST} }]` });
  server.reply(({ path }) => ({ status: path.startsWith('/api/a') ? 401 : 201 }));
  expect((await app.post('a', { path: '/api/a/x', headers: authorization('t') })).status).toBe(202);
  expect((await app.post('b', { path: '/api/b/x', headers: authorization('t') })).status).toBe(201);
});

test('A15 another user’s entries are parked, and never sent with the wrong token', async ({ open, server }) => {
  server.requireToken();
  const app = await open();
  await app.post('ann’s', { headers: authorization(await server.token('ann', -3600)) });
  await app.heard('held');
  const bob = await server.token('bob');
  expect(await app.call((sync, token: string) => sync.provideToken(token), bob)).toBe('other-owner');
  expect((await app.post('bob’s', { headers: authorization(bob) })).status).toBe(201);
  expect(await app.entries()).toMatchObject([{ state: 'parked', owner: 'ann' }]);
  expect(await app.call((sync, token: string) => sync.provideToken(token), await server.token('ann'))).toBe('released');
  await app.heard('delivered');
  expect(server.received.map(({ text, user }) => [text, user])).toEqual([
    ['ann’s', null],
    ['bob’s', 'bob'],
    ['ann’s', 'ann'],
  ]);
});

test('T1 two tabs and a hold make one token request', async ({ open, server, context }) => {
  server.requireToken();
  const fresh = await server.token('ann');
  let asked = 0;
  server.serve('/token', () => {
    asked++;
    return fresh;
  });
  const getToken = `getToken: async () => (await fetch('/token', { cache: 'no-store' })).text()`;
  const app = await open({ connect: getToken });
  const second = await context.newPage();
  await second.goto(server.origin);
  await connectPage(second, getToken);
  await app.post('a', { headers: authorization(await server.token('ann', -3600)) });
  await app.heard('delivered');
  expect(asked).toBe(1);
});

test('T5 a page with nothing but Comlink releases the hold', async ({ page, server }) => {
  server.requireToken();
  server.serve('/worker.js', workerScript(`backends: [{ baseUrl: '/api', ${FAST} }]`));
  server.serve('/comlink.js', await comlinkSource());
  server.serve('/', '<!doctype html><title>bare</title>', 'text/html');
  await page.goto(server.origin);
  const [lapsed, fresh] = [await server.token('ann', -3600), await server.token('ann')];
  const result = await page.evaluate(
    async ([old, token]) => {
      const registration = await navigator.serviceWorker.register('/worker.js');
      while (!navigator.serviceWorker.controller) await new Promise((resolve) => setTimeout(resolve, 20));
      const status = (await fetch('/api/x', { method: 'POST', body: 'x', headers: { Authorization: `Bearer ${old}` } })).status;
      const Comlink = await import(`${location.origin}/comlink.js`);
      const container = navigator.serviceWorker;
      container.startMessages();
      const worker = Comlink.wrap({
        postMessage: (message: unknown, transfer: Transferable[]) => registration.active!.postMessage(message, transfer),
        addEventListener: container.addEventListener.bind(container),
        removeEventListener: container.removeEventListener.bind(container),
      });
      return [status, await worker.provideToken(token)];
    },
    [lapsed, fresh] as const,
  );
  expect(result).toEqual([202, 'released']);
  await server.arrived(2);
  expect(server.received[1]).toMatchObject({ text: 'x', user: 'ann' });
});

async function comlinkSource(): Promise<string> {
  const { readFile } = await import('node:fs/promises');
  return readFile(new URL('../../node_modules/comlink/dist/esm/comlink.mjs', import.meta.url), 'utf8');
}
