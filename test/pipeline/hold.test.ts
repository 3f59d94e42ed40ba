import { describe, expect, test } from 'vitest';
import { createHarness, type Harness } from '../support/harness.js';
import { settle } from '../support/virtual-clock.js';
import { jwt } from '../support/records.js';

const ok = () => new Response(null, { status: 201 });
const expired = () => Response.json({ code: 'token_expired' }, { status: 401 });
const sends = (log: string[]) => log.filter((line) => line.includes('send '));
const accepts =
  (...tokens: string[]) =>
  (request: Request) =>
    tokens.includes(request.headers.get('authorization')?.replace('Bearer ', '') ?? '') ? ok() : expired();

/** Stores `names` while offline, and goes online under a server that takes these tokens only. */
async function stored(harness: Harness, names: string[], token = 'old', taken: string[] = ['new']): Promise<void> {
  harness.goOffline();
  for (const name of names) await harness.post(name, { token });
  harness.server(accepts(...taken));
  harness.goOnline();
  await harness.api.wake('online');
  await harness.clock.advance(0);
}

describe('the hold', () => {
  test('A4 three entries and a 401 to the first make one request, and a fresh token then delivers all in order', async () => {
    const harness = createHarness();
    const { log, api, clock, printed } = harness;
    await stored(harness, ['a', 'b', 'c']);
    await clock.advance(600_000);
    expect(sends(log)).toEqual(['0 send a old']);
    expect(await api.provideToken('new')).toBe('released');
    await clock.advance(0);
    expect(log.slice(log.indexOf('0 send a old'))).toEqual([
      '0 send a old',
      '0 held auth-expired',
      '0 auth-required auth-expired',
      '600000 released',
      '600000 sending',
      '600000 send a new',
      '600000 delivered',
      '600000 sending',
      '600000 send b new',
      '600000 sending',
      '600000 send c new',
      '600000 delivered',
      '600000 delivered',
    ]);
    expect(printed).toHaveLength(1);
    expect(printed[0]).toMatch(/^\[holdfast\] hold — auth expired \{"id":"[0-9A-Z]{26}","attempt":1\}$/);
  });

  test('A4 the first entry of several lanes goes alone as the probe of a fresh token', async () => {
    const harness = createHarness({ backends: [{ baseUrl: '/api', lane: (request) => request.headers.get('x-lane') ?? '' }] });
    const { log, api, clock, server, goOffline, goOnline, post } = harness;
    goOffline();
    for (const name of ['a', 'b', 'c']) await post(name, { token: 'old', headers: { 'X-Lane': name } });
    server(expired);
    goOnline();
    await api.wake('online');
    await clock.advance(0);
    // The three were on the wire together, as no 401 was known yet; one hold all the same.
    expect(log.filter((line) => line.includes('auth-required'))).toHaveLength(1);
    const before = sends(log).length;
    let answer = (_response: Response) => {};
    server(() => new Promise((resolve) => (answer = resolve)));
    await api.provideToken('new');
    await settle();
    expect(sends(log).slice(before)).toEqual(['0 send a new']);
    server(ok);
    answer(ok());
    await clock.advance(0);
    expect(sends(log).slice(before)).toEqual(['0 send a new', '0 send b new', '0 send c new']);
  });

  test('A1 a 401 spends no attempt, sleeps no backoff and reports no error', async () => {
    const harness = createHarness();
    await stored(harness, ['a']);
    expect(await harness.api.entries()).toMatchObject([{ state: 'held', reason: 'auth-expired', retries: 0 }]);
    expect(harness.events.some((event) => event.type === 'failed' || event.type === 'retrying')).toBe(false);
  });

  test('A5 a fresh token on an empty outbox makes no request and no event', async () => {
    const { api, log, clock } = createHarness();
    expect(await api.provideToken('new')).toBe('stored');
    await clock.advance(60_000);
    expect(log).toEqual([]);
  });

  test.each([
    [null, 'ignored: blank'],
    [undefined, 'ignored: blank'],
    ['', 'ignored: blank'],
    ['   ', 'ignored: blank'],
    ['old', 'ignored: same-token'],
    ['Bearer old', 'ignored: same-token'],
    [jwt({ exp: -61 }), 'ignored: expired'],
  ])('A6 the token %j doesn’t release the hold: %s', async (token, result) => {
    const harness = createHarness();
    await stored(harness, ['a']);
    expect(await harness.api.provideToken(token)).toBe(result);
    await harness.clock.advance(60_000);
    expect(sends(harness.log)).toHaveLength(1);
    expect(await harness.api.entries()).toMatchObject([{ state: 'held' }]);
  });

  test('A6 A19 a token that the server refused in the entry’s own scheme releases nothing when it comes again by another scheme', async () => {
    const harness = createHarness();
    await stored(harness, ['a'], 'old', []);
    expect(await harness.api.provideToken('new', { scheme: 'DPoP' })).toBe('released');
    await harness.clock.advance(60_000);
    expect(sends(harness.log)).toHaveLength(2);
    expect(await harness.api.provideToken('new', { scheme: 'DPoP' })).toBe('ignored: same-token');
    expect(await harness.api.provideToken('new')).toBe('ignored: same-token');
    await harness.clock.advance(60_000);
    expect(sends(harness.log)).toHaveLength(2);
    expect(await harness.api.entries()).toMatchObject([{ state: 'held' }]);
  });

  test('A13 A19 passwords that are refused in the entry’s own scheme end in a dead letter, and can’t be guessed from a digest on disk', async () => {
    const harness = createHarness();
    await stored(harness, ['a'], 'old', []);
    for (const password of ['one', 'two', 'three']) {
      await harness.api.provideToken(password, { scheme: 'Basic' });
      await harness.clock.advance(60_000);
    }
    expect(await harness.api.entries()).toMatchObject([{ state: 'dead', reason: 'auth-rejected' }]);
    const written = JSON.stringify([await harness.outbox.list({ after: 0, limit: 1 }), await harness.outbox.start(1)]);
    // Without the salt.
    expect(['one', 'two', 'three'].filter((password) => written.includes(`"digest of ${password}"`))).toEqual([]);
  });

  test('A6 an opaque token releases the hold, and so does a JWT within the skew', async () => {
    for (const token of ['opaque', jwt({ exp: -30 })]) {
      const harness = createHarness();
      await stored(harness, ['a'], 'old', [token]);
      expect(await harness.api.provideToken(token)).toBe('released');
      await harness.clock.advance(0);
      expect(harness.log.at(-1)).toContain('delivered');
    }
  });

  test('A6 a token with a line break or of 1 MB is refused by name, and the hold stays', async () => {
    const harness = createHarness();
    await stored(harness, ['a']);
    for (const token of ['a\r\nX: y', 'a\nb', 'ü', 'x'.repeat(1_048_576)]) {
      await expect(harness.api.provideToken(token)).rejects.toThrow(/option "token"/);
    }
    await expect(harness.api.provideToken({} as string)).rejects.toThrow(/it must be a string/);
    expect(await harness.api.entries()).toMatchObject([{ state: 'held' }]);
  });

  describe('A6 on a device whose clock is an hour ahead of the server’s', () => {
    const HOUR = 3_600_000;
    const at = (ms: number) => ({ headers: { Date: new Date(ms).toUTCString() } });
    /** By the server's clock they live for five minutes. */
    const token = (n: number) => jwt({ sub: 'ann', exp: 300, n });
    const refused = () => Response.json({ code: 'token_expired' }, { status: 401, ...at(0) });

    test('a fresh token releases the hold, in a restarted worker too', async () => {
      const harness = createHarness();
      await harness.clock.advance(HOUR);
      harness.server(refused);
      await harness.post('a', { token: token(1) });
      expect(await harness.api.entries()).toMatchObject([{ state: 'held' }]);
      harness.restart();
      harness.server(ok);
      expect(await harness.api.provideToken(token(2))).toBe('released');
      await harness.clock.advance(3_000);
      expect(harness.log.at(-1)).toContain('delivered');
      const { tokenExpiresAt } = (await harness.api.status()).backends[0]!;
      expect(tokenExpiresAt).toBe(HOUR + 300_000);
    });

    test('a token that’s over by both clocks doesn’t release the hold', async () => {
      const harness = createHarness();
      await harness.clock.advance(HOUR);
      harness.server(refused);
      await harness.post('a', { token: token(1) });
      await harness.clock.advance(361_000);
      expect(await harness.api.provideToken(token(2))).toBe('ignored: expired');
    });

    test('a fresh token releases the hold though a server’s clock was wrong once', async () => {
      const harness = createHarness();
      harness.server(() => Response.json({ code: 'token_expired' }, { status: 401, ...at(24 * HOUR) }));
      await harness.post('a', { token: token(1) });
      expect(await harness.api.provideToken(token(2))).toBe('released');
    });

    test.each([
      ['counts at the other backend of its origin, which had no answer yet', '/other', false, 'stored'],
      ['counts there in the next worker, too, though only the other backend’s record tells the clock', '/other', true, 'stored'],
      ['doesn’t count at another origin, whose server has a clock of its own', 'https://other.example', false, 'ignored: expired'],
    ])('a fresh token %s', async (_, baseUrl, restarts, result) => {
      const harness = createHarness({ backends: [{ baseUrl }, { baseUrl: '/api' }] });
      await harness.clock.advance(HOUR);
      harness.server(refused);
      await harness.post('a', { token: token(1) });
      if (restarts) harness.restart();
      expect(await harness.api.provideToken(token(2), { baseUrl })).toBe(result);
    });

    test('an answer out of a cache says nothing of the server’s clock', async () => {
      const harness = createHarness();
      await harness.clock.advance(HOUR);
      const { headers } = at(0);
      harness.server(() => Response.json({ code: 'token_expired' }, { status: 401, headers: { ...headers, Age: '3600' } }));
      await harness.post('a', { token: token(1) });
      expect(await harness.api.provideToken(token(2))).toBe('ignored: expired');
    });
  });

  test('A7 a token that comes while offline releases the hold, and nothing is sent until online', async () => {
    const harness = createHarness();
    const { api, log, clock, goOffline, goOnline } = harness;
    await stored(harness, ['a']);
    goOffline();
    expect(await api.provideToken('new')).toBe('released');
    await clock.advance(60_000);
    expect(sends(log)).toHaveLength(1);
    goOnline();
    await api.wake('online');
    await clock.advance(0);
    expect(log.at(-1)).toContain('delivered');
  });

  test('A7 online, resume and replay send nothing during a hold', async () => {
    const harness = createHarness();
    const { api, log, clock } = harness;
    await stored(harness, ['a']);
    await api.pause();
    for (const call of [() => api.wake('online'), () => api.replay(), () => api.resume()]) await call();
    await clock.advance(60_000);
    expect(sends(log)).toHaveLength(1);
    await api.pause();
    expect(await api.provideToken('new')).toBe('released');
    await clock.advance(60_000);
    expect(sends(log)).toHaveLength(1);
    await api.resume();
    await clock.advance(0);
    expect(log.at(-1)).toContain('delivered');
  });

  test('A8 a token that’s posted while a request with the old one is in flight isn’t lost', async () => {
    const harness = createHarness();
    const { api, log, clock, server, goOffline, goOnline, post } = harness;
    goOffline();
    await post('a', { token: 'old' });
    let refuse = () => {};
    server((_request, count) => (count === 0 ? new Promise((resolve) => (refuse = () => resolve(expired()))) : ok()));
    goOnline();
    await api.wake('online');
    await settle();
    expect(await api.provideToken('new')).toBe('stored');
    refuse();
    await clock.advance(0);
    expect(sends(log)).toEqual(['0 send a old', '0 send a new']);
    expect(log.some((line) => line.includes('held'))).toBe(false);
    expect(log.at(-1)).toContain('delivered');
  });

  test('A9 the next trigger starts the drain, whatever has stopped it', async () => {
    const harness = createHarness();
    const { api, log, clock, outbox, server, goOffline, goOnline, post } = harness;
    goOffline();
    await post('a');
    server(ok);
    const { heads } = outbox;
    outbox.heads = () => Promise.reject(new Error('the disk is gone'));
    goOnline();
    await api.wake('online');
    await settle();
    outbox.heads = heads;
    await api.wake('visible');
    await clock.advance(0);
    expect(log.at(-1)).toContain('delivered');
  });

  test('A9 a trigger that comes while a drain ends isn’t swallowed', async () => {
    const harness = createHarness();
    const { api, log, clock } = harness;
    await stored(harness, ['a', 'b']);
    await Promise.all([api.wake('online'), api.provideToken('new'), api.wake('due'), api.pause(), api.resume()]);
    await clock.advance(0);
    expect(log.filter((line) => line.includes('delivered'))).toHaveLength(2);
  });

  test('A10 the hold survives a restart, and a restarted worker sends nothing without a token', async () => {
    const harness = createHarness();
    const { log, clock, restart, look } = harness;
    await stored(harness, ['a']);
    restart();
    await look();
    await clock.advance(60_000);
    expect(sends(log)).toHaveLength(1);
    expect(await harness.api.entries()).toMatchObject([{ state: 'held', reason: 'auth-expired' }]);
    expect(await harness.api.provideToken('old')).toBe('ignored: same-token');
    expect(await harness.api.provideToken('new')).toBe('released');
  });

  test('A10 a restarted worker that lacks a token makes a hold where there was none before', async () => {
    const harness = createHarness();
    const { log, clock, restart, look, goOffline, goOnline, post } = harness;
    goOffline();
    await post('a', { token: 'old' });
    await clock.advance(30_000);
    goOnline();
    restart();
    await look();
    await clock.advance(60_000);
    expect(sends(log)).toEqual([]);
    expect(log.filter((line) => line.includes('auth-required'))).toEqual(['31000 auth-required token-missing']);
    expect(await harness.api.provideToken('old')).toBe('released');
    await clock.advance(0);
    expect(log.at(-1)).toContain('delivered');
  });

  describe('a worker that has started without a token', () => {
    /** What waits under `old`, for a worker that has started since, under a server that takes `old` and `new`. */
    async function restarted(before: (harness: Harness) => Promise<unknown> = async () => {}): Promise<Harness> {
      const harness = createHarness();
      harness.goOffline();
      await harness.api.provideToken('old');
      await harness.post('a', { token: 'old' });
      await before(harness);
      harness.restart();
      harness.server(accepts('old', 'new'));
      harness.goOnline();
      harness.log.length = 0;
      await harness.api.wake('visible');
      await harness.clock.advance(0);
      return harness;
    }

    test('L10 is given the page’s again, and nobody is told to sign in', async () => {
      const { log, api, clock } = await restarted();
      expect(log).toEqual(['0 asks pages for their token']);
      expect(await api.status()).toMatchObject({ needsSignIn: false });
      await clock.advance(900);
      expect(await api.provideToken('old', undefined, true)).toBe('stored');
      await clock.advance(60_000);
      expect(log).toEqual(['0 asks pages for their token', '900 sending', '900 send a old', '900 delivered']);
    });

    test('L10 asks no page twice', async () => {
      const { log, api, clock } = await restarted();
      await clock.advance(60_000);
      await api.replay();
      expect(log).toEqual(['0 asks pages for their token', '1000 held token-missing', '1000 auth-required token-missing']);
      expect(await api.provideToken('old', undefined, true)).toBe('released');
    });

    test.each<[string, (harness: Harness) => Promise<unknown>]>([
      ['before a sign-out', ({ api }) => api.signOut()],
      ['before another user’s sign-in', ({ api }) => api.provideToken(jwt({ sub: 'bob' }))],
      ['before a newer token', ({ api }) => api.provideToken('new')],
    ])('L10 takes none from %s', async (_when, before) => {
      const { log, api, clock } = await restarted(before);
      expect(await api.provideToken('old', undefined, true)).toBe('ignored: same-token');
      await clock.advance(60_000);
      expect(sends(log)).toEqual([]);
    });

    test('L10 takes none that was refused', async () => {
      const harness = createHarness();
      await stored(harness, ['a']);
      harness.restart();
      expect(await harness.api.provideToken('old', undefined, true)).toBe('ignored: same-token');
      await harness.clock.advance(60_000);
      expect(sends(harness.log)).toEqual(['0 send a old']);
    });

    test('L10 takes none from before a sign-out that comes while it’s on its way', async () => {
      const { log, api, clock } = await restarted();
      const [given] = await Promise.all([api.provideToken('old', undefined, true), api.signOut()]);
      expect(given).toBe('ignored: same-token');
      await clock.advance(60_000);
      expect(sends(log)).toEqual([]);
      expect(await api.entries()).toMatchObject([{ state: 'parked', reason: 'signed-out' }]);
    });
  });

  test('A11 an entry that needs no token goes on during a hold, and doesn’t spin when it fails', async () => {
    const harness = createHarness();
    const { log, clock, server, post } = harness;
    await stored(harness, ['a']);
    server(ok);
    expect((await post('free')).status).toBe(201);
    server(() => new Response(null, { status: 500 }));
    await post('free', { token: 'old', headers: { 'Holdfast-Auth': 'none' } });
    await clock.advance(1_000);
    expect(sends(log).filter((line) => line.includes('free')).length).toBe(2);
  });

  test('A12 a hold of one backend doesn’t hold another one', async () => {
    const harness = createHarness({ backends: [{ baseUrl: '/api' }, { baseUrl: '/other' }] });
    await stored(harness, ['a']);
    harness.server(ok);
    expect((await harness.post('b', { token: 'x', path: '/other/1' })).status).toBe(201);
  });

  test('A12 a hold of one owner doesn’t hold another one', async () => {
    const [ann, bob] = [jwt({ sub: 'ann' }), jwt({ sub: 'bob' })];
    const harness = createHarness();
    await stored(harness, ['a'], ann, [bob]);
    expect(harness.log.at(-1)).toContain('auth-required');
    await harness.api.provideToken(bob);
    harness.goOffline();
    await harness.post('b', { token: bob });
    harness.goOnline();
    await harness.api.wake('online');
    await harness.clock.advance(0);
    expect(sends(harness.log)).toEqual([`0 send a ${ann}`, `0 send b ${bob}`]);
    expect(await harness.api.entries()).toMatchObject([{ owner: 'ann' }]);
    // The page of another user has nothing better to give.
    expect(await harness.api.provideToken(bob)).toBe('other-owner');
  });

  test('A15 the token of a user who comes back releases their parked entries, though nothing was held', async () => {
    const [ann, bob] = [jwt({ sub: 'ann' }), jwt({ sub: 'bob' })];
    const harness = createHarness();
    harness.goOffline();
    await harness.post('a', { token: ann });
    await harness.api.provideToken(bob);
    expect(await harness.api.entries()).toMatchObject([{ state: 'parked' }]);
    expect(await harness.api.provideToken(ann)).toBe('released');
    expect(harness.events.at(-1)).toMatchObject({ type: 'released', owner: 'ann' });
  });

  test('A13 an entry that’s refused under three fresh tokens is a dead letter, and the next one may go', async () => {
    const harness = createHarness();
    const { api, clock, server, goOffline, goOnline, post } = harness;
    goOffline();
    await post('bad', { token: 't1' });
    await post('good', { token: 't1' });
    server(async (request) => ((await request.clone().text()) === 'bad' ? expired() : ok()));
    goOnline();
    await api.wake('online');
    await clock.advance(0);
    for (const token of ['t2', 't3']) {
      expect(await api.provideToken(token)).toBe('released');
      await clock.advance(0);
    }
    expect(await api.entries()).toMatchObject([{ state: 'dead', reason: 'auth-rejected' }]);
  });

  test('A14 a JWT 401 is permanent with autoRetry: false', async () => {
    const harness = createHarness({ backends: [{ baseUrl: '/api', auth: { autoRetry: false } }] });
    await stored(harness, ['a']);
    expect(await harness.api.entries()).toMatchObject([{ state: 'dead', reason: 'permanent' }]);
  });

  test('A15 an entry is sent with a token of its owner only', async () => {
    const ann = jwt({ sub: 'ann' });
    const bob = jwt({ sub: 'bob' });
    const harness = createHarness();
    const { api, log, clock } = harness;
    await stored(harness, ['a'], ann, [bob]);
    expect(await api.provideToken(bob)).toBe('other-owner');
    await clock.advance(60_000);
    expect(sends(log)).toHaveLength(1);
    expect(await api.entries()).toMatchObject([{ state: 'parked', owner: 'ann' }]);
    expect(await api.provideToken(jwt({ sub: 'ann', iat: 1 }))).toBe('released');
  });
});

