import type { Browser, CDPSession, Page } from '@playwright/test';
import { register } from '../bench/page.js';
import { firstVersion } from '../support/first-version.js';
import { chromiumOnly, connectPage, expect, FAST, NEVER, openApp, test, workerScript, type App } from '../support/fixtures.js';

const AHEAD = `backends: [{ baseUrl: '/api', capture: 'write-ahead', ${FAST} }]`;

/** Begins a fetch whose answer is asked for later. */
const begin = (page: Page, body: string, headers: Record<string, string> = {}) =>
  page.evaluate(
    ([body, headers]) => {
      Object.assign(window, {
        answer: fetch('/api/x', { method: 'POST', body, headers }).then(
          async (response) => [response.status, await response.text()],
          ({ name }: Error) => [0, name],
        ),
      });
    },
    [body, headers] as const,
  );
const answered = (page: Page) => page.evaluate(() => (window as unknown as { answer: Promise<[number, string]> }).answer);

const keys = ({ server }: App) => new Set(server.received.map(({ headers }) => headers['idempotency-key']));

test.describe('D1 an event that Chromium gives to the next worker, as its own was killed in mid-fetch', () => {
  test('is sent under one idempotency key with write-ahead, and gets the server’s own answer', chromiumOnly('no other gives a fetch event to the next worker'), async ({ open, server }) => {
    const app = await open({ options: AHEAD });
    server.reply((_request, count) => (count === 0 ? 'hang' : { status: 201, body: 'made' }));
    await begin(app.page, 'x');
    await server.arrived(1);
    await app.stopWorker();
    expect(await answered(app.page)).toEqual([201, 'made']);
    expect(server.received.length).toBe(2);
    expect(keys(app).size).toBe(1);
    await app.empty();
    expect(server.received.length).toBe(2);
  });

  test('is sent under one idempotency key on failure, when its first send took a while', chromiumOnly('no other gives a fetch event to the next worker'), async ({ open, server }) => {
    const app = await open();
    server.reply((_request, count) => (count === 0 ? 'hang' : { status: 201, body: 'made' }));
    await begin(app.page, 'x');
    await expect.poll(async () => (await app.entries()).map(({ reason }) => reason)).toEqual(['first-send']);
    await app.stopWorker();
    expect(await answered(app.page)).toEqual([201, 'made']);
    await app.empty();
    expect(keys(app).size).toBe(1);
  });

  test('goes on waiting for its stored entry, for whose answer its page waits', chromiumOnly('no other gives a fetch event to the next worker'), async ({ open, server }) => {
    const app = await open();
    server.reply((_request, count) => (count < 3 ? { status: 503 } : { status: 201, body: 'made' }));
    await app.call((sync) => sync.pause());
    await begin(app.page, 'x', { 'Holdfast-Mode': 'wait' });
    await app.heard('queued');
    await app.stopWorker();
    await expect.poll(async () => (await app.entries()).length).toBe(1);
    await app.call((sync) => sync.resume());
    expect(await answered(app.page)).toEqual([201, 'made']);
    expect(keys(app).size).toBe(1);
    expect(await app.types()).toEqual(expect.arrayContaining(['queued', 'delivered']));
    expect((await app.types()).filter((type) => type === 'queued')).toHaveLength(1);
  });
});

test('two deliberate writes that are the same are two, over a restart and over an update', async ({ open, server }) => {
  const options = `backends: [{ baseUrl: '/api', ${NEVER} }]`;
  const app = await open({ options });
  server.reply({ status: 503 });
  const post = () => app.post('+1');
  await post();
  // What was answered is written down a moment later.
  await expect.poll(() => unanswered(app.page)).toBe(0);
  await app.stopWorker();
  await post();
  await expect.poll(() => unanswered(app.page)).toBe(0);
  server.serve('/worker.js', `${workerScript(options)} // 2`);
  await app.page.evaluate(async () => {
    const changed = new Promise((resolve) => (navigator.serviceWorker.oncontrollerchange = resolve));
    await (await navigator.serviceWorker.ready).update();
    await changed;
  });
  await post();
  expect(await app.entries()).toHaveLength(3);
});

