import { describe, expect, test } from 'vitest';
import { createHarness, type Harness, type HarnessOptions } from '../support/harness.js';
import { jwt } from '../support/records.js';
import { settle } from '../support/virtual-clock.js';

const ok = (headers: Record<string, string> = {}) => new Response(null, { status: 201, headers });
const sends = (log: string[]) => log.filter((line) => line.includes('send '));

/** The server's clock, as the virtual one has it, ahead by so many seconds. */
const date = (now: number, aheadS = 0) => ({ Date: new Date(now + aheadS * 1000).toUTCString() });

const old = jwt({ sub: 'ann', exp: 100, iat: 0 });
const fresh = jwt({ sub: 'ann', exp: 100_000, iat: 101 });

/** An entry that waits with a token that's good until second 100, under a server that nobody reaches. */
async function waiting(options?: HarnessOptions): Promise<Harness> {
  const harness = createHarness(options);
  harness.goOffline();
  await harness.post('a', { token: old });
  return harness;
}

/** Some time passes, and the server is there again. */
async function back({ clock, goOnline, api }: Harness, ms: number): Promise<void> {
  await clock.advance(ms);
  goOnline();
  await api.wake('online');
  await clock.advance(0);
}

describe('a JWT at replay', () => {
  test('A20 whose exp has passed is never sent: a hold before the send, told once, and a fresh token delivers', async () => {
    const harness = await waiting();
    const { log, api, clock, printed, events } = harness;
    await back(harness, 161_000);
    await clock.advance(3_600_000);
    expect(sends(log)).toEqual([]);
    expect(events.filter(({ type }) => type === 'held' || type === 'auth-required')).toMatchObject([
      { type: 'held', reason: 'auth-expired', id: null, owner: 'ann' },
      { type: 'auth-required', reason: 'auth-expired', owner: 'ann' },
    ]);
    expect(await api.entries()).toMatchObject([{ state: 'held', reason: 'auth-expired', sends: 0 }]);
    expect(printed).toHaveLength(1);
    expect(printed[0]).toMatch(/^\[holdfast\] hold — auth expired \{"id":"[0-9A-Z]{26}","attempt":0\}$/);
    expect(await api.provideToken(fresh)).toBe('released');
    await clock.advance(0);
    expect(sends(log)).toHaveLength(1);
    expect(log.at(-1)).toContain('delivered');
  });

  test('A7 A20 whose exp has passed makes nobody ask for a token while there’s no network', async () => {
    const harness = await waiting();
    const { clock, api, events } = harness;
    await clock.advance(3_600_000);
    await api.wake('due');
    await clock.advance(3_600_000);
    expect(events.some(({ type }) => type === 'held' || type === 'auth-required')).toBe(false);
    expect(await api.entries()).toMatchObject([{ state: 'pending', reason: 'offline' }]);
    await back(harness, 0);
    expect(events.some(({ type }) => type === 'auth-required')).toBe(true);
  });

  test('A7 A20 whose exp had passed when its request came makes nobody ask for a token while there’s no network', async () => {
    const harness = createHarness();
    const { clock, goOffline, post, events, log } = harness;
    await clock.advance(161_000);
    goOffline();
    await post('a', { token: old });
    await clock.advance(60_000);
    expect(events.some(({ type }) => type === 'auth-required')).toBe(false);
    await back(harness, 0);
    expect(events.some(({ type }) => type === 'auth-required')).toBe(true);
    expect(sends(log)).toEqual([]);
  });

  test('A20 has a minute of skew past its exp where only the device’s clock is known', async () => {
    const harness = await waiting();
    await back(harness, 160_000);
    expect(sends(harness.log)).toHaveLength(1);
  });

  test('A20 is over to the second where the server’s clock was seen', async () => {
    for (const [ms, count] of [[99_000, 1], [101_000, 0]] as const) {
      const harness = createHarness();
      const { server, clock, post, goOffline } = harness;
      server(() => ok(date(clock.now())));
      await post('seen');
      goOffline();
      await post('a', { token: old });
      await back(harness, ms);
      expect(sends(harness.log).filter((line) => line.includes('send a'))).toHaveLength(count);
    }
  });

  test('A20 is sent while the server’s clock calls it good, by a device whose clock is an hour ahead', async () => {
    const harness = createHarness();
    const { server, clock, post, goOffline, log } = harness;
    await clock.advance(3_600_000);
    server(() => ok(date(clock.now(), -3600)));
    await post('seen');
    goOffline();
    await post('a', { token: old });
    await back(harness, 50_000);
    expect(log.at(-1)).toContain('delivered');
    expect(sends(log)).toHaveLength(2);
  });

  test('A20 is over by the server’s clock in the next worker too', async () => {
    const harness = createHarness();
    const { server, clock, post, goOffline, restart, api, goOnline } = harness;
    server(() => ok(date(clock.now())));
    await post('seen');
    goOffline();
    await post('a', { token: old });
    restart();
    await api.provideToken(old);
    await clock.advance(101_000);
    goOnline();
    await api.wake('online');
    await clock.advance(0);
    expect(sends(harness.log).filter((line) => line.includes('send a'))).toEqual([]);
  });

  // An answer that has travelled for long says less of the clock than a quick one.
  test('A20 is over by the server’s clock although a later, slow answer would set that clock back', async () => {
    const harness = createHarness();
    const { server, clock, post, goOffline } = harness;
    server(() => ok(date(clock.now())));
    await post('quick');
    server(() => ok(date(clock.now(), -30)));
    await post('slow');
    goOffline();
    await post('a', { token: old });
    await back(harness, 101_000);
    expect(sends(harness.log).filter((line) => line.includes('send a'))).toEqual([]);
  });

  test('A20 whose exp has passed isn’t sent after network errors, as the circuit’s probe waits for a token too', async () => {
    const harness = createHarness();
    const { server, post, log, clock, api } = harness;
    server(() => 'drop');
    await post('a', { token: old });
    await clock.advance(160_000);
    const before = sends(log).length;
    expect(before).toBeGreaterThan(5);
    await clock.advance(600_000);
    expect(sends(log).length).toBe(before);
    expect(await api.entries()).toMatchObject([{ state: 'held', reason: 'auth-expired' }]);
    server(() => ok());
    await api.provideToken(fresh);
    await clock.advance(60_000);
    expect(log.at(-1)).toContain('delivered');
  });

  test('A20 whose exp passes while a hook is awaited isn’t sent', async () => {
    const harness = await waiting({ backends: [{ baseUrl: '/api', beforeSend: () => new Promise((resolve) => harness.clock.after(10_000, resolve)) }] });
    await back(harness, 155_000);
    await harness.clock.advance(20_000);
    expect(sends(harness.log)).toEqual([]);
    expect(await harness.api.entries()).toMatchObject([{ state: 'held', reason: 'auth-expired' }]);
  });

  test('A20 whose exp has passed isn’t released by itself, nor by another token that’s over', async () => {
    const harness = await waiting();
    const { api, clock, log } = harness;
    await back(harness, 161_000);
    expect(await api.provideToken(old)).toBe('ignored: same-token');
    expect(await api.provideToken(jwt({ sub: 'ann', exp: 99 }))).toBe('ignored: expired');
    await clock.advance(60_000);
    expect(sends(log)).toEqual([]);
  });

  test('A20 whose exp has passed is held in the next worker too', async () => {
    const harness = await waiting();
    await back(harness, 161_000);
    harness.restart();
    await harness.api.wake('connect');
    await harness.clock.advance(0);
    expect(await harness.api.entries()).toMatchObject([{ state: 'held', reason: 'auth-expired' }]);
  });

  test('A12 A20 whose exp has passed holds up no entry that needs no token', async () => {
    const harness = await waiting();
    const { post, log } = harness;
    await post('b', { headers: { 'Holdfast-Auth': 'none' } });
    await back(harness, 161_000);
    expect(sends(log)).toEqual(['161000 send b']);
  });

  test.each([
    ['in milliseconds', 1_790_000_000_000],
    ['missing', undefined],
  ])('A20 whose exp is %s is sent, as the server judges it', async (_what, exp) => {
    const harness = createHarness();
    harness.goOffline();
    await harness.post('a', { token: jwt({ sub: 'ann', exp }) });
    await back(harness, 3_600_000);
    expect(harness.log.at(-1)).toContain('delivered');
  });

  test.each(['soon', '9999999999', {}, -1])('A20 with an exp of %j is held from the beginning', async (exp) => {
    const harness = createHarness();
    harness.goOffline();
    await harness.post('a', { token: jwt({ sub: 'ann', exp }) });
    await back(harness, 100_000);
    expect(sends(harness.log)).toEqual([]);
    expect(await harness.api.entries()).toMatchObject([{ state: 'held', reason: 'auth-expired' }]);
  });
});

