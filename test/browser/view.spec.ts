import { connectPage, expect, FAST, NEVER, test } from '../support/fixtures.js';
import { buried, queued } from '../support/inspector.js';
import type { SyncEvent } from '../../sw/protocol/events.js';

test.describe('V2 events', () => {
  test('V2 are the same on the page, in the worker’s hook, in the journal and in another tab', async ({ open, context, server }) => {
    const app = await open({
      options: `backends: [{ baseUrl: '/api', lane: ({ url }) => new URL(url).pathname, ${FAST}, limits: { maxEntries: 3 } }],
        onEvent: (event) => (self.hooked ??= new BroadcastChannel('hooked')).postMessage(event)`,
    });
    const hooked = await app.page.evaluateHandle(() => {
      const events: SyncEvent[] = [];
      new BroadcastChannel('hooked').addEventListener('message', ({ data }) => events.push(data as SyncEvent));
      return events;
    });
    const other = await context.newPage();
    await other.goto(server.origin);
    await connectPage(other);
    server.reply({ status: 500 });
    await app.call((sync) => sync.pause());
    for (const path of ['/api/a', '/api/b', '/api/c', '/api/full']) await app.post('x', { path });
    await app.heard('queued', 3);
    const [first] = await app.entries();
    await app.call((sync, id) => sync.cancel(id), first!.id);
    server.reply(({ path }) => ({ status: path === '/api/b' ? 422 : 201 }));
    await app.call((sync) => sync.resume());
    await app.heard('failed');
    await app.heard('delivered');
    server.requireToken();
    await app.post('x', { path: '/api/d', headers: { Authorization: `Bearer ${await server.token('ann', 3600)}x` } });
    await app.heard('auth-required');
    await app.call((sync, token) => sync.provideToken(token), await server.token('ann', 3600));
    await app.heard('delivered', 2);
    await app.call((sync) => sync.signOut());
    await app.heard('held', 2);

    const journal = await app.call((sync) => sync.journal());
    const here = await app.events();
    await expect.poll(() => other.evaluate(() => window.seen.length)).toBe(here.length);
    const there = await other.evaluate(() => window.seen);
    const types = [...new Set(here.map(({ type }) => type))];
    expect(types).toEqual(expect.arrayContaining(['queued', 'sending', 'delivered', 'failed', 'cancelled', 'held', 'auth-required', 'released', 'paused', 'resumed', 'outbox-full']));
    expect(there).toEqual(here);
    await expect.poll(() => hooked.jsonValue()).toEqual(here);
    // What isn't a decision isn't stored: a send that begins, and a request that had no room.
    expect(journal).toEqual(here.filter(({ type }) => type !== 'sending' && type !== 'outbox-full'));
  });

  test('V2 tell another tab of an entry that’s edited or discarded', async ({ open, context, server }) => {
    const app = await open({ options: `backends: [{ baseUrl: '/api', ${NEVER} }]` });
    await queued(app, '/api/notes', 'x');
    await buried(app);
    const other = await context.newPage();
    await other.goto(server.origin);
    await connectPage(other);
    await other.evaluate(() => {
      window.sync.addEventListener('changed', () => window.seen.push({ type: 'changed' } as never));
    });
    const [entry] = await app.entries();
    await app.call((sync, id) => sync.edit(id, { body: 'y' }), entry!.id);
    await app.call((sync, id) => sync.discard(id), entry!.id);
    await expect.poll(() => other.evaluate(() => window.seen.map(({ type }) => type as string))).toEqual(['changed', 'changed']);
  });
});