describe('tokens and answers', () => {
  const backends = [{ baseUrl: '/api' }, { baseUrl: 'https://other.example/v1' }];

  test('C5 a token without a target is refused where it might be shown to another origin', async () => {
    const { api } = createHarness({ backends });
    await expect(api.provideToken('t')).rejects.toThrow(
      /option "target.baseUrl" is undefined; it's needed, as a token isn't to be shown to another origin; there are https:\/\/app.example, https:\/\/other.example/,
    );
    await expect(api.provideToken('t', { baseURL: '/api' } as never)).rejects.toThrow(/option "target.baseURL"/);
    expect(await api.provideToken('t', { baseUrl: '/api' })).toBe('stored');
    expect((await createHarness({ backends: [...backends.slice(1), { baseUrl: '/free', auth: false }] }).api.provideToken('t'))).toBe('stored');
  });

  test('A19 the digest of a credential that isn’t a bearer can’t be guessed from the disk, as it may be a password', async () => {
    const harness = createHarness();
    harness.goOffline();
    await harness.post('a', { headers: { Authorization: 'Basic YW5uOnNlY3JldA==' } });
    await harness.clock.advance(0);
    const [record] = (await harness.outbox.start(1)).backends;
    expect(record!.last!.digest).toMatch(/^digest of uuid-\d+YW5u/);
  });

  test('V1 an answer is there for 24 hours and no longer, whether it’s swept or not', async () => {
    const harness = createHarness();
    harness.goOffline();
    await harness.post('a', { headers: { 'Holdfast-Id': 'mine' } });
    harness.goOnline();
    await harness.api.wake('online');
    await harness.clock.advance(24 * 3_600_000);
    expect(await harness.api.settled('mine')).toMatchObject({ state: 'delivered' });
    await harness.clock.advance(1);
    expect(await harness.api.settled('mine')).toBeNull();
  });
});

