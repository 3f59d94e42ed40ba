import { describe, expect, test } from 'vitest';
import type { BackendOptions } from '../../sw/options.js';
import { createHarness, type HarnessOptions } from '../support/harness.js';

const JSON_TYPE = { 'Content-Type': 'application/json' };
const ok = () => Response.json({ data: { add: { id: 7 } } });
const mutation = JSON.stringify({ query: 'mutation { add { id } }' });
const query = JSON.stringify({ query: '{ notes { id } }' });

const withRespond = (respond: NonNullable<BackendOptions['respond']>, more: Partial<BackendOptions> = {}): HarnessOptions => ({ backends: [{ baseUrl: '/api', respond, ...more }] });

/** As a browser gives it when redirects were followed: no constructor makes such a one. */
const redirected = (to: string, body: string, contentType: string, status = 200) =>
  Object.defineProperties(new Response(body, { status, headers: { 'Content-Type': contentType } }), { redirected: { value: true }, url: { value: to } });

describe('W2 the answer for a stored request', () => {
  test.each([
    ['is the server’s own for GraphQL by its Accept', '/api', { Accept: 'application/graphql-response+json', ...JSON_TYPE }],
    ['is the server’s own for GraphQL by its body', '/api', JSON_TYPE],
    ['is the server’s own for tRPC', '/api/trpc/add', JSON_TYPE],
  ])('%s', async (_what, path, headers) => {
    const { goOffline, goOnline, fetch, server, clock, api } = createHarness();
    goOffline();
    const answer = fetch(path, { method: 'POST', body: mutation, headers });
    await clock.advance(1_000);
    expect(await api.entries()).toHaveLength(1);
    server(ok);
    goOnline();
    await api.wake('online');
    await clock.advance(1_000);
    const response = await answer;
    expect(response?.status).toBe(200);
    expect(await response?.json()).toEqual({ data: { add: { id: 7 } } });
  });

  test.each<[string, Record<string, string>]>([
    ['htmx', { 'HX-Request': 'true' }],
    ['Unpoly', { 'X-Up-Version': '3.14.3' }],
  ])('is empty for %s', async (_client, headers) => {
    const { goOffline, post, api } = createHarness();
    goOffline();
    const response = await post('a', { headers });
    const [entry] = await api.entries();
    expect([response.status, await response.text(), response.headers.get('Holdfast-Entry')]).toEqual([204, '', entry?.id]);
  });

  test('is an empty stream for Turbo', async () => {
    const { goOffline, post, api } = createHarness();
    goOffline();
    const response = await post('a', { headers: { Accept: 'text/vnd.turbo-stream.html, text/html' } });
    expect(response.status).toBe(200);
    expect(response.headers.get('Content-Type')).toContain('text/vnd.turbo-stream.html');
    expect(await response.text()).toBe('');
    expect(await api.entries()).toHaveLength(1);
  });

  test('is the 202 where `respond` or `Holdfast-Mode` says so, whatever the shape', async () => {
    const asked = createHarness();
    asked.goOffline();
    expect((await asked.post(mutation, { path: '/api/graphql', headers: { ...JSON_TYPE, 'Holdfast-Mode': 'queued' } })).status).toBe(202);
    const configured = createHarness(withRespond('queued'));
    configured.goOffline();
    expect((await configured.post('a', { headers: { 'HX-Request': 'true' } })).status).toBe(202);
  });
});

describe('W2 a GraphQL query by POST', () => {
  test('is never stored: the page hears the truth', async () => {
    const { post, server, api } = createHarness();
    server(() => new Response(null, { status: 503 }));
    expect((await post(query, { headers: JSON_TYPE })).status).toBe(503);
    server(() => Promise.reject(new TypeError('Failed to fetch')));
    expect((await post(query, { headers: { ...JSON_TYPE, 'Holdfast-Mode': 'wait' } })).type).toBe('error');
    expect(await api.entries()).toEqual([]);
  });

  test('passes what waits, as a GET does, also with `capture: write-ahead`', async () => {
    const { post, server, goOffline, goOnline, api } = createHarness({ backends: [{ baseUrl: '/api', capture: 'write-ahead' }] });
    goOffline();
    await post('a');
    goOnline();
    server(ok);
    expect((await post(query, { headers: JSON_TYPE })).status).toBe(200);
    expect(await api.entries()).toHaveLength(1);
  });

  test('takes the time that it takes', async () => {
    const { fetch, server, clock } = createHarness();
    server(
      (_request, _count, signal) =>
        new Promise((resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason as Error));
          clock.after(60_000, () => resolve(ok()));
        }),
    );
    const answer = fetch('/api/notes', { method: 'POST', body: query, headers: JSON_TYPE });
    await clock.advance(60_000);
    expect((await answer)?.status).toBe(200);
  });

  test('teaches the worker its token', async () => {
    const { post, server, goOffline, goOnline, api, clock, log } = createHarness();
    goOffline();
    await post('a', { token: 'old' });
    goOnline();
    server((request) => new Response(null, { status: request.headers.get('authorization') === 'Bearer new' ? 200 : 401 }));
    await api.wake('online');
    await clock.advance(1_000);
    expect(await api.entries()).toMatchObject([{ state: 'held' }]);
    await post(query, { token: 'new', headers: JSON_TYPE });
    await clock.advance(1_000);
    expect(log.at(-1)).toContain('delivered');
  });
});

