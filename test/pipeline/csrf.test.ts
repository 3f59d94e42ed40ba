import { describe, expect, test } from 'vitest';
import { createHarness, type Harness, type HarnessOptions } from '../support/harness.js';

const ok = () => new Response(null, { status: 201 });
const told = (log: string[], what: string) => log.filter((line) => line.split(' ')[1] === what);
const API = { baseUrl: 'https://app.example/api', namespace: '' };

interface Server {
  /** The CSRF token that's accepted. */
  good: string;
  /** The tokens that came, in order. */
  came: (string | null)[];
}

/** A server that takes one CSRF token at a time, and refuses every other in the given way. */
function protectedBy(harness: Harness, header: string, refuse: () => Response): Server {
  const server: Server = { good: 'first', came: [] };
  harness.server(({ headers }) => {
    const token = headers.get(header);
    server.came.push(token);
    return token === server.good ? ok() : refuse();
  });
  return server;
}

/** Stores writes with the CSRF token `first` while offline, and goes online. */
async function stored(harness: Harness, names: string[], header = 'X-CSRF-Token', more: Record<string, string> = {}): Promise<void> {
  harness.goOffline();
  for (const name of names) await harness.post(name, { headers: { [header]: 'first', ...more } });
  harness.goOnline();
}

async function replayed({ api, clock }: Harness): Promise<void> {
  await api.replay();
  await clock.advance(0);
}

const coded = () => Response.json({ code: 'EBADCSRFTOKEN' }, { status: 403 });
const plain = () => new Response('Forbidden', { status: 403 });

describe('CSRF headers', () => {
  test.each([
    ['X-CSRF-Token', {}],
    ['X-XSRF-TOKEN', {}],
    ['X-CSRFToken', {}],
    ['CSRF-Token', {}],
    ['RequestVerificationToken', {}],
    ['X-Anti-Forgery', { auth: { csrf: { headers: ['X-Anti-Forgery'] } } }],
    ['X-CSRF-Token', { auth: false as const }],
  ])('P4 %s never reaches the disk, is shown masked, and goes out with the first send', async (header, options) => {
    const harness = createHarness({ backends: [{ baseUrl: '/api', ...options }] });
    const server = protectedBy(harness, header, plain);
    await harness.post('sent', { headers: { [header]: 'first' } });
    expect(server.came).toEqual(['first']);
    await stored(harness, ['a'], header);
    expect(JSON.stringify(await harness.outbox.list({ after: 0, limit: 9 }))).not.toContain('first"');
    expect((await harness.api.entries())[0]!.headers).toMatchObject({ [header.toLowerCase()]: '•••' });
  });

  test('P4 in an answer don’t reach the disk either', async () => {
    const harness = createHarness();
    harness.server(() => new Response(null, { status: 422, headers: { 'X-CSRF-Token': 'next', 'X-Own': 'kept' } }));
    await stored(harness, ['a'], 'X-Other');
    await replayed(harness);
    const [entry] = await harness.outbox.list({ after: 0, limit: 9 });
    expect(entry!.lastAnswer!.headers).toEqual({ 'x-own': 'kept' });
    expect((await harness.api.settled(entry!.seq))!.headers).toEqual({ 'x-own': 'kept' });
  });

  test('P4 can’t be edited into an entry', async () => {
    const harness = createHarness();
    harness.server(() => new Response(null, { status: 422 }));
    await stored(harness, ['a']);
    harness.server(plain);
    await replayed(harness);
    await harness.api.renew(API, { token: null, cookies: {} });
    await harness.clock.advance(0);
    const [dead] = await harness.api.entries({ state: 'dead' });
    await expect(harness.api.edit(dead!.seq, { headers: { 'x-csrf-token': 'mine' } })).rejects.toThrow('never stored');
  });
});