describe('a device whose clock is seven minutes ahead, with tokens of five minutes', () => {
  const AHEAD_S = 420;
  const made = ({ clock }: Harness, agoS = 0) => {
    const iat = clock.now() / 1000 - AHEAD_S - agoS;
    return jwt({ sub: 'ann', iat, exp: iat + 300 });
  };

  /** One write that a 503 has stored, where the server's clock can't be seen. */
  async function stored(): Promise<Harness> {
    const harness = createHarness();
    await harness.clock.advance(10_000_000);
    harness.server((_request, count) => new Response(null, { status: count === 0 ? 503 : 201 }));
    await harness.post('a', { token: made(harness) });
    await harness.clock.advance(10_000);
    expect(await harness.api.entries()).toMatchObject([{ state: 'held' }]);
    return harness;
  }

  test('A20 isn’t held for ever, as fresh tokens in step with its clock show that it’s ahead', async () => {
    const harness = await stored();
    const { api, clock, log } = harness;
    expect(await api.provideToken(made(harness))).toBe('released');
    await clock.advance(0);
    expect(log.at(-1)).toContain('delivered');
  });

  test('A18 A20 isn’t held for ever where fresh tokens are learnt from the page’s own requests', async () => {
    const harness = await stored();
    const { api, clock, post } = harness;
    await clock.advance(60_000);
    await post('b', { token: made(harness) });
    await clock.advance(60_000);
    expect((await api.status()).waiting).toBe(0);
  });

  test('A6 A20 isn’t released by a token that a page has kept for long', async () => {
    const harness = await stored();
    const { api, clock, log } = harness;
    const before = sends(log).length;
    await clock.advance(600_000);
    expect(await api.provideToken(made(harness, 500))).toBe('ignored: expired');
    await clock.advance(60_000);
    expect(sends(log)).toHaveLength(before);
  });

  test('A20 isn’t held for ever where another backend’s tokens say only when they end', async () => {
    const harness = createHarness({ backends: [{ baseUrl: '/api' }, { baseUrl: '/other' }] });
    const { api, clock, server, post, restart, log } = harness;
    await clock.advance(10_000_000);
    await api.provideToken(jwt({ sub: 'ann', exp: 20_000 }), { baseUrl: '/other' });
    server((_request, count) => new Response(null, { status: count === 0 ? 503 : 201 }));
    await post('a', { token: made(harness) });
    restart();
    for (let left = 2; left > 0; left--) {
      await clock.advance(10_000);
      await api.provideToken(made(harness), { baseUrl: '/api' });
    }
    await clock.advance(0);
    expect(log.at(-1)).toContain('delivered');
  });

  test('A20 R8 isn’t held when the request that validates the network has shown the server’s clock', async () => {
    const harness = createHarness({ backends: [{ baseUrl: '/api', validate: '/api/health' }] });
    const { clock, server, post, goOffline, log } = harness;
    await clock.advance(10_000_000);
    server(({ method }) => (method === 'HEAD' ? new Response(null, { headers: date(clock.now(), -AHEAD_S) }) : new Response(null, { status: 201 })));
    goOffline();
    await post('a', { token: made(harness) });
    await back(harness, 10_000);
    await clock.advance(5_000);
    expect(log.at(-1)).toContain('delivered');
  });
});

