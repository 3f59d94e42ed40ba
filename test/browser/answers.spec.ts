import { createApiServer, type WriteAnswer } from '../support/api-server.js';
import { expect, FAST, NEVER, test } from '../support/fixtures.js';

const authorization = (token: string) => ({ Authorization: `Bearer ${token}` });

/** Gives out what the test has put into `window.nextToken`, and counts how often it was asked. */
const NEXT_TOKEN = 'getToken: () => { window.timesAsked = (window.timesAsked ?? 0) + 1; return window.nextToken ?? null; }';

test('A20 a token that’s over by its own word isn’t replayed: the page is asked first, and its fresh one delivers', async ({ open, server, page }) => {
  server.requireToken();
  const app = await open({ connect: NEXT_TOKEN });
  await server.unlisten();
  for (const body of ['a', 'b']) await app.post(body, { headers: authorization(await server.token('ann', -3600)) });
  await server.listen();
  await page.evaluate((token) => void Object.assign(window, { nextToken: token }), await server.token('ann'));
  await app.call((sync) => sync.replay());
  await app.empty();
  expect(server.received.map(({ text, user }) => [text, user])).toEqual([['a', 'ann'], ['b', 'ann']]);
  expect(await app.types()).toEqual(expect.arrayContaining(['held', 'auth-required', 'released', 'delivered']));
});

test('A20 a token that’s over isn’t replayed to another origin whose errors come without CORS headers, so that its 401 would look like no network', async ({ open, page }) => {
  const api = await createApiServer({ cors: true });
  const unreadable: WriteAnswer = (response) => {
    response.removeHeader('Access-Control-Allow-Origin');
    response.writeHead(401).end();
  };
  api.reply(({ user }) => (user === null ? unreadable : { status: 201 }));
  const app = await open({ connect: NEXT_TOKEN, options: `backends: [{ baseUrl: '${api.origin}/api', ${FAST} }]` });
  const lapsed = await api.token('ann', -3600);
  const status = await page.evaluate(
    async ([url, token]) => (await fetch(url, { method: 'POST', body: 'a', headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'text/plain' } })).status,
    [`${api.origin}/api/notes`, lapsed] as const,
  );
  expect(status).toBe(202);
  await app.heard('auth-required');
  expect(api.received).toHaveLength(1);
  await page.evaluate((token) => window.sync.provideToken(token), await api.token('ann'));
  await app.empty();
  expect(api.received.map(({ user }) => user)).toEqual([null, 'ann']);
  await api.close();
});

test('A24 a GET with a fresh token is left alone, and releases the hold', async ({ open, server, page }) => {
  server.requireToken();
  const app = await open();
  await app.post('a', { headers: authorization(await server.token('ann', -3600)) });
  await app.heard('held');
  const got = await app.post('', { method: 'GET', path: '/api/notes', headers: authorization(await server.token('ann')) });
  expect(got.status).toBe(201);
  await app.empty();
  expect(server.received.filter(({ user }) => user === 'ann').map(({ method }) => method).sort()).toEqual(['GET', 'POST']);
  expect(await page.evaluate(() => window.seen.filter(({ type }) => type === 'released').length)).toBe(1);
});

test('C14 P1 a write whose session is over is redirected to a login page at replay, which is no delivery: it waits for the session', async ({ open, server }) => {
  const app = await open();
  server.serve('/login', '<!doctype html><title>Sign in</title>', 'text/html');
  server.reply({ status: 302, headers: { Location: '/login' } });
  expect(await app.post('now')).toMatchObject({ status: 200, text: expect.stringContaining('Sign in') as unknown as string });
  await server.unlisten();
  await app.post('later');
  await server.listen();
  await app.call((sync) => sync.replay());
  await app.heard('held');
  expect(await app.entries()).toMatchObject([{ state: 'held', reason: 'session-expired', lastAnswer: { status: 200 } }]);
  server.reply({ status: 201 });
  await app.call((sync) => sync.signIn());
  await app.empty();
  expect((await app.post('more')).status).toBe(201);
});

test('C14 a write that has no session, and is redirected to a page at replay, is a dead letter', async ({ open, server }) => {
  const app = await open({ options: `backends: [{ baseUrl: '/api', auth: false, ${FAST} }]` });
  server.serve('/login', '<!doctype html><title>Sign in</title>', 'text/html');
  await server.unlisten();
  await app.post('later');
  server.reply({ status: 302, headers: { Location: '/login' } });
  await server.listen();
  await app.call((sync) => sync.replay());
  await app.heard('failed');
  expect(await app.entries()).toMatchObject([{ state: 'dead', reason: 'redirected', lastAnswer: { status: 200 } }]);
});

test('W4 a write that waits, as Turbo’s forms may, is redirected to the page that the server leads to', async ({ open, server }) => {
  const app = await open({ options: `backends: [{ baseUrl: '/api', ${FAST}, respond: 'wait' }]` });
  server.reply(({ method }, count) =>
    count === 0 ? { status: 503 } : method === 'POST' ? { status: 303, headers: { Location: '/api/notes/7' } } : { headers: { 'Content-Type': 'text/html' }, body: '<h1>Note 7</h1>' },
  );
  const got = await app.page.evaluate(async () => {
    const answer = await fetch('/api/notes', { method: 'POST', body: 'a', headers: { Accept: 'text/html' } });
    return { status: answer.status, redirected: answer.redirected, path: new URL(answer.url).pathname, text: await answer.text() };
  });
  expect(got).toMatchObject({ status: 200, redirected: true, path: '/api/notes/7', text: expect.stringContaining('Note 7') as unknown as string });
  expect(server.received.filter(({ method }) => method === 'POST')).toHaveLength(2);
});

test('A23 a GraphQL 200 that refuses the token is held, and a GraphQL 200 that carries data reaches the page whole', async ({ open, server }) => {
  const app = await open({ options: `backends: [{ baseUrl: '/api', ${NEVER}, auth: { bodyErrors: 'graphql' } }]` });
  server.reply({ body: { errors: [{ message: 'no', extensions: { code: 'UNAUTHENTICATED' } }], data: { write: null } } });
  expect((await app.post('a', { headers: authorization('old') })).status).toBe(202);
  expect(await app.entries()).toMatchObject([{ state: 'held', reason: 'auth-expired' }]);
  const whole = { data: { write: 'x'.repeat(300_000) } };
  server.reply({ body: whole });
  await app.call((sync) => sync.provideToken('new'));
  await app.empty();
  expect(JSON.parse((await app.post('b', { headers: authorization('new') })).text)).toEqual(whole);
});

test('R5 an API that’s stopped behind a proxy makes no dead letters, and gets all writes once it’s there again', async ({ open, server }) => {
  const app = await open({ options: `backends: [{ baseUrl: '/api', ${FAST} }]` });
  server.reply({ status: 502 });
  for (const body of ['a', 'b', 'c']) expect((await app.post(body)).status).toBe(202);
  await expect.poll(async () => (await app.entries())[0]?.reason).toBe('server-unavailable');
  // More sends than would have made it a dead letter.
  await server.arrived(8);
  expect(await app.entries()).toMatchObject([{ state: expect.stringMatching(/pending|sending/) as unknown as string }, {}, {}]);
  server.reply({ status: 201 });
  await app.call((sync) => sync.replay());
  await app.empty();
  expect(server.bodies().slice(-3)).toEqual(['a', 'b', 'c']);
  expect((await app.types()).includes('failed')).toBe(false);
});