/** How many entries are marked as having no answer yet. */
const unanswered = (page: Page) =>
  page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        const opening = indexedDB.open('holdfast');
        opening.onsuccess = () => {
          const counting = opening.result.transaction('entries').objectStore('entries').index('asked').count();
          counting.onsuccess = () => {
            opening.result.close();
            resolve(counting.result);
          };
        };
      }),
  );

test('D1 a lane goes on behind a page that still waits for its entry after a restart', chromiumOnly('Firefox stops no worker that has an event under way'), async ({ open, server }) => {
  const app = await open({ options: `backends: [{ baseUrl: '/api', ${NEVER} }]` });
  server.reply({ status: 503 });
  await begin(app.page, 'a', { 'Holdfast-Mode': 'wait' });
  await app.heard('queued');
  await app.stopWorker();
  expect((await app.post('b')).status).toBe(202);
  expect(await app.entries()).toHaveLength(2);
});

test('C10 a full outbox gives the page the true failure, tells of it, and loses no stored entry', async ({ open, server }) => {
  const app = await open({
    options: `backends: [{ baseUrl: '/api', lane: (r) => r.headers.get('x-lane') ?? '', limits: { maxEntries: 2 }, ${FAST} }]`,
  });
  server.reply({ status: 500, body: 'busy' });
  await app.call((sync) => sync.pause());
  const post = (name: string) => app.post(name, { headers: { 'X-Lane': name } });
  expect((await post('a')).status).toBe(202);
  expect((await post('b')).status).toBe(202);
  expect(await post('c')).toMatchObject({ status: 500, text: 'busy' });
  await app.heard('outbox-full');
  server.reply({ status: 201 });
  await app.call((sync) => sync.resume());
  await app.heard('delivered', 2);
  expect((await post('d')).status).toBe(201);
});

test('C11 the caches make room on a full disk, and where they can’t, the outbox counts as full', chromiumOnly('the quota is set by its protocol'), async ({ page, server }) => {
  const size = 3 * 1024 * 1024;
  const cdp = await page.context().newCDPSession(page);
  // Before the first write: it's ignored after that.
  await cdp.send('Storage.overrideQuotaForOrigin', { origin: server.origin, quotaSize: 2.5 * size });
  // The caches are filled first, as Chromium's IndexedDB goes by the room that it found at its last write for some seconds.
  server.serve('/plain', '<!doctype html>', 'text/html');
  await page.goto(`${server.origin}/plain`);
  await page.evaluate(async (size) => {
    const cache = await caches.open('runtime');
    await cache.put('/large', new Response(new Uint8Array(size)));
  }, 1.5 * size);
  const app = await openApp(page, server, {
    options: `backends: [{ baseUrl: '/api', ${NEVER} }] });
      holdfast.registerQuotaErrorCallback(async () => (await caches.open('runtime')).delete('/large'));
      ({`,
  });
  server.reply({ status: 503, body: 'down' });
  const post = (type: string, lane: string) =>
    page.evaluate(
      async ([type, lane, size]) => {
        // Noise, as the database compresses.
        const noise = new Uint8Array(size);
        for (let at = 0; at < size; at += 65_536) crypto.getRandomValues(noise.subarray(at, at + 65_536));
        const body = new Blob([noise], { type });
        return (await fetch('/api/x', { method: 'POST', body, headers: { 'Holdfast-Lane': lane } })).status;
      },
      [type, lane, size] as const,
    );
  // Files are kept as Blobs, text as bytes.
  expect(await post('application/octet-stream', 'a')).toBe(202);
  expect(await page.evaluate(() => caches.match('/large'))).toBeUndefined();
  expect(await post('text/plain', 'b')).toBe(202);
  expect(await app.types()).not.toContain('outbox-full');
  expect(await post('text/plain', 'c')).toBe(503);
  await app.heard('outbox-full');
  expect((await app.events()).at(-1)).toMatchObject({ limit: 'quota' });
  expect(await app.entries()).toHaveLength(2);
});