describe('old tokens of several pages', () => {
  const ann = (iat: number) => jwt({ sub: 'ann', iat, exp: iat + 20 });

  /** Two pages write, each with the token that it has kept, so far apart; the first write is stored, and has come back. */
  async function write(harness: Harness, tokens: string[], apartMs: number): Promise<void> {
    const { server, post, clock } = harness;
    server(() => new Response(null, { status: 503 }));
    for (const token of tokens) {
      await post('late', { token });
      await clock.advance(apartMs);
    }
    await clock.advance(30_000);
  }

  test('A20 that come as far apart as they were made, and were seen before, show nothing of the clock', async () => {
    for (const again of [() => {}, ({ restart }: Harness) => restart()]) {
      const harness = createHarness();
      const { post, clock, log } = harness;
      await post('a', { token: ann(0) });
      await clock.advance(10_000);
      await post('b', { token: ann(10) });
      again(harness);
      await clock.advance(190_000);
      await write(harness, [ann(0), ann(10)], 10_000);
      expect(sends(log).map((line) => line.split(' ')[2])).toEqual(['a', 'b', 'late']);
    }
  });

  test('A20 that an earlier worker has seen at another backend show nothing of the clock', async () => {
    const harness = createHarness({ backends: [{ baseUrl: '/other' }, { baseUrl: '/api' }] });
    const { post, clock, log, restart } = harness;
    await post('a', { token: ann(10), path: '/other/a' });
    restart();
    await clock.advance(200_000);
    await write(harness, [ann(0), ann(10)], 10_000);
    expect(sends(log)).toHaveLength(2);
  });

  test('A20 that come at once, and were made within seconds, show nothing of the clock though nobody has seen them', async () => {
    const harness = createHarness();
    await harness.clock.advance(200_000);
    await write(harness, [ann(0), ann(2)], 1);
    expect(sends(harness.log)).toHaveLength(1);
  });
});