describe('a token of another user', () => {
  const ann = jwt({ sub: 'ann' });
  const bob = jwt({ sub: 'bob' });

  test('A15 an entry is planned anew when the token changes between its plan and its send', async () => {
    let go = () => {};
    const beforeSend = () => new Promise<void>((resolve) => (go = resolve));
    const harness = createHarness({ backends: [{ baseUrl: '/api', beforeSend }] });
    const { api, clock, log, goOffline, goOnline, post } = harness;
    goOffline();
    await post('a', { token: ann });
    goOnline();
    await api.wake('online');
    await settle();
    await api.provideToken(bob);
    go();
    await clock.advance(0);
    expect(sends(log)).toEqual([]);
    expect(await api.entries()).toMatchObject([{ state: 'parked', owner: 'ann' }]);
  });

  test('A15 an entry never goes out with another user’s token, whenever in a drain that token comes', async () => {
    for (let turns = 0; turns < 40; turns++) {
      const harness = createHarness();
      const { api, clock, log, goOffline, goOnline, post } = harness;
      goOffline();
      await post('a', { token: ann });
      goOnline();
      void api.wake('online');
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      await api.provideToken(bob);
      await clock.advance(0);
      expect(sends(log).filter((line) => line.includes(bob))).toEqual([]);
    }
  });

  test('A19 a key without a scheme is sent again as it was', async () => {
    const { clock, server, post, goOffline, goOnline, api } = createHarness();
    const seen: (string | null)[] = [];
    server((request) => {
      seen.push(request.headers.get('authorization'));
      return ok();
    });
    goOffline();
    await post('a', { headers: { Authorization: 'bare-key' } });
    goOnline();
    await api.wake('online');
    await clock.advance(0);
    expect(seen).toEqual(['bare-key']);
  });

  test('A3 a 401 to a request that beforeSend has sent elsewhere, without the token, holds nothing', async () => {
    const beforeSend = (request: Request) => new Request('https://other.example/x', { method: request.method });
    const harness = createHarness({ backends: [{ baseUrl: '/api', beforeSend }] });
    await stored(harness, ['a'], 'old', []);
    expect(sends(harness.log)).toEqual(['0 send /x']);
    expect(await harness.api.entries()).toMatchObject([{ state: 'dead', reason: 'permanent' }]);
  });

  test('A3 a 401 to a bearer of beforeSend’s own holds nothing, as it says nothing of the live token', async () => {
    const beforeSend = (request: Request) => {
      if (request.url.endsWith('/signed')) request.headers.set('Authorization', 'Bearer of the hook');
    };
    const harness = createHarness({ backends: [{ baseUrl: '/api', beforeSend }] });
    const { goOffline, goOnline, post, server, api, clock, log } = harness;
    goOffline();
    await post('a', { token: 'live', path: '/api/signed' });
    await post('b', { token: 'live' });
    server(accepts('live'));
    goOnline();
    await api.wake('online');
    await clock.advance(0);
    expect(sends(log)).toEqual(['0 send a of the hook', '0 send b live']);
    expect(log.filter((line) => line.includes('held'))).toEqual([]);
    expect(await api.entries()).toMatchObject([{ state: 'dead', reason: 'permanent' }]);
  });

  test('A4 an answer to a request that went without the fresh token doesn’t end its probing', async () => {
    const beforeSend = (request: Request) =>
      request.url.endsWith('/elsewhere') ? new Request('https://other.example/x', { method: request.method }) : request;
    const lane = (request: Request) => request.url;
    const { goOffline, goOnline, post, server, api, clock, log, restart } = createHarness({ backends: [{ baseUrl: '/api', beforeSend, lane }] });
    goOffline();
    for (const path of ['/api/elsewhere', '/api/b', '/api/c']) await post(path, { token: 'old', path });
    await clock.advance(100);
    restart();
    goOnline();
    server((request) => (request.url.endsWith('/x') ? ok() : expired()));
    await api.wake('online');
    // Until then no page has handed its token over, and the hold has begun.
    await clock.advance(1_000);
    await api.provideToken('new');
    await clock.advance(0);
    expect(sends(log)).toEqual(['1100 send /x', '1100 send /api/b new']);
  });
});