test.describe('V1 for developers', () => {
  test('V1 a dead letter that was edited survives a restart of the worker, with its key and its size', async ({ open, server }) => {
    const app = await open({ options: `backends: [{ baseUrl: '/api', ${NEVER} }]` });
    await queued(app, '/api/notes', 'first', { 'Holdfast-Id': 'a' });
    await buried(app);
    expect(await app.call((sync) => sync.edit('a', { body: new Uint8Array([104, 105]), headers: { 'X-Note': 'n' } }))).toBe(true);
    await app.stopWorker();
    expect(await app.call(async (sync) => new TextDecoder().decode((await sync.body('a'))!.bytes))).toBe('hi');
    server.reply({ status: 201 });
    expect(await app.call((sync) => sync.retry('a'))).toBe(true);
    await app.empty();
    const [, refused, sent] = server.received;
    expect([sent!.text, sent!.headers['x-note'], sent!.headers['content-length']]).toEqual(['hi', 'n', '2']);
    expect(sent!.headers['idempotency-key']).not.toBe(refused!.headers['idempotency-key']);
  });

  test('V1 a header that the browser sets by itself is refused by name', async ({ open }) => {
    const app = await open({ options: `backends: [{ baseUrl: '/api', ${NEVER} }]` });
    await queued(app, '/api/notes', 'x', { 'Holdfast-Id': 'a' });
    await buried(app);
    const message = await app.call((sync) => sync.edit('a', { headers: { Cookie: 'a=1' } }).then(String, (error: Error) => `${error.name}: ${error.message}`));
    expect(message).toContain('ConfigError: holdfast: option "patch.headers.Cookie"');
  });

  test('V1 exportHar of the classic script loads its code from beside it', async ({ open, page, server }) => {
    const app = await open({ options: `backends: [{ baseUrl: '/api', ${NEVER} }]` });
    server.reply({ status: 500, body: { why: 'down' } });
    await app.post('{"password":"s3cret"}', { path: '/api/a?token=s3cret' });
    const loaded = page.waitForRequest(/holdfast-tools\.js$/);
    const har = await app.call((sync) => sync.exportHar());
    expect((await loaded).url()).toBe(`${server.origin}/holdfast-tools.js`);
    expect(har.log.entries).toHaveLength(1);
    expect(JSON.stringify(har)).not.toContain('s3cret');
  });

  test('W9 sync.outbox of the classic script loads what follows the outbox with its first listener', async ({ open, page, server }) => {
    const app = await open({ options: `backends: [{ baseUrl: '/api', ${NEVER} }]` });
    const loaded = page.waitForRequest(/holdfast-outbox\.js$/);
    await page.evaluate(() => void window.sync.outbox.subscribe(() => {}));
    expect((await loaded).url()).toBe(`${server.origin}/holdfast-outbox.js`);
    server.reply({ status: 500 });
    await app.post('x');
    await buried(app);
    await expect.poll(() => page.evaluate(() => window.sync.outbox.getSnapshot().entries.map(({ state }) => state))).toEqual(['dead']);
    expect(await app.call((sync) => sync.discard(sync.outbox.getSnapshot().entries[0]!.seq))).toBe(true);
    await expect.poll(() => page.evaluate(() => window.sync.outbox.getSnapshot().entries.length)).toBe(0);
    expect(await page.evaluate(() => window.sync.outbox.getSnapshot().status?.dead)).toBe(0);
  });

  test('R9 describeEvent of the classic script speaks Chinese once its words are loaded, and English until then', async ({ open, page, server }) => {
    await open({ options: `backends: [{ baseUrl: '/api', ${NEVER} }]` });
    const loaded = page.waitForResponse(/holdfast-zh\.js$/);
    const describe = () => page.evaluate(() => Holdfast.describeEvent({ type: 'paused', at: 0 }, 'zh-CN'));
    expect(await describe()).toBe('Sending is paused');
    expect((await loaded).url()).toBe(`${server.origin}/holdfast-zh.js`);
    await expect.poll(describe).toBe('已暂停发送');
  });

  test('the console’s __HOLDFAST__ prints tables and gives what the client gives', async ({ open, page, server }) => {
    const app = await open({ options: `backends: [{ baseUrl: '/api', ${NEVER} }]` });
    server.reply({ status: 500 });
    await app.post('x');
    const printed = page.waitForEvent('console', (message) => message.type() === 'table');
    const entries = await page.evaluate(() => __HOLDFAST__!.entries());
    expect((await printed).type()).toBe('table');
    expect(entries).toEqual(await app.entries());
    const names = await page.evaluate(() => [Object.keys(__HOLDFAST__!), Object.keys(window).includes('__HOLDFAST__')]);
    expect(names).toEqual([['status', 'entries', 'journal'], false]);
    await app.call((sync) => sync.close());
    expect(await page.evaluate(() => __HOLDFAST__)).toBeUndefined();
  });

  test('trace draws attempts and drains into the timeline, and nothing is drawn without it', async ({ open, page, server }) => {
    const app = await open({ options: `backends: [{ baseUrl: '/api', ${FAST} }]`, connect: 'trace: true' });
    server.reply((_, count) => ({ status: count === 0 ? 500 : 201 }));
    await app.post('x');
    await app.heard('delivered');
    const measures = () =>
      page.evaluate(() =>
        performance.getEntriesByType('measure').map((entry) => [entry.name, ((entry as PerformanceMeasure).detail as { devtools: { track: string } }).devtools.track]),
      );
    await expect.poll(measures).toEqual([['POST /api/notes', 'Holdfast'], ['Drain of 1', 'Holdfast']]);
    await page.reload();
    await connectPage(page);
    server.reply({ status: 500 });
    await app.post('y');
    server.reply({ status: 201 });
    await app.heard('delivered');
    expect(await measures()).toEqual([]);
  });
});