describe('the page’s own first send', () => {
  const forbidden = () => new Response('Forbidden', { status: 403 });

  test('A21 goes out with a JWT that’s over, and a 403 to it holds', async () => {
    const { clock, server, post, api, log } = createHarness();
    await clock.advance(161_000);
    server(forbidden);
    expect(await (await post('a', { token: old })).json()).toMatchObject({ queued: true, state: 'held', reason: 'auth-expired' });
    server(() => ok());
    await api.provideToken(fresh);
    await clock.advance(0);
    expect(sends(log).map((line) => line.split(' ')[2])).toEqual(['a', 'a']);
    expect(log.at(-1)).toContain('delivered');
  });

  test('A21 gives its 403 to the page where its JWT was good when it went out', async () => {
    const { clock, server, post, api } = createHarness();
    server(async () => {
      await clock.advance(0);
      return forbidden();
    });
    expect((await post('a', { token: old })).status).toBe(403);
    expect(await api.entries()).toEqual([]);
  });

  test('A21 gives its 403 to the page where it had no bearer, or an opaque one', async () => {
    const { server, post } = createHarness();
    server(forbidden);
    expect((await post('a')).status).toBe(403);
    expect((await post('a', { token: 'opaque' })).status).toBe(403);
  });

  const wrongPassword = () => Response.json({ name: 'NotAuthenticated', message: 'Invalid login', code: 401 }, { status: 401 });
  const live = jwt({ sub: 'ann', exp: 3600, iat: 0 });

  test('A22 gives its 401 to the page, and holds nothing, where its JWT was accepted before and is good for longer', async () => {
    const { server, post, api } = createHarness();
    await post('a', { token: live });
    server(wrongPassword);
    const response = await post('login', { token: live });
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ message: 'Invalid login' });
    expect((await api.status()).backends).toMatchObject([{ waiting: 0, holds: [] }]);
  });

  test('A22 gives its 401 to the page where its JWT was accepted by a replay’s delivery', async () => {
    const { server, post, api, goOffline, goOnline, clock } = createHarness();
    goOffline();
    await post('a', { token: live });
    goOnline();
    await api.wake('online');
    await clock.advance(0);
    server(wrongPassword);
    expect((await post('login', { token: live })).status).toBe(401);
  });

  test.each<[what: string, earlier: string | null, token: string, at: number]>([
    ['that was never accepted', null, live, 0],
    ['other than the accepted one', jwt({ sub: 'ann', exp: 3500 }), live, 0],
    ['that’s over within a minute', live, live, 3_550_000],
    ['that’s opaque', 'opaque', 'opaque', 0],
    ['that doesn’t say when it ends', jwt({ sub: 'ann' }), jwt({ sub: 'ann' }), 0],
  ])('A17 A22 is held on a 401 to a token %s', async (_what, earlier, token, at) => {
    const { server, post, clock } = createHarness();
    if (earlier !== null) await post('a', { token: earlier });
    await clock.advance(at);
    server(wrongPassword);
    expect((await post('b', { token })).status).toBe(202);
  });

  test('A22 is held on a 401 that names its accepted token, as that was revoked', async () => {
    const { server, post } = createHarness();
    await post('a', { token: live });
    server(() => Response.json({ code: 'token_revoked' }, { status: 401 }));
    expect((await post('b', { token: live })).status).toBe(202);
  });

  test('A16 A22 is held on a 401 to a token that was accepted before a sign-out', async () => {
    const { server, post, api } = createHarness();
    await post('a', { token: live });
    await api.signOut();
    await api.provideToken(jwt({ sub: 'ann', exp: 3600, iat: 1 }));
    server(wrongPassword);
    expect((await post('b', { token: live })).status).toBe(202);
  });

  test('A16 A22 is held on a 401 to a token that was on the wire at a sign-out and accepted after it', async () => {
    const { server, post, api } = createHarness();
    let go = () => {};
    server((_request, count) => (count === 0 ? new Promise((resolve) => (go = () => resolve(ok()))) : wrongPassword()));
    const first = post('a', { token: live });
    await settle();
    await api.signOut();
    go();
    await first;
    expect((await post('b', { token: live })).status).toBe(202);
  });

  test('A22 is held on a 401 to a token that was answered with an error before', async () => {
    const { server, post } = createHarness();
    server(() => new Response(null, { status: 422 }));
    await post('a', { token: live });
    server(wrongPassword);
    expect((await post('b', { token: live })).status).toBe(202);
  });
});