describe('W3 `respond` as a function', () => {
  test('is given the entry and the request with its body, and may be async', async () => {
    const { goOffline, post } = createHarness(
      withRespond(async (entry, request) => Response.json({ id: entry.id, echo: await request.json(), at: request.url }, { status: 201 })),
    );
    goOffline();
    const response = await post('{"title":"Zoë"}', { headers: { ...JSON_TYPE, 'Holdfast-Id': 'mine' } });
    expect(response.status).toBe(201);
    expect(await response.json()).toEqual({ id: 'mine', echo: { title: 'Zoë' }, at: 'https://app.example/api/notes' });
  });

  test.each<[string, NonNullable<BackendOptions['respond']>, number | 'error']>([
    ['a mode', () => 'reject', 'error'],
    ['a mode, later', async () => 'queued' as const, 202],
    ['null, for the default', () => null, 204],
    ['auto, which is the default', () => 'auto', 204],
    ['nonsense, of which it’s told', () => 'perhaps' as 'queued', 204],
    ['a rejection, of which it’s told', () => Promise.reject(new Error('boom')), 204],
  ])('may give %s', async (what, respond, expected) => {
    const { goOffline, post, api, printed } = createHarness(withRespond(respond));
    goOffline();
    const response = await post('a', { headers: { 'HX-Request': 'true' } });
    expect(response.type === 'error' ? 'error' : response.status).toBe(expected);
    expect(await api.entries()).toHaveLength(1);
    expect(printed.some((line) => line.includes('respond') && line.includes('the default counts instead'))).toBe(what.includes('told'));
  });

  test('may give `wait`, also when the entry is delivered before it gives anything', async () => {
    let say: (mode: 'wait') => void = () => {};
    const { goOffline, goOnline, fetch, server, api, clock, log } = createHarness(withRespond(() => new Promise((resolve) => (say = resolve))));
    goOffline();
    const answer = fetch('/api/notes', { method: 'POST', body: 'a' });
    await clock.advance(100);
    server(ok);
    goOnline();
    await api.wake('online');
    await clock.advance(1_000);
    expect(log.at(-1)).toContain('delivered');
    say('wait');
    expect(await (await answer)?.json()).toEqual({ data: { add: { id: 7 } } });
  });

  test('has 30 s; then the default counts', async () => {
    const { goOffline, fetch, clock, printed } = createHarness(withRespond(() => new Promise(() => {})));
    goOffline();
    const answer = fetch('/api/notes', { method: 'POST', body: 'a' });
    await clock.advance(30_000);
    expect((await answer)?.status).toBe(202);
    expect(printed.join()).toContain('took too long');
  });

  test('isn’t asked where `Holdfast-Mode` says it', async () => {
    let asked = 0;
    const { goOffline, post } = createHarness(withRespond(() => (asked++, 'reject')));
    goOffline();
    expect((await post('a', { headers: { 'Holdfast-Mode': 'queued' } })).status).toBe(202);
    expect(asked).toBe(0);
  });
});

describe('W4 an answer that redirects have led to', () => {
  async function waited(reply: () => Response, headers: Record<string, string> = { Accept: 'text/html' }) {
    const { goOffline, goOnline, fetch, server, api, clock } = createHarness();
    goOffline();
    const answer = fetch('/api/notes', { method: 'POST', body: 'a', headers: { ...headers, 'Holdfast-Mode': 'wait' } });
    await clock.advance(100);
    server(reply);
    goOnline();
    await api.wake('online');
    await clock.advance(1_000);
    return { response: await answer, settlement: await api.settled(1) };
  }

  test.each([
    ['a page', 'https://app.example/notes/7', 'text/html; charset=utf-8'],
    ['a page at the same path, as after a form', 'https://app.example/api/notes', 'text/html'],
    ['JSON at another path', 'https://app.example/api/notes/7', 'application/json'],
  ])('is given to who waits by a redirect, and kept with its URL: %s', async (_what, to, contentType) => {
    const { response, settlement } = await waited(() => redirected(to, '{}', contentType));
    expect([response?.status, response?.headers.get('Location')]).toEqual([303, to]);
    expect(settlement).toMatchObject({ state: 'delivered', status: 200, redirected: true, url: to });
  });

  test.each([
    ['JSON at the same path with a slash', 'https://app.example/api/notes/', 200],
    ['JSON at the same path of another host', 'https://api.example/api/notes', 200],
    ['a 201, which no GET gives', 'https://app.example/v2/notes', 201],
  ])('is given itself where the method was kept: %s', async (_what, to, status) => {
    const { response, settlement } = await waited(() => redirected(to, '{"id":7}', 'application/json', status));
    expect([response?.status, await response?.json()]).toEqual([status, { id: 7 }]);
    expect(settlement).toMatchObject({ redirected: true, url: to });
  });

  test('has no URL where there was no redirect', async () => {
    const { response, settlement } = await waited(ok);
    expect(response?.status).toBe(200);
    expect(settlement).not.toHaveProperty('url');
    expect(settlement).not.toHaveProperty('redirected');
  });
});

