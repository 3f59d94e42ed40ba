import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Page } from '@playwright/test';
import { register } from '../bench/page.js';
import type { ApiServer } from '../support/api-server.js';
import { bundle } from '../support/bundle.js';
import { onDisk } from '../support/on-disk.js';
import { App, connectPage, expect, FAST, NETWORK_ERROR, stopWorkers, test } from '../support/fixtures.js';

const INSTALL = `holdfast.install({ takeOver: true, backends: [{ baseUrl: '/api', ${FAST} }] });`;
const route = (plugins = '') => `workbox.registerRoute(/\\/api\\//, new workbox.NetworkOnly({ plugins: [${plugins}] }), 'POST');`;

/** A worker with the real workbox in it. */
async function serveWorker(server: ApiServer, ...lines: string[]): Promise<void> {
  const [workbox] = await bundle(fileURLToPath(new URL('./bundled/workbox.js', import.meta.url)), 'workbox');
  server.serve('/workbox.js', workbox!.code);
  server.serve('/worker.js', [`importScripts('/workbox.js', '/holdfast-sw.js');`, ...lines].join('\n'));
}

async function openWith(page: Page, server: ApiServer, ...lines: string[]): Promise<App> {
  await serveWorker(server, ...lines);
  await page.goto(server.origin);
  await connectPage(page);
  return new App(page, server);
}

for (const [how, lines] of [
  ['with the plugin, before install', [route('holdfast.holdfastPlugin()'), INSTALL]],
  ['with the plugin, after install', [INSTALL, route('holdfast.holdfastPlugin()')]],
  ['without it, after install', [INSTALL, route()]],
] as const) {
  test(`B2 a request of a workbox route ${how} is kept while the server is down, and sent once`, async ({ page, server }) => {
    const app = await openWith(page, server, ...lines);
    expect(await app.post('delivered')).toMatchObject({ status: 201 });
    expect(server.bodies()).toEqual(['delivered']);
    await server.unlisten();
    expect(await app.post('kept')).toMatchObject({ status: 202 });
    await server.listen();
    await app.heard('delivered');
    await app.empty();
    expect(server.bodies()).toEqual(['delivered', 'kept']);
    expect(server.received.every(({ headers }) => headers['idempotency-key'])).toBe(true);
  });
}

test('B2 a route that answers before Holdfast hears of it keeps its request, which is sent once', async ({ page, server }) => {
  const app = await openWith(page, server, route(), INSTALL);
  expect(await app.post('one')).toMatchObject({ status: 201 });
  expect(server.bodies()).toEqual(['one']);
  expect(server.received[0]!.headers['idempotency-key']).toBeUndefined();
});

test('B2 the plugin lets requests go that belong to no backend', async ({ page, server }) => {
  const other = route('holdfast.holdfastPlugin()');
  const app = await openWith(page, server, other, `holdfast.install({ takeOver: true, backends: [{ baseUrl: '/api/v2' }] });`);
  expect(await app.post('one')).toMatchObject({ status: 201 });
  await server.unlisten();
  await expect(app.post('two')).rejects.toThrow(NETWORK_ERROR);
});

test('B2 workbox’s precache works beside Holdfast', async ({ page, server }) => {
  server.serve('/shell.html', '<!doctype html><title>shell</title>', 'text/html');
  const precache = `workbox.precacheAndRoute([{ url: '/shell.html', revision: '1' }]);`;
  const app = await openWith(page, server, precache, INSTALL);
  await server.unlisten();
  expect(await page.evaluate(async () => (await fetch('/shell.html')).text())).toContain('shell');
  expect(await app.post('kept')).toMatchObject({ status: 202 });
  await server.listen();
  await app.heard('delivered');
});

/** Takes no sync event for a reason to send: the queue is left as it is. */
const OLD_WORKER = `
  self.addEventListener('install', () => self.skipWaiting());
  self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));
  const queue = new workbox.Queue('writes', { onSync: () => {} });
  workbox.registerRoute(/\\/(api|other)\\//, new workbox.NetworkOnly({
    plugins: [{ fetchDidFail: ({ request }) => queue.pushRequest({ request }) }],
  }), 'POST');`;

const ADOPT = `${INSTALL}
  const adopted = holdfast.adoptWorkboxQueue('writes');
  adopted.catch((error) => console.error(error));`;

/** What lies in workbox's database. */
const left = (page: Page) =>
  page.evaluate(
    () =>
      new Promise<{ id: number; requestData: { url: string } }[]>((resolve, reject) => {
        const opening = indexedDB.open('workbox-background-sync');
        opening.onerror = () => reject(opening.error);
        opening.onsuccess = () => {
          const db = opening.result;
          const reading = db.transaction('requests').objectStore('requests').getAll();
          reading.onsuccess = () => {
            // The first rows are kept in the page, as their bodies wouldn't come through to the test whole.
            (window as { rows?: unknown[] }).rows ??= reading.result;
            resolve(reading.result);
            db.close();
          };
        };
      }),
  );