describe('a request that the worker leaves alone', () => {
  const authorized = (token: string) => ({ headers: { Authorization: `Bearer ${token}` } });

  test('A24 releases a hold, where it’s a GET with a fresh token', async () => {
    const harness = await waiting();
    const { fetch, clock, log } = harness;
    await back(harness, 161_000);
    expect(await fetch('/api/notes', authorized(fresh))).toBeNull();
    await clock.advance(0);
    expect(sends(log)).toHaveLength(1);
    expect(log.at(-1)).toContain('delivered');
  });

  test('A24 gives a restarted worker its token, where it’s a GET', async () => {
    const harness = await waiting();
    harness.restart();
    await back(harness, 5_000);
    await harness.clock.advance(1_000);
    expect(await harness.api.entries()).toMatchObject([{ state: 'held', reason: 'token-missing' }]);
    await harness.fetch('/api/notes', authorized(old));
    await harness.clock.advance(0);
    expect(harness.log.at(-1)).toContain('delivered');
  });

  test.each<[string, string, RequestInit]>([
    ['outside the base URL', '/elsewhere', authorized(fresh)],
    ['with the refused token', '/api/notes', authorized(old)],
    ['marked as needing none', '/api/notes', { headers: { ...authorized(fresh).headers, 'Holdfast-Auth': 'none' } }],
    ['without a token', '/api/notes', {}],
  ])('A24 %s releases nothing', async (_what, path, init) => {
    const harness = await waiting();
    await back(harness, 161_000);
    await harness.fetch(path, init as { headers: Record<string, string> });
    await harness.clock.advance(60_000);
    expect(sends(harness.log)).toEqual([]);
  });

  test('A24 A19 with a password or a key for the same base URL teaches no token', async () => {
    const harness = createHarness();
    const { fetch, clock, log, post, goOffline } = harness;
    goOffline();
    await post('a', { token: 'opaque' });
    for (const Authorization of ['Basic YW5uOnNlY3JldA==', 'bare-key']) await fetch('/api/reports', { headers: { Authorization } });
    await back(harness, 0);
    expect(sends(log)).toEqual(['0 send a opaque']);
    await clock.advance(0);
  });

  test('A24 with a token of another issuer or for another audience teaches none', async () => {
    const claims = { sub: 'ann', iat: 1, exp: 100_000, iss: 'us', aud: 'api' };
    const harness = createHarness();
    const { fetch, log, post, goOffline } = harness;
    goOffline();
    await post('a', { token: jwt(claims) });
    for (const other of [{ aud: 'reports' }, { iss: 'them' }]) await fetch('/api/reports', authorized(jwt({ ...claims, iat: 2, ...other })));
    await back(harness, 0);
    expect(sends(log)).toEqual([`0 send a ${jwt(claims)}`]);
  });

  test('A24 with refused tokens, of two pages in turns, opens no gate', async () => {
    const harness = createHarness();
    const { fetch, clock, log, post, server, events } = harness;
    server(() => new Response(null, { status: 401 }));
    await post('a', { token: 'one' });
    for (let poll = 0; poll < 50; poll++)
      for (const token of ['two', 'one']) {
        await fetch('/api/poll', authorized(token));
        await clock.advance(500);
      }
    expect(sends(log)).toHaveLength(2);
    expect(events.filter(({ type }) => type === 'auth-required')).toHaveLength(2);
  });

  test('A24 teaches no token with auth.learn: false', async () => {
    const harness = await waiting({ backends: [{ baseUrl: '/api', auth: { learn: false } }] });
    await back(harness, 0);
    await harness.fetch('/api/notes', authorized(fresh));
    await harness.clock.advance(60_000);
    expect(sends(harness.log)).toEqual([]);
  });

  test('A24 teaches its token to the one of two namespaces on a base URL whose match takes it', async () => {
    const tenant = (name: string) => ({ baseUrl: '/api', namespace: name, match: (request: Request) => request.headers.get('x-tenant') === name });
    const harness = createHarness({ backends: [tenant('a'), tenant('b')] });
    harness.goOffline();
    for (const name of ['a', 'b']) await harness.post(name, { token: old, headers: { 'X-Tenant': name } });
    await back(harness, 161_000);
    await harness.fetch('/api/notes', { headers: { Authorization: `Bearer ${fresh}`, 'X-Tenant': 'b' } });
    await harness.clock.advance(0);
    expect(sends(harness.log).map((line) => line.split(' ')[2])).toEqual(['b']);
  });

  test('A24 teaches its token in mode bypass', async () => {
    const harness = await waiting();
    await back(harness, 161_000);
    await harness.post('now', { token: fresh, headers: { 'Holdfast-Mode': 'bypass' } });
    await harness.clock.advance(0);
    expect(sends(harness.log).map((line) => line.split(' ')[2]).sort()).toEqual(['a', 'now']);
  });
});
