import { fileURLToPath } from 'node:url';
import { bundle } from '../support/bundle.js';
import { chromiumOnly, connectPage, expect, NEVER, stopWorkers, test, workerScript } from '../support/fixtures.js';
import { DROP_IN_PAGE } from '../support/worker-script.js';

test('the main job: a write is stored while the server is down, replayed, held on a JWT 401, released by a token, and delivered in order', async ({ open, server }) => {
  server.requireToken();
  const app = await open();
  const lapsed = await server.refusedToken();
  const headers = { Authorization: `Bearer ${lapsed}`, 'Content-Type': 'application/json' };

  server.reply('reset');
  await server.unlisten();
  const answers = [];
  for (const name of ['one', 'two', 'three']) answers.push(await app.post(JSON.stringify({ name }), { headers }));
  expect(answers.map(({ status }) => status)).toEqual([202, 202, 202]);
  expect(server.received).toHaveLength(0);
  const waiting = { state: expect.stringMatching(/pending|sending/) };
  expect(await app.entries()).toMatchObject([waiting, waiting, waiting]);

  server.reply({ status: 201 });
  await server.listen();
  await app.heard('auth-required');
  expect(await app.entries()).toMatchObject([
    { state: 'held', reason: 'auth-expired' },
    { state: 'held' },
    { state: 'held' },
  ]);
  expect(server.received).toHaveLength(1);

  const fresh = await server.token('ann');
  expect(await app.call((sync, token: string) => sync.provideToken(token), fresh)).toBe('released');
  await app.heard('delivered', 3);
  expect(server.bodies().slice(1)).toEqual(['one', 'two', 'three'].map((name) => JSON.stringify({ name })));
  expect(server.received.slice(1).every(({ user }) => user === 'ann')).toBe(true);
  expect(await app.entries()).toEqual([]);
});

test('the drop-in needs no line of code: a worker by its URL, a client by its tag', async ({ page, server }) => {
  server.serve('/', DROP_IN_PAGE, 'text/html');
  server.requireToken();
  await page.goto(server.origin);
  await page.waitForFunction(() => window.holdfast?.controlled);
  const [lapsed, fresh] = [await server.token('ann', -3600), await server.token('ann')];
  await page.evaluate((token) => Object.assign(window, { nextToken: token }), fresh);
  const answer = await page.evaluate(async (token) => {
    const response = await fetch('/api/x', { method: 'POST', body: 'hello', headers: { Authorization: `Bearer ${token}` } });
    const { id } = await response.json();
    const { status, state } = await window.holdfast!.settled(id);
    return { first: response.status, status, state };
  }, lapsed);
  expect(answer).toEqual({ first: 202, status: 201, state: 'delivered' });
  expect(server.bodies()).toEqual(['hello', 'hello']);
  expect(server.received[1]).toMatchObject({ user: 'ann' });
});

test('the modules of worker and page work in an app that has a bundler, and so does a stream’s chunk', async ({ page, server }) => {
  for (const file of ['worker.js', 'page.js'])
    for (const { fileName, code } of await bundle(fileURLToPath(new URL(`./bundled/${file}`, import.meta.url)))) server.serve(`/${fileName}`, code);
  server.serve('/', '<!doctype html><script type="module" src="/page.js"></script>', 'text/html');
  await page.goto(server.origin);
  await page.waitForFunction(() => window.sync?.controlled);
  server.reply('reset');
  expect(await page.evaluate(async () => (await fetch('/api/x', { method: 'POST', body: 'x' })).status)).toBe(202);
  server.reply({ headers: { 'Content-Type': 'text/event-stream' }, body: 'event: done\nid: 1\ndata: all\n\n' });
  const seen = await page.evaluate(async () => {
    const events = [];
    for await (const event of window.sync.observe('/api/feed', { taskId: 'feed' })) events.push(event);
    return events;
  });
  expect(seen).toEqual([{ id: '1', event: 'done', data: 'all' }]);
});

test('a worker without takeOver takes over no page by itself', async ({ page, server }) => {
  server.serve('/worker.js', `importScripts('/holdfast-sw.js'); holdfast.install({ backends: [{ baseUrl: '/api', ${NEVER} }] });`);
  await page.goto(server.origin);
  await connectPage(page);
  expect(await page.evaluate(() => window.sync.controlled)).toBe(false);
  await page.reload();
  expect(await page.evaluate(() => navigator.serviceWorker.controller !== null)).toBe(true);
});

for (const staticRouting of [true, false]) {
  test(`requests outside of every backend ${staticRouting ? 'don’t reach' : 'reach'} a worker whose staticRouting is ${staticRouting}`, staticRouting ? chromiumOnly('no other has it') : {}, async ({ page, server }) => {
    const backends = `backends: [{ baseUrl: '/api/v1', ${NEVER} }, { baseUrl: '/api/odd:(path)', ${NEVER} }]`;
    const watch = `const heard = new BroadcastChannel('heard');
      heard.addEventListener('message', () => heard.postMessage('yes'));
      self.addEventListener('fetch', ({ request }) => heard.postMessage(request.method + ' ' + new URL(request.url).pathname));`;
    server.serve('/worker.js', `${watch}\n${workerScript(`staticRouting: ${staticRouting}, ${backends}`)}`);
    server.serve('/asset', 'asset', 'text/plain');
    await page.goto(server.origin);
    await connectPage(page);
    await page.goto(`${server.origin}/?again`);
    const heard = await page.evaluate(async () => {
      const heard: string[] = [];
      const channel = new BroadcastChannel('heard');
      channel.addEventListener('message', ({ data }) => heard.push(data as string));
      while (!heard.includes('yes')) {
        channel.postMessage('do you hear me?');
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      const post = { method: 'POST', body: 'x' };
      for (const [path, init] of [['/asset'], ['/api/v1/read'], ['/api/v10', post], ['/api/v1/last', post]] as const) await fetch(path, init);
      while (!heard.includes('POST /api/v1/last')) await new Promise((resolve) => setTimeout(resolve, 10));
      // Browsers ask for it when they like.
      return heard.filter((line) => line !== 'yes' && !line.endsWith('/favicon.ico'));
    });
    // A GET under a base URL may bring a token, so the worker hears of it.
    const under = ['GET /api/v1/read', 'POST /api/v1/last'];
    expect(heard).toEqual(staticRouting ? under : ['GET /asset', under[0], 'POST /api/v10', under[1]]);
    await server.unlisten();
    const paths = ['/api/v1', '/api/v1?a', '/api/v1/x', '/api/odd:(path)/x'];
    const statuses = await page.evaluate(async (all) => Promise.all(all.map(async (path) => (await fetch(path, { method: 'POST' })).status)), paths);
    expect(statuses).toEqual([202, 202, 202, 202]);
  });
}

test('the drop-in worker, which has no other listener, leaves requests outside of its backends to the browser', chromiumOnly('no other has static routing'), async ({ page, server }) => {
  server.serve('/', '<!doctype html><script src="/holdfast.js" data-worker="/holdfast-sw.js?api=/api"></script>', 'text/html');
  await page.goto(server.origin);
  await page.waitForFunction(() => navigator.serviceWorker.controller);
  await page.reload();
  await stopWorkers(page);
  await page.evaluate(async () => (await fetch('/holdfast.js?')).text());
  const source = () =>
    page.evaluate(() => (performance.getEntriesByName(`${location.origin}/holdfast.js?`)[0]?.toJSON() as { workerFinalSourceType?: string } | undefined)?.workerFinalSourceType);
  // The timeline has it a moment after the page.
  await expect.poll(source).toBe('network');
});
