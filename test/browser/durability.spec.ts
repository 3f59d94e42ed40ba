import { spawnSync } from 'node:child_process';
import { chromiumOnly, expect, test, openApp, connectPage, App, workerScript, FAST, NEVER } from '../support/fixtures.js';

test('R13 D1 a worker that was stopped between two steps goes on where it was', async ({ open, server }) => {
  const app = await open({ options: `backends: [{ baseUrl: '/api', ${NEVER}, lane: () => 'one' }]` });
  await server.unlisten();
  for (const body of ['a', 'b', 'c']) expect((await app.post(body)).status).toBe(202);
  await app.stopWorker();
  expect(await app.entries()).toHaveLength(3);
  await server.listen();
  await app.call((sync) => sync.replay());
  await server.arrived(1);
  await app.stopWorker();
  await app.call((sync) => sync.replay());
  await app.empty();
  const effects = new Map(server.received.map(({ headers, text }) => [headers['idempotency-key'], text]));
  expect([...effects.values()]).toEqual(['a', 'b', 'c']);
});

test('R13 a delay is never restarted from zero', async ({ open, server }) => {
  const app = await open({ options: `backends: [{ baseUrl: '/api', ${NEVER} }]` });
  server.reply({ status: 500 });
  await app.post('x');
  const [before] = await app.entries();
  await app.stopWorker();
  const [after] = await app.entries();
  expect(after).toMatchObject({ notBefore: before!.notBefore, retries: before!.retries, sends: before!.sends });
  expect(server.received).toHaveLength(1);
  server.reply({ status: 201 });
  await app.call((sync) => sync.replay());
  await app.heard('delivered');
  expect(server.received).toHaveLength(2);
});