test('D3 C11 requests pass through an older worker under a newer database, and that’s told', async ({ open, server }) => {
  const app = await open();
  await app.call((sync) => sync.status());
  await app.page.evaluate(
    () =>
      new Promise((resolve, reject) => {
        const request = indexedDB.open('holdfast', 99);
        request.onsuccess = resolve;
        request.onblocked = () => reject(new Error('the worker holds on to it'));
      }),
  );
  server.reply((_request, count) => (count === 0 ? { status: 503, body: 'down' } : { status: 201, body: 'made' }));
  expect(await app.post('x')).toMatchObject({ status: 503, text: 'down' });
  await app.heard('storage-failed');
  await app.stopWorker();
  expect(await app.post('y')).toMatchObject({ status: 201, text: 'made' });
  await app.heard('storage-failed', 2);
  const told = (await app.events()).filter(({ type }) => type === 'storage-failed');
  expect(told).toMatchObject([{ error: 'VersionError' }, { error: 'VersionError' }]);
});

test('D3 C11 requests pass through while a tab blocks an upgrade, and are stored once the tab lets go', async ({ page, server }) => {
  await page.goto(server.origin);
  await page.evaluate(`(${firstVersion.toString()})('holdfast').then((db) => { window.older = db; })`);
  server.serve('/worker.js', `importScripts('/holdfast-sw.js'); holdfast.install({ takeOver: true, backends: [{ baseUrl: '/api', ${FAST} }] });`);
  await page.evaluate(() => {
    window.seen = [];
    new BroadcastChannel('holdfast').onmessage = ({ data }) => window.seen.push(data);
  });
  await page.evaluate(register);
  server.reply({ status: 503, body: 'down' });
  const post = () => page.evaluate(() => fetch('/api/x', { method: 'POST', body: 'x' }).then(({ status }) => status));
  expect(await post()).toBe(503);
  await expect.poll(() => page.evaluate(() => window.seen.at(-1))).toMatchObject({ type: 'storage-failed', error: 'BlockedError' });
  await page.evaluate(() => {
    (window as unknown as { older: IDBDatabase }).older.close();
  });
  await expect.poll(post).toBe(202);
});

test('D2 another worker takes over when the one that drains is gone', async ({ open, server, context }) => {
  const app = await open();
  const other = await context.newPage();
  await other.goto(server.origin);
  // As a drain of another version, in another tab.
  await other.evaluate(() => void navigator.locks.request('holdfast:drain', () => new Promise(() => {})));
  await server.unlisten();
  await app.post('x');
  await server.listen();
  await app.call((sync) => sync.replay());
  await expect.poll(() => app.page.evaluate(async () => (await navigator.locks.query()).pending?.length)).toBe(1);
  expect(server.received).toHaveLength(0);
  await other.close();
  await app.heard('delivered');
});

test('D2 a drain goes on when its worker is replaced by a newer one, each entry once', async ({ open, server }) => {
  const app = await open();
  await server.unlisten();
  const bodies = Array.from({ length: 12 }, (_, body) => String(body));
  for (const body of bodies) await app.post(body);
  server.reply(async () => {
    await new Promise((resolve) => setTimeout(resolve, 30));
    return { status: 201 };
  });
  await server.listen();
  await app.call((sync) => sync.replay());
  await server.arrived(3);
  const script = `importScripts('/holdfast-sw.js'); holdfast.install({ takeOver: true, backends: [{ baseUrl: '/api', ${FAST} }] }); // 2`;
  server.serve('/worker.js', script);
  await app.page.evaluate(() => navigator.serviceWorker.getRegistration().then((registration) => registration!.update()));
  await app.empty();
  const effects = new Map(server.received.map(({ headers, text }) => [headers['idempotency-key'], text]));
  expect([...effects.values()]).toEqual(bodies);
});

test('C4 a file of 25 MB is stored and replayed outside of the worker’s memory', chromiumOnly('the heap is read by its protocol'), async ({ open, server, browser }) => {
  const app = await open();
  const size = 25 * 1024 * 1024;
  server.reply((_request, count) => (count === 0 ? { status: 503 } : count === 1 ? 'hang' : { status: 201 }));
  const heap = await workerHeap(browser);
  const before = await heap();
  const sent = await app.page.evaluate(async (size) => {
    const form = new FormData();
    form.append('file', new File([new Uint8Array(size).fill(7)], 'large.bin'));
    return (await fetch('/api/x', { method: 'POST', body: form })).status;
  }, size);
  expect(sent).toBe(202);
  expect((await heap()) - before).toBeLessThan(size / 5);
  await server.arrived(2);
  expect((await heap()) - before).toBeLessThan(size / 5);
  const [first, second] = server.received;
  expect(second!.body.equals(first!.body)).toBe(true);
  expect(second!.headers['content-type']).toBe(first!.headers['content-type']);
});

