import { fileURLToPath } from 'node:url';
import type { Page } from '@playwright/test';
import type { ClientName, PatientName, Way, Write } from './bundled/clients.js';
import type { ApiServer, Received } from '../support/api-server.js';
import { bundle, type Chunk } from '../support/bundle.js';
import { chromiumOnly, App, connectPage, expect, FAST, NEVER, test as base, workerScript, type OpenOptions } from '../support/fixtures.js';

/** Says what the browser hands to the worker: a listener before Holdfast's, as none hears of what another has answered. */
const WATCH = `const events = new BroadcastChannel('events');
  self.addEventListener('fetch', ({ request: { method, mode, url } }) => events.postMessage([method, mode, new URL(url).pathname].join(' ')));`;

let built: Promise<Chunk[]> | undefined;

const test = base.extend<{ openClients: (options?: OpenOptions) => Promise<App> }>({
  openClients: async ({ open, server }, use) => {
    built ??= bundle(fileURLToPath(new URL('./bundled/clients.ts', import.meta.url)));
    for (const { fileName, code } of await built) server.serve(`/${fileName}`, code);
    server.reply({ status: 201, body: { data: { add: { id: 7 } } } });
    await use(async (options) => {
      const app = await open(options);
      await app.page.addScriptTag({ url: '/clients.js', type: 'module' });
      return app;
    });
  },
});

/** By name: whether the client hands the 202's JSON on, or nothing of it. */
const CLIENTS: Record<ClientName, 'queued' | 'nothing'> = {
  fetch: 'queued',
  'fetch with keepalive': 'queued',
  'fetch of a form with a file': 'queued',
  'axios by XMLHttpRequest': 'queued',
  'axios by XMLHttpRequest, a form with a file, with progress': 'queued',
  'axios by fetch': 'queued',
  'axios by fetch, a form with a file, with progress': 'queued',
  ky: 'queued',
  'ky, a form with a file': 'queued',
  // Its caller gets `data`, which Holdfast's JSON hasn't.
  'graphql-request': 'nothing',
};

const write = (app: App, name: ClientName, how: Partial<Write> = {}) =>
  app.page.evaluate(
    ([client, given]) => window.http.write(client, { path: '/api/notes', ...given }),
    // By default a GraphQL client waits for the server's answer.
    [name, { ...(CLIENTS[name] === 'nothing' && { headers: { 'Holdfast-Mode': 'queued' } }), ...how }] as const,
  );

/** What makes a request the same to a server. A form has another boundary each time that it's made. */
function sent({ method, path, headers, body }: Received) {
  const type = headers['content-type'] ?? '';
  const boundary = /boundary=(.+)/.exec(type)?.[1] ?? '';
  const plain = (text: string) => (boundary ? text.replaceAll(boundary, 'boundary') : text);
  const { accept } = headers;
  return { method, path, accept, type: plain(type), body: plain(body.toString('latin1')) };
}

for (const [name, hears] of Object.entries(CLIENTS) as [ClientName, 'queued' | 'nothing'][]) {
  const queued = (reason: string) => (hears === 'queued' ? expect.objectContaining({ queued: true, reason }) : undefined);
  const details = name === 'fetch with keepalive' ? chromiumOnly('Firefox sends it around the worker') : {};

  test(`C3 C4 ${name}: a write is stored while the server is down, and delivered once, as it would have been sent`, details, async ({ openClients, server }) => {
    const app = await openClients();
    expect(await write(app, name)).toEqual({ status: 201, body: hears === 'queued' ? { data: { add: { id: 7 } } } : { add: { id: 7 } } });
    await server.unlisten();
    expect(await write(app, name)).toEqual({ status: 202, body: queued('unreachable') });
    await server.listen();
    await app.heard('delivered');
    await app.empty();
    const [direct, replayed, ...more] = server.received.map(sent);
    expect(replayed).toEqual(direct);
    expect(more).toEqual([]);
  });

  test(`A4 A17 ${name}: a write is held on a JWT 401, and delivered with the fresh token`, details, async ({ openClients, server }) => {
    server.requireToken();
    const app = await openClients();
    expect(await write(app, name, { token: await server.token('ann', -3600) })).toEqual({ status: 202, body: queued('auth-expired') });
    expect(await app.entries()).toMatchObject([{ state: 'held' }]);
    const fresh = await server.token('ann');
    expect(await app.call((sync, token: string) => sync.provideToken(token), fresh)).toBe('released');
    await app.heard('delivered');
    const [refused, replayed, ...more] = server.received;
    expect(sent(replayed!)).toEqual(sent(refused!));
    expect(replayed!.body.equals(refused!.body)).toBe(true);
    expect(replayed).toMatchObject({ user: 'ann', headers: { authorization: `Bearer ${fresh}` } });
    expect(more).toEqual([]);
  });
}