test('D1 an entry whose worker was stopped in the middle of its replay is delivered under the same idempotency key', chromiumOnly('Firefox stops no worker that has an event under way'), async ({ open, server }) => {
  const app = await open();
  await server.unlisten();
  await app.post('x');
  server.reply((_request, count) => (count === 0 ? 'hang' : { status: 201 }));
  await server.listen();
  await server.arrived(1);
  await app.stopWorker();
  await app.call((sync) => sync.replay());
  await app.heard('delivered');
  expect(new Set(server.received.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
});

test('C9 D1 a write-ahead request isn’t lost when its worker is stopped in mid-flight', chromiumOnly('Firefox stops no worker that has an event under way'), async ({ open, server }) => {
  const app = await open({ options: `backends: [{ baseUrl: '/api', capture: 'write-ahead', ${FAST} }]` });
  server.reply((_request, count) => (count === 0 ? 'hang' : { status: 201 }));
  await app.page.evaluate(() => void fetch('/api/x', { method: 'POST', body: 'x' }).catch(() => {}));
  await server.arrived(1);
  await app.stopWorker();
  await app.call((sync) => sync.replay());
  await app.empty();
  expect(server.received.length).toBeGreaterThan(1);
  expect(server.bodies().every((body) => body === 'x')).toBe(true);
});

test('D1 no entry is lost, and the order holds, when the browser is killed and started again on the same profile', async ({ server, profile, launch }) => {
  // Two starts of a browser: on a profile of its own, Playwright needs twenty seconds for Firefox, and on a busy machine for any.
  test.setTimeout(120_000);
  server.serve('/worker.js', workerScript(`backends: [{ baseUrl: '/api', ${FAST} }]`));
  const first = await launch(profile);
  const app = await openApp(first.pages()[0]!, server);
  await server.unlisten();
  for (const body of ['a', 'b', 'c']) expect((await app.post(body)).status).toBe(202);
  const closed = new Promise((resolve) => first.once('close', resolve));
  spawnSync('pkill', ['-KILL', '-f', profile]);
  await closed;

  await server.listen();
  const second = await launch(profile);
  const page = second.pages()[0]!;
  await page.goto(server.origin);
  await connectPage(page);
  await new App(page, server).empty();
  expect(server.bodies()).toEqual(['a', 'b', 'c']);
  await second.close();
});

test('V1 settled() gives the final answer, after a reload too', async ({ open, server }) => {
  const app = await open();
  server.reply((_request, count) =>
    count === 0 ? { status: 503 } : { status: 201, headers: { 'X-Own': 'yes' }, body: { id: 7 } },
  );
  const { id } = JSON.parse((await app.post('x')).text);
  const read = `async (sync, id) => {
    const { state, status, headers, body } = await sync.settled(id);
    return { state, status, own: headers['x-own'], body: new TextDecoder().decode(body) };
  }`;
  const expected = { state: 'delivered', status: 201, own: 'yes', body: '{"id":7}' };
  const settled = () => app.page.evaluate(`(${read})(window.sync, ${JSON.stringify(id)})`);
  expect(await settled()).toEqual(expected);
  await app.page.reload();
  await connectPage(app.page);
  await app.stopWorker();
  expect(await settled()).toEqual(expected);
  const unknown = await app.page.evaluate(() => window.sync.settled('nobody').catch(({ name }: Error) => name));
  expect(unknown).toBe('UnknownEntryError');
});

test('V1 settled() waits for the answer, and ends at once when its signal is aborted', async ({ open, server }) => {
  const app = await open({ options: `backends: [{ baseUrl: '/api', ${NEVER} }]` });
  server.reply({ status: 503 });
  await app.post('x', { headers: { 'Holdfast-Id': 'mine' } });
  const name = await app.page.evaluate(() => {
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 50);
    return window.sync.settled('mine', { signal: abort.signal }).catch((error: Error) => error.name);
  });
  expect(name).toBe('AbortError');
  const state = app.page.evaluate(async () => (await window.sync.settled('mine')).state);
  expect(await app.call((sync) => sync.cancel('mine'))).toBe(true);
  expect(await state).toBe('cancelled');
});

test('R10 a cancel in flight is final, and the only terminal event', async ({ open, server }) => {
  const app = await open();
  server.reply((_request, count) => (count === 0 ? { status: 503 } : 'hang'));
  await app.post('x', { headers: { 'Holdfast-Id': 'mine' } });
  await server.arrived(2);
  expect(await app.call((sync) => sync.cancel('mine'))).toBe(true);
  await app.heard('cancelled');
  expect(await app.entries()).toEqual([]);
  const terminal = (await app.events()).filter(({ type }) => ['delivered', 'failed', 'cancelled'].includes(type));
  expect(terminal).toMatchObject([{ type: 'cancelled', id: 'mine', mayBeDelivered: true }]);
});

test('V1 a dead letter is kept with its answer, until it’s retried or discarded', async ({ open, server }) => {
  const app = await open();
  server.reply((_request, count) => (count === 0 ? { status: 503 } : { status: 422, body: { why: 'no' } }));
  await app.post('x', { headers: { 'Holdfast-Id': 'mine' } });
  await app.heard('failed');
  expect(await app.entries()).toMatchObject([{ state: 'dead', reason: 'permanent', lastAnswer: { status: 422 } }]);
  server.reply({ status: 201 });
  expect(await app.call((sync) => sync.retry('mine'))).toBe(true);
  await app.heard('delivered');
  server.reply((_request, count) => ({ status: count === 3 ? 503 : 404 }));
  await app.post('y', { headers: { 'Holdfast-Id': 'other' } });
  await app.heard('failed', 2);
  expect(await app.call((sync) => sync.discard('mine'))).toBe(false);
  expect(await app.call((sync) => sync.discard('other'))).toBe(true);
  expect(await app.entries()).toEqual([]);
});

test('R5 the ladder ends in a dead letter with the last answer, reported once', async ({ open, server }) => {
  const app = await open();
  server.reply((_request, count) => ({ status: 500, body: { count } }));
  await app.post('x', { headers: { 'Holdfast-Id': 'mine' } });
  await app.heard('failed');
  expect(server.received).toHaveLength(6);
  const body = await app.page.evaluate(async () => new TextDecoder().decode((await window.sync.settled('mine')).body!));
  expect(body).toBe('{"count":5}');
  expect((await app.types()).filter((type) => type === 'retrying')).toHaveLength(5);
});

test('R12 a 401 whose body never ends is read as far as it must be, and let go', async ({ open, server }) => {
  const app = await open();
  server.reply({ status: 401, body: 'x'.repeat(20 * 1024), endless: true });
  const answer = await app.post('x', { path: '/api/401', headers: { Authorization: 'Bearer opaque' } });
  expect(answer.status).toBe(202);
  expect(await app.entries()).toMatchObject([{ state: 'held' }]);
  await expect.poll(() => server.abandoned).toEqual(['/api/401']);
});

test('R12 the body of a failure that nobody reads is cancelled, at the first send and at replay', async ({ open, server }) => {
  const app = await open();
  server.reply((_request, count) => (count < 2 ? { status: 503, body: 'x', endless: true } : { status: 201 }));
  expect((await app.post('x', { path: '/api/503' })).status).toBe(202);
  await app.heard('delivered');
  await expect.poll(() => server.abandoned).toEqual(['/api/503', '/api/503']);
});

test('C12 a damaged record is a dead letter, and stops neither the listing nor the replay', async ({ open, server }) => {
  const app = await open();
  await server.unlisten();
  for (const id of ['a', 'b', 'c']) await app.post(id, { headers: { 'Holdfast-Id': id } });
  await app.call((sync) => sync.pause());
  await app.page.evaluate(async () => {
    const done = <T>(request: IDBRequest<T>) =>
      new Promise<T>((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    const db = await done(indexedDB.open('holdfast'));
    const store = db.transaction('entries', 'readwrite').objectStore('entries');
    const [first, second] = await done(store.getAll());
    await done(store.put({ ...first, request: null }));
    // A small body is in its entry.
    await done(store.put({ ...second, body: undefined }));
    db.close();
  });
  // A worker that's alone goes by what it has written itself.
  await app.stopWorker();
  expect(await app.entries()).toHaveLength(3);
  await server.listen();
  await app.call((sync) => sync.resume());
  await app.heard('delivered');
  expect(server.bodies()).toEqual(['c']);
  expect((await app.entries()).map(({ id, state, reason }) => [id, state, reason])).toEqual([
    ['a', 'dead', 'unreadable'],
    ['b', 'dead', 'unreadable'],
  ]);
});

test('C11 a request goes as if Holdfast weren’t there when storage fails', async ({ open, server }) => {
  const app = await open({
    options: `backends: [{ baseUrl: '/api', ${FAST} }] });
      const { add } = IDBObjectStore.prototype;
      self.addEventListener('message', ({ data }) => { if ('broken' in (data ?? {})) IDBObjectStore.prototype.add = data.broken ? () => { throw new DOMException('lost', 'UnknownError'); } : add; });
      ({`,
  });
  await app.page.evaluate(() => navigator.serviceWorker.controller!.postMessage({ broken: true }));
  server.reply({ status: 503, body: 'down' });
  expect(await app.post('x')).toMatchObject({ status: 503, text: 'down' });
  await app.heard('storage-failed');
  expect((await app.events()).at(-1)).toMatchObject({ error: 'UnknownError', method: 'POST' });
  await app.page.evaluate(() => navigator.serviceWorker.controller!.postMessage({ broken: false }));
  expect((await app.post('y', { headers: { 'Holdfast-Lane': 'b' } })).status).toBe(202);
});

test('D2 two tabs and two triggers make one drain', async ({ open, server, context }) => {
  const app = await open();
  const second = await context.newPage();
  await second.goto(server.origin);
  await connectPage(second);
  await server.unlisten();
  for (let body = 0; body < 20; body++) await app.post(String(body));
  await server.listen();
  await Promise.all([
    app.call((sync) => sync.replay()),
    second.evaluate(() => window.sync.replay()),
    app.call((sync) => sync.replay()),
  ]);
  await app.heard('delivered', 20);
  expect(server.bodies()).toEqual(Array.from({ length: 20 }, (_, body) => String(body)));
});

test('V4 the journal tells the story in order, over a restart, with no secret in it', async ({ open, server }) => {
  server.requireToken();
  const app = await open();
  const lapsed = await server.token('ann', -3600);
  await app.post('{"secret":"body"}', { headers: { Authorization: `Bearer ${lapsed}` } });
  await app.heard('held');
  await app.stopWorker();
  const fresh = await server.token('ann');
  await app.call((sync, token: string) => sync.provideToken(token), fresh);
  await app.heard('delivered');
  const journal = await app.call((sync) => sync.journal());
  expect(journal.map(({ type }) => type)).toEqual(['queued', 'held', 'auth-required', 'released', 'delivered']);
  const written = JSON.stringify(journal);
  for (const secret of [lapsed, fresh, 'secret']) expect(written).not.toContain(secret);
});