/** Puts rows back, as if a worker had died before it removed them. */
const putBack = (page: Page) =>
  page.evaluate(
    () =>
      new Promise<void>((resolve, reject) => {
        const opening = indexedDB.open('workbox-background-sync');
        opening.onsuccess = () => {
          const db = opening.result;
          const tx = db.transaction('requests', 'readwrite');
          for (const row of (window as { rows?: unknown[] }).rows!) tx.objectStore('requests').put(row);
          tx.oncomplete = () => (db.close(), resolve());
          tx.onerror = () => reject(tx.error);
        };
      }),
  );

test('B1 the requests that a real workbox queue owes are taken over by the update, once, in order, as their users, and delivered', async ({ page, server, browserName }) => {
  await serveWorker(server, OLD_WORKER);
  await page.goto(server.origin);
  await page.evaluate(register);
  server.requireToken();
  const token = await server.token('ann');
  await server.unlisten();
  await page.evaluate(async (bearer) => {
    const post = (url: string, body: BodyInit, headers: Record<string, string> = {}) =>
      fetch(url, { method: 'POST', body, headers }).catch(() => {});
    await post('/api/a', 'one', { Authorization: `Bearer ${bearer}` });
    await post('/other/b', 'elsewhere');
    await post('/api/c', new Uint8Array([0, 255, 10]), { Authorization: `Bearer ${bearer}` });
  }, token);
  expect(await left(page)).toHaveLength(3);

  await serveWorker(server, ADOPT);
  await server.listen();
  // As a navigation does, and at once.
  await page.evaluate(async () => {
    const registration = await navigator.serviceWorker.ready;
    await registration.update();
    const { installing } = registration;
    if (installing) await new Promise((resolve) => installing.addEventListener('statechange', resolve, { once: true }));
  });
  // Chromium lets the old one go when it has nothing to do, and at times it takes it long to see that.
  if (browserName === 'chromium') await stopWorkers(page);
  await connectPage(page);
  const app = new App(page, server);
  await expect.poll(() => app.entries()).toMatchObject([
    { method: 'POST', url: `${server.origin}/api/a`, owner: 'ann', state: 'held' },
    { url: `${server.origin}/api/c`, owner: 'ann', state: 'held' },
  ]);
  await expect.poll(() => left(page)).toMatchObject([{ requestData: { url: `${server.origin}/other/b` } }]);
  expect(JSON.stringify(await onDisk(page))).not.toContain(token);

  // A worker that died before it had removed them there would leave them like this.
  await putBack(page);
  await stopWorkers(page);
  await app.call((sync) => sync.status());
  await expect.poll(() => left(page)).toHaveLength(1);
  expect(await app.entries()).toHaveLength(2);

  expect(await app.call((sync, fresh: string) => sync.provideToken(fresh), await server.token('ann'))).toBe('released');
  await app.empty();
  expect(server.received.map(({ path, user, body }) => [path, user, [...body]])).toEqual([
    ['/api/a', 'ann', [...Buffer.from('one')]],
    ['/api/c', 'ann', [0, 255, 10]],
  ]);
  await putBack(page);
  await stopWorkers(page);
  await app.call((sync) => sync.status());
  await expect.poll(() => left(page)).toHaveLength(1);
  expect([await app.entries(), server.received.length]).toEqual([[], 2]);
});

test('B1 adopting finds nothing to take without a queue of workbox’s, and makes no database', async ({ page, server }) => {
  const tell = `self.addEventListener('fetch', (event) => {
    if (event.request.url.endsWith('/adopted')) event.respondWith(adopted.then((count) => Response.json(count)));
  });`;
  await openWith(page, server, ADOPT, tell);
  expect(await page.evaluate(async () => (await fetch('/adopted')).json() as Promise<number>)).toBe(0);
  expect(await page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name))).toEqual(['holdfast']);
});

test('B1 adopting needs an installed Holdfast and a name', async ({ page, server }) => {
  server.serve(
    '/worker.js',
    `${await readFile(new URL('../../dist/holdfast-sw.js', import.meta.url), 'utf8')}
     const say = (promise) => promise.catch((error) => error.message);
     const early = say(holdfast.adoptWorkboxQueue('writes'));
     ${INSTALL}
     const nameless = say(holdfast.adoptWorkboxQueue(''));
     self.addEventListener('fetch', (event) => {
       if (event.request.url.endsWith('/said')) event.respondWith(Promise.all([early, nameless]).then((said) => Response.json(said)));
     });`,
  );
  await page.goto(server.origin);
  await connectPage(page);
  expect(await page.evaluate(async () => (await fetch('/said')).json() as Promise<string[]>)).toEqual([
    expect.stringContaining('needs install'),
    expect.stringContaining('name'),
  ]);
});