test.describe('a client’s own timeout', () => {
  const clients: Record<PatientName, string> = { fetch: 'AbortError', 'axios by XMLHttpRequest': 'ERR_CANCELED', 'axios by fetch': 'ERR_CANCELED', ky: 'AbortError' };
  const given = { path: '/api/notes' };

  for (const [name, error] of Object.entries(clients) as [PatientName, string][]) {
    test(`C8 ${name}: a timeout that ends first fails the call, and the write is stored and delivered all the same`, async ({ openClients, server }) => {
      const app = await openClients({ options: `backends: [{ baseUrl: '/api', networkTimeoutMs: 1_500, ${FAST} }]` });
      server.reply((_request, count) => (count === 0 ? 'hang' : { status: 201 }));
      const got = app.page.evaluate(([client, what]) => window.http.untilGivenUp(client, what), [name, given] as const);
      await server.arrived(1);
      // No browser tells a worker that the page has given a request up.
      await app.page.evaluate(() => window.http.giveUp());
      expect(await got).toEqual({ status: 0, body: null, error });
      await app.heard('delivered');
      expect(server.bodies()[1]).toBe(server.bodies()[0]);
    });

    test(`C8 ${name}: a timeout that’s longer than networkTimeoutMs never comes to its end`, async ({ openClients, server }) => {
      const app = await openClients({ options: `backends: [{ baseUrl: '/api', networkTimeoutMs: 200, ${FAST} }]` });
      server.reply((_request, count) => (count === 0 ? 'hang' : { status: 201 }));
      const got = await app.page.evaluate(([client, what]) => window.http.inTime(client, what, 60_000), [name, given] as const);
      expect(got).toMatchObject({ status: 202, body: { reason: 'timeout' } });
      await app.heard('delivered');
    });
  }
});

test.describe('ky’s own retries', () => {
  const put = (app: App, how: Partial<Write>, retry?: number) =>
    app.page.evaluate(([given, limit]) => window.http.put({ path: '/api/notes', ...given }, limit), [how, retry] as const);
  const reject = { headers: { 'Holdfast-Mode': 'reject' } };

  test('don’t repeat a write that’s answered with a 202', async ({ openClients, server }) => {
    const app = await openClients({ options: `backends: [{ baseUrl: '/api', ${NEVER} }]` });
    server.reply({ status: 503 });
    expect(await put(app, {})).toMatchObject({ status: 202 });
    expect(await app.entries()).toHaveLength(1);
    expect(server.received).toHaveLength(1);
  });

  test('W5 are the same write with Holdfast-Mode: reject', async ({ openClients, server }) => {
    const app = await openClients({ options: `backends: [{ baseUrl: '/api', ${NEVER} }]` });
    server.reply({ status: 503 });
    expect(await put(app, reject)).toMatchObject({ status: 0 });
    expect(await app.entries()).toHaveLength(1);
    expect(await put(app, reject, 0)).toMatchObject({ status: 0 });
    expect(await app.entries()).toHaveLength(1);
  });
});