describe('the CSRF token of a replay', () => {
  test.each<[string, string, HarnessOptions, string]>([
    ['the cookie XSRF-TOKEN, decoded', 'X-XSRF-TOKEN', {}, 'XSRF-TOKEN'],
    ['the cookie csrftoken', 'X-CSRFToken', {}, 'csrftoken'],
    ['the app’s own cookie', 'X-CSRF-Token', { backends: [{ baseUrl: '/api', auth: { csrf: { cookie: 'mine' } } }] }, 'mine'],
  ])('P4 is that of %s, where the worker sees it', async (_what, header, options, cookie) => {
    const harness = createHarness(options);
    const server = protectedBy(harness, header, plain);
    await stored(harness, ['a'], header);
    server.good = 'fresh=';
    harness.cookies[cookie] = 'fresh%3D';
    await replayed(harness);
    expect(server.came).toEqual(['fresh=']);
    expect(told(harness.log, 'delivered')).toHaveLength(1);
  });

  test('P4 is the newest on the page’s own requests, where nothing else is known', async () => {
    const harness = createHarness();
    const server = protectedBy(harness, 'X-CSRF-Token', coded);
    await stored(harness, ['a']);
    harness.goOffline();
    await harness.post('b', { headers: { 'X-CSRF-Token': 'second' } });
    harness.goOnline();
    server.good = 'second';
    await replayed(harness);
    expect(server.came).toEqual(['second', 'second']);
  });

  test('P4 after a restart it’s asked of a page, and nothing is sent before', async () => {
    const harness = createHarness();
    const server = protectedBy(harness, 'X-CSRF-Token', coded);
    await stored(harness, ['a', 'b']);
    harness.restart();
    await replayed(harness);
    await harness.clock.advance(600_000);
    expect(server.came).toEqual([]);
    expect(told(harness.log, 'auth-required')).toEqual(['0 auth-required csrf-expired']);
    expect(await harness.api.entries()).toMatchObject([{ state: 'held', reason: 'csrf-expired', sends: 0 }, { state: 'held' }]);
    server.good = 'given';
    expect(await harness.api.renew(API, { token: 'given', cookies: {} })).toBe('released');
    await harness.clock.advance(0);
    expect(server.came).toEqual(['given', 'given']);
    expect(told(harness.log, 'delivered')).toHaveLength(2);
  });

  test('P4 a page’s cookie goes before what getCsrfToken gave, and both before what was seen', async () => {
    const harness = createHarness();
    const server = protectedBy(harness, 'X-XSRF-TOKEN', coded);
    await stored(harness, ['a'], 'X-XSRF-TOKEN');
    server.good = 'of the cookie';
    await harness.api.renew(API, { token: 'given', cookies: { 'XSRF-TOKEN': 'of%20the%20cookie' } });
    await replayed(harness);
    expect(server.came).toEqual(['of the cookie']);
  });

  test('P4 an entry with a token, or with neither token nor session, gets it as well', async () => {
    const harness = createHarness();
    const server = protectedBy(harness, 'X-CSRF-Token', coded);
    harness.goOffline();
    await harness.post('a', { token: 't', headers: { 'X-CSRF-Token': 'first' } });
    await harness.post('b', { headers: { 'X-CSRF-Token': 'first', 'Holdfast-Auth': 'none' } });
    harness.restart();
    harness.goOnline();
    await harness.api.provideToken('t');
    await replayed(harness);
    await harness.clock.advance(2_000);
    expect(server.came).toEqual([]);
    expect(await harness.api.entries()).toMatchObject([{ state: 'held', reason: 'csrf-expired' }, { state: 'held', reason: 'csrf-expired' }]);
    await harness.api.renew(API, { token: 'first', cookies: {} });
    await harness.clock.advance(0);
    expect(server.came).toEqual(['first', 'first']);
  });

  test('P4 a value that no header can carry counts as unknown, and stops no others', async () => {
    const harness = createHarness({ backends: [{ baseUrl: '/api', lane: (request) => request.headers.get('x-lane') ?? 'one' }] });
    harness.cookies['XSRF-TOKEN'] = 'a%0Ab';
    await stored(harness, ['a'], 'X-XSRF-TOKEN');
    harness.goOffline();
    await harness.post('b', { token: 't', headers: { 'X-Lane': 'two' } });
    harness.goOnline();
    await replayed(harness);
    expect(told(harness.log, 'send')).toEqual(['0 send b t']);
    expect(harness.printed).toEqual([]);
    expect((await harness.api.entries())[0]).toMatchObject({ state: 'held', reason: 'csrf-expired' });
  });

  test.each([[undefined], [{ token: 5, cookies: {} }], [{ token: null, cookies: 'all' }]])('P4 %j isn’t taken from a page', async (csrf) => {
    const { api } = createHarness();
    await expect(api.renew(csrf === undefined ? (undefined as never) : API, csrf as never)).rejects.toThrow('must be');
  });

  test('P4 is forgotten when another user signs in', async () => {
    const harness = createHarness();
    await harness.api.signIn('ann');
    const server = protectedBy(harness, 'X-CSRF-Token', coded);
    await stored(harness, ['a']);
    await harness.api.signIn('bob');
    await harness.api.signIn('ann');
    await replayed(harness);
    expect(server.came).toEqual([]);
    expect(told(harness.log, 'auth-required')).toEqual(['0 auth-required csrf-expired']);
  });
});

