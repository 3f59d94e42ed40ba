import type { Page } from '@playwright/test';
import type { InspectorClient } from '../../client/inspector/client.js';
import type { ApiServer } from '../support/api-server.js';
import { openStream } from '../support/feed.js';
import { App, connectPage, expect, NEVER, test, workerScript } from '../support/fixtures.js';

/** A page of one of the apps, `/a/` or `/b/`: each has a worker of its own with the same backend, and no namespace. */
async function openAppAt(page: Page, server: ApiServer, folder: string, connect = ''): Promise<App> {
  server.serve(folder, '<!doctype html><script src="/holdfast.js"></script>', 'text/html');
  server.serve(`${folder}worker.js`, workerScript(`backends: [{ baseUrl: '/api', ${NEVER} }]`));
  await page.goto(server.origin + folder);
  await page.evaluate((script) => navigator.serviceWorker.register(script), `${folder}worker.js`);
  await connectPage(page, `worker: '${folder}worker.js', ${connect}`);
  return new App(page, server);
}

const inspector = (page: Page) => page.evaluate(() => (document.querySelector('holdfast-inspector') as unknown as { source?: InspectorClient | null }).source?.entries());

test.describe('L6 of two apps of one origin, at one backend, neither', () => {
  /** Firefox has one page for all of a test's own, so the second app's is another one. */
  const both = async (page: Page, server: ApiServer, connect = '') => {
    const b = await openAppAt(await page.context().newPage(), server, '/b/', connect);
    return { a: await openAppAt(page, server, '/a/', connect), b };
  };

  test('lists, counts or hears of the other’s entries, in its inspector neither', async ({ page, server }) => {
    const { a, b } = await both(page, server);
    server.reply({ status: 503 });
    await a.post('a', { headers: { 'Holdfast-Id': 'one' } });
    await a.heard('queued');
    expect((await a.post('again', { headers: { 'Holdfast-Id': 'one' } })).status).toBe(409);
    expect((await b.post('b', { headers: { 'Holdfast-Id': 'one' } })).status).toBe(202);
    await b.heard('queued');
    for (const app of [a, b]) {
      expect((await app.call((sync) => sync.status())).waiting).toBe(1);
      expect(await app.entries()).toHaveLength(1);
      expect((await app.types()).filter((type) => type === 'queued')).toHaveLength(1);
      expect(await app.call(async (sync) => (await sync.journal()).filter(({ type }) => type === 'queued').length)).toBe(1);
      await app.page.addScriptTag({ url: '/holdfast-inspector.js' });
      await app.page.evaluate(() => document.body.append(document.createElement('holdfast-inspector')));
      await expect.poll(() => inspector(app.page)).toHaveLength(1);
    }
    server.reply({ status: 201 });
    await b.call((sync) => sync.replay());
    await b.empty();
    expect(await a.entries()).toHaveLength(1);
    await a.call((sync) => sync.cancel('one'));
    expect(server.bodies()).toEqual(['a', 'b', 'b']);
  });

  test('is stopped by the other’s pause or switches, after a restart of its worker either', async ({ page, server }) => {
    const { a, b } = await both(page, server);
    await a.call((sync) => sync.pause());
    await a.call((sync) => sync.configure({ offlineMode: false }));
    await a.stopWorker();
    expect(await b.call((sync) => sync.status())).toMatchObject({ paused: false, backends: [{ offlineMode: true }] });
    expect(await a.call((sync) => sync.status())).toMatchObject({ paused: true, backends: [{ offlineMode: false }] });
    server.reply({ status: 503 });
    expect((await b.post('b')).status).toBe(202);
    server.reply({ status: 201 });
    await b.call((sync) => sync.replay());
    await b.empty();
  });

  test('is signed out or purged by the other, or loses its streams', async ({ page, server }) => {
    const token = await server.token('ann');
    const { a, b } = await both(page, server, `getToken: () => ${JSON.stringify(token)}`);
    server.reply(({ path }) => (path === '/api/feed' ? openStream('id: 1\ndata: x\n\n') : { status: 503 }));
    for (const app of [a, b]) {
      await app.call((sync, given: string) => sync.provideToken(given), token);
      await app.post('x', { headers: { Authorization: `Bearer ${token}` } });
      await app.page.evaluate(async () => {
        const stream = window.sync.observe('/api/feed', { taskId: 'feed' });
        await stream.next();
        stream.next().catch(() => Object.assign(window, { cut: true }));
      });
    }
    await a.call((sync) => sync.signOut({ purge: true }));
    expect(await a.entries()).toHaveLength(0);
    await a.page.waitForFunction(() => 'cut' in window);
    expect(await b.entries()).toHaveLength(1);
    expect((await b.call((sync) => sync.status())).backends[0]!.holds).toEqual([]);
    expect(await b.page.evaluate(() => 'cut' in window)).toBe(false);
    expect(await b.types()).not.toContain('held');
  });

  test('waits for a token that the other asks for', async ({ page, server }) => {
    server.requireToken();
    const b = await openAppAt(await page.context().newPage(), server, '/b/', `getToken: () => window.nextToken`);
    await b.page.evaluate((token) => Object.assign(window, { nextToken: token }), await server.token('ann'));
    const a = await openAppAt(page, server, '/a/', `getToken: () => ((window.isAsked = true), new Promise(() => {}))`);
    const lapsed = { headers: { Authorization: `Bearer ${await server.token('ann', -3600)}` } };
    await a.post('a', lapsed);
    await a.page.waitForFunction(() => 'isAsked' in window);
    await b.post('b', lapsed);
    await b.heard('delivered');
  });
});