/** Gives the bytes that the service worker's script holds on to: its heap and its buffers, without the garbage. */
async function workerHeap(browser: Browser): Promise<() => Promise<number>> {
  const cdp: CDPSession = await browser.newBrowserCDPSession();
  const { targetInfos } = await cdp.send('Target.getTargets');
  const worker = targetInfos.find(({ type }) => type === 'service_worker');
  const { sessionId } = await cdp.send('Target.attachToTarget', { targetId: worker!.targetId, flatten: false });
  let id = 0;
  const ask = (method: string) =>
    new Promise<Record<string, number>>((resolve) => {
      const mine = ++id;
      cdp.on('Target.receivedMessageFromTarget', ({ message }) => {
        const answer = JSON.parse(message);
        if (answer.id === mine) resolve(answer.result);
      });
      void cdp.send('Target.sendMessageToTarget', { sessionId, message: JSON.stringify({ id: mine, method }) });
    });
  return async () => {
    await ask('HeapProfiler.collectGarbage');
    const { usedSize = 0, backingStorageSize = 0 } = await ask('Runtime.getHeapUsage');
    return usedSize + backingStorageSize;
  };
}

test.describe('L14 persistent storage', () => {
  const STORED = `backends: [{ baseUrl: '/api', ${NEVER} }]`;
  /** Stands in for the browser's own, as nobody is there to answer Firefox's question. */
  const note = async (app: App) => {
    await app.page.evaluate(() => {
      Object.assign(window, { asked: 0 });
      navigator.storage.persist = () => {
        (window as unknown as { asked: number }).asked++;
        return Promise.resolve(false);
      };
    });
    return () => app.page.evaluate(() => (window as unknown as { asked: number }).asked);
  };
  /** Stores an entry, and lets the client look whether it may ask. */
  const store = async (app: App, body: string) => {
    app.server.reply({ status: 503 });
    await app.post(body);
    await app.heard('queued');
    await app.page.evaluate(() => navigator.permissions.query({ name: 'persistent-storage' }));
    await app.call((sync) => sync.status());
  };

  test('is asked of the browser when the first entry is stored, once, where no user is asked', async ({ open, browserName }) => {
    const app = await open({ options: STORED });
    const asked = await note(app);
    await app.post('fine');
    expect(await asked()).toBe(0);
    await store(app, 'a');
    await store(app, 'b');
    expect(await asked()).toBe(browserName === 'firefox' ? 0 : 1);
  });

  test('is asked of the user where the app wants it, and not again after each load', async ({ open, browserName }) => {
    const app = await open({ options: STORED, connect: 'persist: true' });
    const first = await note(app);
    await store(app, 'a');
    expect(await first()).toBe(1);
    await app.page.reload();
    await connectPage(app.page, 'persist: true');
    const second = await note(app);
    await store(app, 'b');
    expect(await second()).toBe(browserName === 'firefox' ? 0 : 1);
  });

  test('is asked of the browser whenever the app says persist()', async ({ open }) => {
    const app = await open({ connect: 'persist: false' });
    const asked = await note(app);
    expect(await app.call((sync) => sync.persist())).toBe(false);
    expect(await app.call((sync) => sync.persist())).toBe(false);
    expect(await asked()).toBe(2);
  });

  test('isn’t asked of the browser where the app doesn’t want it', async ({ open }) => {
    const app = await open({ options: STORED, connect: 'persist: false' });
    const asked = await note(app);
    await store(app, 'a');
    expect(await asked()).toBe(0);
  });

  test('is told by status(), with usage and quota', async ({ open, page }) => {
    const app = await open();
    const { storage } = await app.call((sync) => sync.status());
    expect(storage.persisted).toBe(await page.evaluate(() => navigator.storage.persisted()));
    expect(storage.usage).toBeGreaterThan(0);
    expect(storage.quota).toBeGreaterThan(storage.usage!);
  });
});