describe('a stale CSRF token', () => {
  test.each([
    ['a 419', () => new Response(null, { status: 419 })],
    ['a 403 with a code', coded],
    ['a 403 without one', plain],
    ['a 422, as of Rails', () => new Response(null, { status: 422 })],
  ])('P5 %s is sent once more with a fresh one, and no attempt is spent', async (_what, refuse) => {
    const harness = createHarness();
    const server = protectedBy(harness, 'X-XSRF-TOKEN', refuse);
    harness.cookies['XSRF-TOKEN'] = 'first';
    await stored(harness, ['a'], 'X-XSRF-TOKEN');
    server.good = 'second';
    // The answer brings the new cookie along.
    const answer = refuse;
    harness.server(({ headers }) => {
      const token = headers.get('X-XSRF-TOKEN');
      server.came.push(token);
      harness.cookies['XSRF-TOKEN'] = server.good;
      return token === server.good ? ok() : answer();
    });
    await replayed(harness);
    expect(server.came).toEqual(['first', 'second']);
    expect(told(harness.log, 'held')).toEqual([]);
    expect(told(harness.log, 'delivered')).toHaveLength(1);
  });

  test('P5 a second refusal holds it, and a page is asked', async () => {
    const harness = createHarness();
    const server = protectedBy(harness, 'X-XSRF-TOKEN', coded);
    let count = 0;
    harness.server(({ headers }) => {
      server.came.push(headers.get('X-XSRF-TOKEN'));
      harness.cookies['XSRF-TOKEN'] = `cookie ${count++}`;
      return coded();
    });
    await stored(harness, ['a', 'b'], 'X-XSRF-TOKEN');
    await replayed(harness);
    await harness.clock.advance(600_000);
    expect(server.came).toEqual(['first', 'cookie 0']);
    expect(told(harness.log, 'auth-required')).toEqual(['0 auth-required csrf-expired']);
    expect(await harness.api.entries()).toMatchObject([{ state: 'held', reason: 'csrf-expired', retries: 0 }, { state: 'held' }]);
  });

  test('P5 the very token that was refused releases nothing', async () => {
    const harness = createHarness();
    const server = protectedBy(harness, 'X-CSRF-Token', coded);
    await stored(harness, ['a']);
    server.good = 'second';
    await replayed(harness);
    expect(await harness.api.renew(API, { token: 'first', cookies: {} })).toBe('ignored: same-token');
    expect(await harness.api.renew(API, { token: null, cookies: {} })).toBe('ignored: blank');
    await harness.clock.advance(0);
    expect(server.came).toEqual(['first']);
    expect(await harness.api.renew(API, { token: 'second', cookies: {} })).toBe('released');
    await harness.clock.advance(0);
    expect(told(harness.log, 'delivered')).toHaveLength(1);
  });

  test('P5 a page’s own request with another token releases it', async () => {
    const harness = createHarness();
    const server = protectedBy(harness, 'X-CSRF-Token', coded);
    await stored(harness, ['a']);
    server.good = 'second';
    await replayed(harness);
    await harness.post('b', { headers: { 'X-CSRF-Token': 'second' } });
    await harness.clock.advance(0);
    expect(server.came).toEqual(['first', 'second', 'second']);
    expect(told(harness.log, 'delivered')).toHaveLength(2);
  });

  test.each<[string, (harness: Harness) => Promise<unknown>]>([
    ['a GET', ({ fetch }) => fetch('/api/notes', { headers: { 'X-CSRF-Token': 'second' } })],
    ['a write in mode bypass', ({ post }) => post('b', { headers: { 'X-CSRF-Token': 'second', 'Holdfast-Mode': 'bypass' } })],
    ['a write of a method that isn’t captured', ({ fetch }) => fetch('/api/notes', { method: 'REPORT', headers: { 'X-CSRF-Token': 'second' } })],
  ])('P4 P5 %s with another token releases it, though Holdfast doesn’t answer that request', async (_what, ask) => {
    const harness = createHarness();
    const server = protectedBy(harness, 'X-CSRF-Token', coded);
    await stored(harness, ['a']);
    server.good = 'second';
    await replayed(harness);
    expect(told(harness.log, 'held')).toEqual(['0 held csrf-expired']);
    await ask(harness);
    await harness.clock.advance(0);
    expect(told(harness.log, 'delivered')).toHaveLength(1);
  });

  test('P4 a restarted worker learns it from a GET, and asks no page', async () => {
    const harness = createHarness();
    const server = protectedBy(harness, 'X-CSRF-Token', coded);
    await stored(harness, ['a']);
    harness.restart();
    await harness.fetch('/api/notes', { headers: { 'X-CSRF-Token': 'first' } });
    await replayed(harness);
    expect(server.came).toEqual(['first']);
    expect(told(harness.log, 'auth-required')).toEqual([]);
  });

  test.each<[string, HarnessOptions, string, Record<string, string>]>([
    ['of a sign-in', {}, '/api/login', { 'X-CSRF-Token': 'second' }],
    ['where the backend learns nothing', { backends: [{ baseUrl: '/api', auth: { learn: false } }] }, '/api/notes', { 'X-CSRF-Token': 'second' }],
    ['outside the base URL', {}, '/elsewhere', { 'X-CSRF-Token': 'second' }],
    ['that’s the refused one', {}, '/api/notes', { 'X-CSRF-Token': 'first' }],
  ])('P4 a CSRF token %s isn’t learnt from a GET, and releases nothing', async (_what, options, path, headers) => {
    const harness = createHarness(options);
    protectedBy(harness, 'X-CSRF-Token', coded).good = 'second';
    await stored(harness, ['a']);
    await replayed(harness);
    await harness.fetch(path, { headers });
    await replayed(harness);
    expect(told(harness.log, 'released')).toEqual([]);
    expect(told(harness.log, 'delivered')).toEqual([]);
  });

  test('P5 a 403 that no newer token mends is a dead letter, and the others go on', async () => {
    const harness = createHarness();
    harness.server(async (request) => ((await request.text()) === 'forbidden' ? plain() : ok()));
    await stored(harness, ['forbidden', 'b']);
    await replayed(harness);
    expect(told(harness.log, 'held')).toEqual(['0 held csrf-expired']);
    expect(await harness.api.renew(API, { token: 'first', cookies: {} })).toBe('released');
    await harness.clock.advance(0);
    expect(told(harness.log, 'failed')).toEqual(['0 failed permanent']);
    expect(told(harness.log, 'delivered')).toHaveLength(1);
  });

  test('P5 a session that’s renewed after the token was brings another token, and a 403 without a code isn’t final', async () => {
    const harness = createHarness();
    const { api, clock } = harness;
    const server = protectedBy(harness, 'X-CSRF-Token', plain);
    await stored(harness, ['a']);
    const step = async (answer: () => Response, good: string, release: () => Promise<unknown>) => {
      harness.server(({ headers }) => (headers.get('X-CSRF-Token') === server.good ? answer() : plain()));
      server.good = good;
      await release();
      await clock.advance(0);
    };
    const lapsed = () => new Response(null, { status: 401 });
    await step(lapsed, 'anonymous', () => api.replay());
    await step(lapsed, 'anonymous', () => api.renew(API, { token: 'anonymous', cookies: {} }));
    expect(told(harness.log, 'held')).toEqual(['0 held csrf-expired', '0 held session-expired']);
    await step(ok, 'of ann', () => api.signIn());
    expect(told(harness.log, 'failed')).toEqual([]);
    await step(ok, 'of ann', () => api.renew(API, { token: 'of ann', cookies: {} }));
    expect(told(harness.log, 'delivered')).toHaveLength(1);
  });

  test('P5 one that’s refused after three releases is a dead letter', async () => {
    const harness = createHarness();
    protectedBy(harness, 'X-CSRF-Token', coded).good = 'none';
    await stored(harness, ['a']);
    await replayed(harness);
    for (const token of ['1', '2', '3']) {
      expect(told(harness.log, 'failed')).toEqual([]);
      await harness.api.renew(API, { token, cookies: {} });
      await harness.clock.advance(0);
    }
    expect(told(harness.log, 'failed')).toEqual(['0 failed auth-rejected']);
  });

  test('P5 a 422 to a token that isn’t known to be stale is the application’s own', async () => {
    const harness = createHarness();
    harness.server(() => new Response(null, { status: 422 }));
    await stored(harness, ['a']);
    await replayed(harness);
    expect(told(harness.log, 'failed')).toEqual(['0 failed permanent']);
  });

  test('P5 a page’s own request hears its 403', async () => {
    const harness = createHarness();
    harness.server(coded);
    expect((await harness.post('a', { headers: { 'X-CSRF-Token': 'first' } })).status).toBe(403);
    expect(harness.log).toEqual(['0 send a']);
  });
});