describe('a hold that a worker has written, and not lived to tell of', () => {
  test('A10 is told by the next worker, once', async () => {
    const harness = createHarness();
    await stored(harness, ['a']);
    const { outbox, restart, api, clock, log, events } = harness;
    const told = () => events.filter(({ type }) => type === 'auth-required').length;
    expect(told()).toBe(1);
    const [record] = (await outbox.start(1)).backends;
    const [[owner, gate]] = Object.entries(record!.gates) as [[string, (typeof record & object)['gates'][string]]];
    const { told: _, ...hold } = gate.hold!;
    await outbox.commit({ backend: { ...record!, gates: { ...record!.gates, [owner]: { ...gate, hold } } } });
    for (let start = 0; start < 3; start++) {
      restart();
      await api.status();
      await clock.advance(3_000);
    }
    expect(told()).toBe(2);
    expect(log.filter((line) => line.includes('held'))).toHaveLength(2);
  });
});

describe('a 401 on the first send', () => {
  test('A11 a request that needs no token is answered by the server itself during a hold', async () => {
    const harness = createHarness();
    await stored(harness, ['a']);
    harness.server(ok);
    expect((await harness.post('beat', { path: '/api/heartbeat' })).status).toBe(201);
    expect(await harness.api.entries()).toMatchObject([{ state: 'held' }]);
  });

  test('A17 is held by default, and the page gets a 202', async () => {
    const { post, server, api } = createHarness();
    server(expired);
    const response = await post('a', { token: 'old' });
    expect(response.status).toBe(202);
    expect(await response.json()).toMatchObject({ queued: true, state: 'held', reason: 'auth-expired' });
    expect(await api.status()).toMatchObject({ backends: [{ holds: [{ reason: 'auth-expired' }] }] });
  });

  test('A17 is passed to the page with on401: pass', async () => {
    const { post, server, api } = createHarness({ backends: [{ baseUrl: '/api', auth: { on401: 'pass' } }] });
    server(expired);
    const response = await post('a', { token: 'old' });
    expect(response.status).toBe(401);
    expect(await response.json()).toEqual({ code: 'token_expired' });
    expect(await api.entries()).toEqual([]);
  });

  test('A3 goes to the page where the request carried no bearer', async () => {
    const { post, server } = createHarness();
    server(expired);
    expect((await post('a')).status).toBe(401);
  });

  test('A18 a new request with a fresh token releases the hold', async () => {
    const harness = createHarness();
    const { log, clock, post } = harness;
    await stored(harness, ['a']);
    expect((await post('b', { token: 'new' })).status).toBe(202);
    await clock.advance(0);
    expect(sends(log)).toEqual(['0 send a old', '0 send a new', '0 send b new']);
  });

  test('A18 a new request with the refused token doesn’t release the hold, and isn’t tried', async () => {
    const harness = createHarness();
    await stored(harness, ['a']);
    const response = await harness.post('b', { token: 'old' });
    expect(await response.json()).toMatchObject({ state: 'held' });
    expect(sends(harness.log)).toHaveLength(1);
  });

  test.each([
    ['a 401 about another credential', () => Response.json({ code: 'INVALID_OTP' }, { status: 401 })],
    [
      'a login page',
      () =>
        Object.defineProperties(new Response('<p>Sign in', { headers: { 'Content-Type': 'text/html' } }), {
          redirected: { value: true },
          url: { value: 'https://app.example/login' },
        }),
    ],
  ])('A18 %s, as the answer to a fresh token’s probe, doesn’t make the refused token one to learn', async (_what, answer) => {
    const harness = createHarness();
    const { server, post, api, clock, log } = harness;
    await stored(harness, ['a', 'b']);
    server((request) => (request.headers.get('authorization') === 'Bearer old' ? expired() : answer()));
    await api.provideToken('new');
    await clock.advance(0);
    const before = log.length;
    await post('c', { token: 'old' });
    await clock.advance(0);
    server(accepts('new'));
    await post('d', { token: 'new' });
    await clock.advance(0);
    expect(log.slice(before).filter((line) => /held|send d/.test(line))).toEqual(['0 send d new']);
  });

  test('A18 an older token in a page’s request doesn’t take the live one’s place', async () => {
    const [old, live] = [jwt({ sub: 'ann', iat: 100 }), jwt({ sub: 'ann', iat: 200 })];
    const { api, log, clock, post, goOffline, goOnline } = createHarness();
    await api.provideToken(live);
    goOffline();
    await post('a', { token: old });
    goOnline();
    await api.wake('online');
    await clock.advance(0);
    expect(sends(log)).toEqual([`0 send a ${live}`]);
  });

  test('A18 a token in a request isn’t learnt with auth.learn: false, as only provideToken counts', async () => {
    const harness = createHarness({ backends: [{ baseUrl: '/api', auth: { learn: false } }] });
    const { api, log, clock } = harness;
    await stored(harness, ['a'], 'new');
    expect(sends(log)).toEqual([]);
    expect(await api.entries()).toMatchObject([{ state: 'held', reason: 'token-missing' }]);
    expect(await api.provideToken('new')).toBe('released');
    await clock.advance(0);
    expect(log.at(-1)).toContain('delivered');
  });

  test('A19 a credential of another scheme is sent again with its scheme, once provideToken has given it', async () => {
    const harness = createHarness();
    const { api, clock, goOffline, goOnline, restart, server } = harness;
    goOffline();
    await harness.post('a', { headers: { Authorization: 'Basic abc' } });
    await clock.advance(1_000);
    let seen: string | null = null;
    server((request) => {
      seen = request.headers.get('authorization');
      return ok();
    });
    goOnline();
    restart();
    await api.wake('online');
    await harness.api.provideToken('abc', { scheme: 'Basic' });
    await clock.advance(0);
    expect(seen).toBe('Basic abc');
  });
});
