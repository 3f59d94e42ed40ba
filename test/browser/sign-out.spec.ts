import { connectPage, expect, FAST, NETWORK_ERROR, NEVER, stopWorkers, test, workerScript } from '../support/fixtures.js';

const authorization = (token: string) => ({ Authorization: `Bearer ${token}` });

test('A16 a sign-out parks the waiting entries in every tab, and the user’s next token sends them', async ({ open, server, context }) => {
  server.requireToken();
  const app = await open({ options: `backends: [{ baseUrl: '/api', ${NEVER} }]` });
  const second = await context.newPage();
  await second.goto(server.origin);
  await connectPage(second);
  await server.unlisten();
  await app.post('ann’s', { headers: authorization(await server.token('ann')) });
  await app.post('anyone’s', { headers: { 'Holdfast-Auth': 'none', 'Holdfast-Lane': 'free' } });
  await app.call((sync) => sync.signOut());
  await second.waitForFunction(() => window.seen.some((event) => event.type === 'held' && event.reason === 'signed-out'));
  await app.stopWorker();
  server.reply({ status: 201 });
  await server.listen();
  await app.call((sync) => sync.replay());
  await server.arrived(1);
  await app.call((sync) => sync.status());
  expect(await app.entries()).toMatchObject([{ state: 'parked', reason: 'signed-out', owner: 'ann' }, {}]);

  expect(await app.call((sync, token: string) => sync.provideToken(token), await server.token('bob'))).toBe('other-owner');
  expect(await app.call((sync, token: string) => sync.provideToken(token), await server.token('ann'))).toBe('released');
  await app.call((sync) => sync.replay());
  await expect.poll(() => server.received.filter(({ text }) => text === 'ann’s').map(({ user }) => user)).toEqual(['ann']);
});

test('A16 a sign-out with purge removes the user’s data from the disk, bodies too, and leaves another user’s', async ({ open, server }) => {
  const app = await open({ options: `backends: [{ baseUrl: '/api', ${NEVER} }]` });
  await server.unlisten();
  await app.post('bob’s secret', { headers: authorization(await server.token('bob')) });
  await app.post('ann’s secret', { headers: authorization(await server.token('ann')) });
  await app.stopWorker();
  await app.call((sync) => sync.signOut({ purge: true }));
  await app.heard('cancelled');
  expect(await app.entries()).toMatchObject([{ owner: 'bob' }]);
  const bodies = await app.page.evaluate(async () => {
    const db = await new Promise<IDBDatabase>((resolve) => {
      const request = indexedDB.open('holdfast');
      request.onsuccess = () => resolve(request.result);
    });
    const tx = db.transaction(['bodies', 'entries']);
    const [apart, entries] = [tx.objectStore('bodies').getAll(), tx.objectStore('entries').getAll()];
    await new Promise((resolve) => (tx.oncomplete = resolve));
    db.close();
    return [...apart.result, ...entries.result.map(({ body }) => body)].map((body: ArrayBuffer) => new TextDecoder().decode(body));
  });
  expect(bodies).toEqual(['bob’s secret']);
});

test('A16 a page that only knows the old token doesn’t sign its user in again', async ({ open, server }) => {
  // What is on the wire at a sign-out goes on; here nothing is.
  const app = await open({ options: `backends: [{ baseUrl: '/api', ${NEVER} }]` });
  const token = await server.token('ann');
  server.reply({ status: 503 });
  await app.post('a', { headers: authorization(token) });
  await app.call((sync) => sync.signOut());
  const before = server.received.length;
  server.reply({ status: 201 });
  expect(JSON.parse((await app.post('b', { headers: authorization(token) })).text)).toMatchObject({ queued: true });
  await app.call((sync) => sync.replay());
  expect(await app.entries()).toMatchObject([{ state: 'parked' }, { state: 'parked' }]);
  expect(server.received).toHaveLength(before);
});

test.describe('A14 the remote configuration', () => {
  const options = `backends: [{ baseUrl: '/api', ${FAST}, remoteConfig: '/switches' }]`;

  test('is fetched at activation and on configure, by its ETag, and its last good answer outlives the worker', async ({ page, server }) => {
    const asked: (string | undefined)[] = [];
    let body = '{"autoRetry":true}';
    server.serve('/switches', (_url, request, response) => {
      asked.push(request.headers['if-none-match']);
      response.setHeader('ETag', `"${body.length}"`);
      response.statusCode = request.headers['if-none-match'] === `"${body.length}"` ? 304 : 200;
      return body;
    }, 'application/json');
    server.serve('/worker.js', workerScript(options));
    await page.goto(server.origin);
    await connectPage(page);
    const switches = () => page.evaluate(async () => {
      const { autoRetry, offlineMode } = (await window.sync.status()).backends[0]!;
      return [autoRetry, offlineMode];
    });
    await expect.poll(switches).toEqual([true, false]);
    expect(asked).toEqual([undefined]);
    await page.evaluate(() => window.sync.configure({}));
    await expect.poll(() => asked).toEqual([undefined, `"${body.length}"`]);
    expect(await switches()).toEqual([true, false]);

    // The kill switch is on: nothing is captured.
    await server.unlisten();
    expect(await page.evaluate(() => fetch('/api/x', { method: 'POST', body: 'x' }).catch(String))).toMatch(NETWORK_ERROR);
    await stopWorkers(page);
    expect(await switches()).toEqual([true, false]);
    await server.listen();

    body = '{"autoRetry":true,"offlineMode":true}';
    await page.evaluate(() => window.sync.configure({}));
    await expect.poll(switches).toEqual([true, true]);
  });
});