test.describe('GraphQL', () => {
  const ways: Record<Way, string> = {
    header: `match: ({ headers }) => headers.get('X-GraphQL-Operation') === 'mutation',`,
    url: `match: ({ url }) => new URL(url).searchParams.has('mutation'),`,
    bypass: '',
  };
  const graphql = (app: App, document: 'mutation' | 'query', way: Way, how: Partial<Write> = {}) =>
    app.page.evaluate(
      ([operation, tells, given]) => window.http.graphql({ path: '/api/graphql', ...given }, operation, tells),
      [document, way, how] as const,
    );

  for (const [way, match] of Object.entries(ways) as [Way, string][]) {
    test(`C1 mutations are stored and queries aren’t, told apart by ${way}`, async ({ openClients, server }) => {
      const app = await openClients({ options: `backends: [{ baseUrl: '/api', respond: 'queued', ${match} ${FAST} }]` });
      server.reply((_request, count) => (count < 2 ? { status: 503, body: { errors: [{ message: 'down' }] } } : { status: 200, body: { data: {} } }));
      expect(await graphql(app, 'query', way)).toMatchObject({ status: 503 });
      expect(await graphql(app, 'mutation', way)).toMatchObject({ status: 202 });
      await app.heard('delivered');
      await app.empty();
      expect(server.bodies().map((text) => /"query":"(\w+)/.exec(text)?.[1])).toEqual(['query', 'mutation', 'mutation']);
      const told = server.received.map(({ headers }) => headers['x-graphql-operation']);
      expect(told).toEqual(way === 'header' ? ['query', 'mutation', 'mutation'] : [undefined, undefined, undefined]);
    });
  }

  for (const [by, how] of Object.entries({ 'Holdfast-Mode: wait': { headers: { 'Holdfast-Mode': 'wait' } }, default: {} }))
    test(`C3 W2 a mutation gets its data by ${by}, however late`, async ({ openClients, server }) => {
      const app = await openClients();
      server.reply((_request, count) => (count < 2 ? { status: 503 } : { status: 200, body: { data: { add: { id: 8 } } } }));
      expect(await graphql(app, 'mutation', 'header', how)).toEqual({ status: 200, body: { add: { id: 8 } } });
    });

  test('W2 a query by POST is never stored', async ({ openClients, server }) => {
    const app = await openClients();
    server.reply({ status: 503, body: { errors: [{ message: 'down' }] } });
    expect(await graphql(app, 'query', 'header')).toMatchObject({ status: 503 });
    expect(await app.entries()).toEqual([]);
  });

  test('C3 a queued mutation is answered in GraphQL’s own form where respond says so', async ({ openClients, server }) => {
    const app = await openClients({
      options: `backends: [{ baseUrl: '/api', ${NEVER}, respond: ({ id }) => Response.json({ data: { queued: id } }, { status: 202 }) }]`,
    });
    server.reply({ status: 503 });
    expect(await graphql(app, 'mutation', 'header', { headers: { 'Holdfast-Id': 'mine' } })).toEqual({ status: 202, body: { queued: 'mine' } });
  });

  test('A2 Apollo’s UNAUTHENTICATED holds, and under a list of codes only when the list has it', async ({ openClients, server }) => {
    const refused = { status: 401, body: { errors: [{ message: 'no', extensions: { code: 'UNAUTHENTICATED' } }] } };
    const app = await openClients({
      options: `backends: [
        { baseUrl: '/api/plain', respond: 'queued', ${NEVER} },
        { baseUrl: '/api/strict', ${NEVER}, auth: { codes: holdfast.JWT_CODES } },
        { baseUrl: '/api/told', respond: 'queued', ${NEVER}, auth: { codes: [...holdfast.JWT_CODES, 'UNAUTHENTICATED'] } },
      ]`,
    });
    server.reply(refused);
    const token = await server.token('ann', -3600);
    expect(await graphql(app, 'mutation', 'header', { path: '/api/plain/graphql', token })).toMatchObject({ status: 202 });
    expect(await graphql(app, 'mutation', 'header', { path: '/api/strict/graphql', token })).toMatchObject({ status: 401 });
    expect(await graphql(app, 'mutation', 'header', { path: '/api/told/graphql', token })).toMatchObject({ status: 202 });
    expect(await app.entries()).toMatchObject([{ state: 'held' }, { state: 'held' }]);
  });
});

test.describe('navigator.sendBeacon', () => {
  /** Opens the app with a worker that says what it's handed; gives how to wait for that. */
  async function watched(page: Page, server: ApiServer) {
    server.serve('/worker.js', `${WATCH}\n${workerScript(`backends: [{ baseUrl: '/api', ${FAST} }]`)}`);
    await page.goto(server.origin);
    await connectPage(page);
    const app = new App(page, server);
    await app.page.evaluate(() => {
      const events: string[] = [];
      Object.assign(window, { events });
      new BroadcastChannel('events').addEventListener('message', ({ data }) => events.push(data as string));
    });
    const handed = async (line: string) =>
      void (await app.page.waitForFunction((wanted) => (window as unknown as { events: string[] }).events.includes(wanted), line));
    return { app, handed };
  }

  test('C1 with text is no-cors, which the worker sees and leaves alone', async ({ page, server }) => {
    const { app, handed } = await watched(page, server);
    server.reply({ status: 503 });
    expect(await app.page.evaluate(() => navigator.sendBeacon('/api/beacon', 'text'))).toBe(true);
    await handed('POST no-cors /api/beacon');
    await server.arrived(1);
    expect(server.received[0]!.headers['idempotency-key']).toBeUndefined();
    server.reply((_request, count) => ({ status: count === 1 ? 503 : 201 }));
    expect((await app.post('a write')).status).toBe(202);
    await app.empty();
    expect(server.bodies()).toEqual(['text', 'a write', 'a write']);
  });

  test('C3 with a Blob of JSON is cors, stored and delivered', async ({ page, server }) => {
    const { app, handed } = await watched(page, server);
    await server.unlisten();
    const json = '{"left":true}';
    const beacon = (text: string) => navigator.sendBeacon('/api/beacon', new Blob([text], { type: 'application/json' }));
    expect(await app.page.evaluate(beacon, json)).toBe(true);
    await handed('POST cors /api/beacon');
    await app.heard('queued');
    await server.listen();
    await app.heard('delivered');
    expect(server.received).toMatchObject([{ text: json, headers: { 'content-type': 'application/json' } }]);
  });
});

test.describe('a form’s own POST', () => {
  const submit = async (app: App) => {
    await app.page.evaluate(() => {
      document.body.innerHTML = '<form method="post" action="/api/form"><input name="title" value="a note"></form>';
      document.querySelector('form')!.submit();
    });
    await app.page.waitForURL('**/api/form');
  };

  for (const status of [200, 503]) {
    test(`C1 shows the server’s ${status} as the page, and nothing is stored`, async ({ open, server }) => {
      const app = await open();
      server.reply({ status, headers: { 'Content-Type': 'text/html; charset=utf-8' }, body: '<h1>the server’s page</h1>' });
      await submit(app);
      expect(await app.page.textContent('h1')).toBe('the server’s page');
      expect(server.received).toMatchObject([{ method: 'POST', text: 'title=a+note' }]);
      expect(server.received[0]!.headers['idempotency-key']).toBeUndefined();
      await app.page.goto(server.origin);
      await connectPage(app.page);
      expect(await app.entries()).toEqual([]);
    });
  }
});