describe('W5 the same request of the same page, told that it failed', () => {
  const REJECT = { 'Holdfast-Mode': 'reject' };
  const offline = (options?: HarnessOptions) => {
    const harness = createHarness(options);
    harness.goOffline();
    return harness;
  };

  test('is the same entry while it waits, and one send', async () => {
    const { post, api, server, goOnline, clock, log } = offline();
    for (let tries = 0; tries < 3; tries++) expect((await post('a', { headers: REJECT })).type).toBe('error');
    expect(await api.entries()).toHaveLength(1);
    server(ok);
    goOnline();
    await api.wake('online');
    await clock.advance(1_000);
    expect(log.filter((line) => line.includes(' send '))).toHaveLength(1);
  });

  test('is the same entry by `respond: reject`, after a restart, and with a renewed token', async () => {
    const { post, api, restart } = offline(withRespond('reject'));
    await post('a', { token: 'old' });
    restart();
    await post('a', { token: 'new' });
    expect(await api.entries()).toHaveLength(1);
  });

  test('is the same entry where the server fails each first send', async () => {
    const { post, api, server, log } = createHarness();
    server(() => new Response(null, { status: 503 }));
    for (let tries = 0; tries < 3; tries++) await post('a', { headers: REJECT });
    expect(await api.entries()).toHaveLength(1);
    expect(log.filter((line) => line.includes(' send '))).toHaveLength(1);
  });

  test.each<[string, () => Parameters<ReturnType<typeof createHarness>['fetch']>]>([
    ['another body', () => ['/api/notes', { method: 'POST', body: 'b', headers: REJECT }]],
    ['another URL', () => ['/api/notes?draft', { method: 'POST', body: 'a', headers: REJECT }]],
    ['another method', () => ['/api/notes', { method: 'PUT', body: 'a', headers: REJECT }]],
    ['another header', () => ['/api/notes', { method: 'POST', body: 'a', headers: { ...REJECT, 'X-Draft': '1' } }]],
    ['another key', () => ['/api/notes', { method: 'POST', body: 'a', headers: { ...REJECT, 'Idempotency-Key': '"k"' } }]],
    ['another page', () => ['/api/notes', { method: 'POST', body: 'a', headers: REJECT, clientId: 'other' }]],
    ['another lane', () => ['/api/notes', { method: 'POST', body: 'a', headers: { ...REJECT, 'Holdfast-Lane': 'x' } }]],
    ['another mode', () => ['/api/notes', { method: 'POST', body: 'a' }]],
  ])('is another entry with %s', async (_what, other) => {
    const { post, fetch, api } = offline();
    await post('a', { headers: REJECT });
    await fetch(...other());
    expect(await api.entries()).toHaveLength(2);
  });

  test('is another entry with the 202', async () => {
    const { post, api } = offline();
    await post('a');
    await post('a');
    expect(await api.entries()).toHaveLength(2);
  });

  test('is another entry once the first is delivered', async () => {
    const { post, api, server, goOnline, goOffline, clock, log } = offline();
    await post('a', { headers: REJECT });
    server(ok);
    goOnline();
    await api.wake('online');
    await clock.advance(1_000);
    goOffline();
    await post('a', { headers: REJECT });
    expect(await api.entries()).toHaveLength(1);
    goOnline();
    await api.wake('online');
    await clock.advance(1_000);
    expect(log.filter((line) => line.includes('delivered'))).toHaveLength(2);
  });

  test('is a write of its own while the first is on the wire, as nobody was told of a failure', async () => {
    const { fetch, server, clock, api, log } = createHarness({ backends: [{ baseUrl: '/api', capture: 'write-ahead' }] });
    server(() => new Promise((resolve) => void clock.after(1_000, () => resolve(ok()))));
    const two = [1, 2].map(() => fetch('/api/notes', { method: 'POST', body: 'a', headers: REJECT }));
    await clock.advance(5_000);
    expect((await Promise.all(two)).map((response) => response?.status)).toEqual([200, 200]);
    expect(log.filter((line) => line.includes(' send '))).toHaveLength(2);
    await clock.advance(2_000);
    expect(await api.entries()).toEqual([]);
  });
});
