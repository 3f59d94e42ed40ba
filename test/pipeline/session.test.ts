import { describe, expect, test } from 'vitest';
import { createHarness, type Harness, type HarnessOptions } from '../support/harness.js';

const ok = () => new Response(null, { status: 201 });
const lapsed = () => new Response(null, { status: 401 });
const told = (log: string[], what: string) => log.filter((line) => line.split(' ')[1] === what);
const sends = (log: string[]) => told(log, 'send').map((line) => line.split(' ')[2]);
const lanes: HarnessOptions = { backends: [{ baseUrl: '/api', lane: (request) => request.headers.get('x-lane') ?? 'one' }] };

/** A page of HTML that a redirect has led to. */
function loginPage(): Response {
  const page = new Response('<form>', { headers: { 'Content-Type': 'text/html' } });
  Object.defineProperties(page, { redirected: { value: true }, url: { value: 'https://app.example/login' } });
  return page;
}

/** Stores `names` while offline, each in the lane of its name, and goes online under a server that answers so. */
async function stored(harness: Harness, names: string[], answer: () => Response, headers: Record<string, string> = {}): Promise<void> {
  harness.goOffline();
  for (const name of names) await harness.post(name, { headers: { 'X-Lane': name, ...headers } });
  harness.server(answer);
  harness.goOnline();
  await harness.api.wake('online');
  await harness.clock.advance(0);
}

describe('a session by cookie that has lapsed', () => {
  test.each([
    ['a 401', lapsed],
    ['a 419', () => new Response(null, { status: 419 })],
    ['a redirect to a login page', loginPage],
  ])('P1 %s at replay holds all of the session’s entries, and spends no attempt', async (_what, answer) => {
    const harness = createHarness();
    await stored(harness, ['a', 'b', 'c'], answer);
    await harness.clock.advance(600_000);
    expect(sends(harness.log)).toEqual(['a']);
    expect(told(harness.log, 'held')).toEqual(['0 held session-expired']);
    expect(told(harness.log, 'auth-required')).toEqual(['0 auth-required session-expired']);
    const entries = await harness.api.entries();
    expect(entries.map(({ state, reason, retries }) => [state, reason, retries])).toEqual(['a', 'b', 'c'].map(() => ['held', 'session-expired', 0]));
    expect((await harness.api.status()).backends[0]!.holds).toEqual([{ owner: null, reason: 'session-expired', since: 0 }]);
    expect(harness.printed).toEqual([expect.stringMatching(/^\[holdfast\] hold — session expired \{"id"/)]);
  });

  test('P1 the hold is kept over a restart, and told once', async () => {
    const harness = createHarness();
    await stored(harness, ['a'], lapsed);
    harness.restart();
    await harness.look();
    expect(sends(harness.log)).toEqual(['a']);
    expect(told(harness.log, 'auth-required')).toHaveLength(1);
    expect((await harness.api.entries())[0]).toMatchObject({ state: 'held', reason: 'session-expired' });
  });

  test.each([
    ['whose code names another credential', {}, () => Response.json({ code: 'BadApiKey' }, { status: 401 })],
    ['to an entry that needs no session', { 'Holdfast-Auth': 'none' }, lapsed],
  ])('P1 a 401 %s holds nothing', async (_what, headers, answer) => {
    const harness = createHarness();
    await stored(harness, ['a'], answer, headers);
    expect(told(harness.log, 'failed')).toEqual(['0 failed permanent']);
    expect(told(harness.log, 'held')).toEqual([]);
  });

  test('P1 a page’s own write hears its 401, and nothing is held', async () => {
    const harness = createHarness();
    harness.server(lapsed);
    expect((await harness.post('a')).status).toBe(401);
    expect(harness.log).toEqual(['0 send a']);
  });

  test('P1 A11 A12 entries that need no session, or a token, go on', async () => {
    const harness = createHarness(lanes);
    await stored(harness, ['a'], lapsed);
    harness.server(ok);
    harness.goOffline();
    await harness.post('free', { headers: { 'Holdfast-Auth': 'none' } });
    await harness.post('by token', { token: 'good', headers: { 'X-Lane': 'token' } });
    harness.goOnline();
    await harness.api.wake('online');
    await harness.clock.advance(0);
    expect(sends(harness.log)).toEqual(['a', 'free', 'by']);
    expect(told(harness.log, 'delivered')).toHaveLength(2);
  });

  test('P1 with autoRetry off a 401 is a failure like any other', async () => {
    const harness = createHarness({ backends: [{ baseUrl: '/api', auth: { autoRetry: false } }] });
    await stored(harness, ['a'], lapsed);
    expect(told(harness.log, 'failed')).toEqual(['0 failed permanent']);
  });
});

describe('the release of a session by cookie', () => {
  test.each([['ann', 'ann'], ['nobody by name', undefined]])('P2 signIn of %s releases what waits, the first entry alone', async (_who, user) => {
    const harness = createHarness(lanes);
    await harness.api.signIn('ann');
    await stored(harness, ['a', 'b', 'c'], lapsed);
    const sent = harness.log.length;
    harness.server(ok);
    await harness.api.signIn(user);
    await harness.clock.advance(0);
    expect(harness.log.slice(sent).filter((line) => !line.endsWith('sending'))).toEqual([
      '0 released session-expired',
      '0 send a', '0 delivered',
      '0 send b', '0 send c', '0 delivered', '0 delivered',
    ]);
  });

  test('P2 another user’s signIn parks what waits, until its own user is back', async () => {
    const harness = createHarness();
    await harness.api.signIn('ann');
    await stored(harness, ['a'], lapsed);
    harness.server(ok);
    await harness.api.signIn('bob');
    await harness.clock.advance(0);
    expect((await harness.api.entries())[0]).toMatchObject({ state: 'parked', owner: 'ann' });
    // Nobody is asked to renew the session of a user who isn't there.
    expect((await harness.api.status()).backends[0]!.holds).toEqual([]);
    expect(sends(harness.log)).toEqual(['a']);
    await harness.api.signIn('ann');
    await harness.clock.advance(0);
    expect(told(harness.log, 'delivered')).toHaveLength(1);
  });

  test('P2 a user’s signIn releases what was captured before anybody was named', async () => {
    const harness = createHarness();
    await stored(harness, ['a'], lapsed);
    harness.server(ok);
    await harness.api.signIn('ann');
    await harness.clock.advance(0);
    expect(told(harness.log, 'delivered')).toHaveLength(1);
  });

  test('P2 an accepted write of the page releases what waits, the first entry alone', async () => {
    const harness = createHarness(lanes);
    await stored(harness, ['a', 'b'], lapsed);
    await harness.clock.advance(1_000);
    harness.server(ok);
    expect((await harness.post('new', { headers: { 'X-Lane': 'other' } })).status).toBe(201);
    await harness.clock.advance(0);
    expect(sends(harness.log)).toEqual(['a', 'b', 'new', 'a', 'b']);
    expect(told(harness.log, 'released')).toEqual(['1000 released session-expired']);
  });

  test('P2 C6 a write of the page waits behind what is held in its lane, which is tried for it', async () => {
    const harness = createHarness();
    await stored(harness, ['a'], lapsed);
    expect(await (await harness.post('b')).json()).toMatchObject({ queued: true, reason: 'session-expired' });
    await harness.clock.advance(0);
    expect(sends(harness.log)).toEqual(['a', 'a']);
    // The hold goes on, and nobody is told again.
    expect(told(harness.log, 'auth-required')).toHaveLength(1);
    harness.server(ok);
    await harness.post('c');
    await harness.clock.advance(0);
    expect(sends(harness.log)).toEqual(['a', 'a', 'a', 'b', 'c']);
    expect(told(harness.log, 'released')).toHaveLength(1);
    expect(told(harness.log, 'delivered')).toHaveLength(3);
  });

  test('P2 a write that was sent before the hold releases nothing', async () => {
    const harness = createHarness(lanes);
    let accept = (_answer: Response) => {};
    harness.server(() => new Promise((resolve) => (accept = resolve)));
    const late = harness.post('late', { headers: { 'X-Lane': 'other' } });
    await harness.clock.advance(5);
    await stored(harness, ['a'], lapsed);
    accept(ok());
    expect((await late).status).toBe(201);
    await harness.clock.advance(0);
    expect(told(harness.log, 'released')).toEqual([]);
  });

  test('P2 tries that a page’s writes set off never make a dead letter', async () => {
    const harness = createHarness();
    await stored(harness, ['a'], lapsed);
    for (let tries = 0; tries < 6; tries++) {
      await harness.post(`b${tries}`);
      await harness.clock.advance(0);
    }
    expect((await harness.api.entries())[0]).toMatchObject({ state: 'held', sends: 7 });
  });

  test('P2 an entry that’s refused after three releases is a dead letter, and the next one may try', async () => {
    const harness = createHarness();
    await stored(harness, ['a', 'b'], lapsed);
    for (let releases = 0; releases < 3; releases++) {
      expect(told(harness.log, 'failed')).toEqual([]);
      await harness.api.signIn();
      await harness.clock.advance(0);
    }
    expect(told(harness.log, 'failed')).toEqual(['0 failed auth-rejected']);
    expect(sends(harness.log)).toEqual(['a', 'a', 'a', 'a', 'b']);
  });

  test('A8 a 401 to a send that began before the renewal sends again and holds nothing', async () => {
    const harness = createHarness();
    let refuse = (_answer: Response) => {};
    await stored(harness, ['a'], () => new Promise<Response>((resolve) => (refuse = resolve)) as never);
    await harness.api.signIn();
    harness.server(ok);
    refuse(lapsed());
    await harness.clock.advance(0);
    expect(told(harness.log, 'held')).toEqual([]);
    expect(told(harness.log, 'delivered')).toHaveLength(1);
  });

  test('A16 after a sign-out a lapsed session is held, and nobody is asked for it', async () => {
    const harness = createHarness();
    await harness.api.signOut();
    await stored(harness, ['a'], lapsed);
    await harness.clock.advance(60_000);
    expect(sends(harness.log)).toEqual(['a']);
    expect(told(harness.log, 'auth-required')).toEqual([]);
    harness.server(ok);
    await harness.api.signIn('ann');
    await harness.clock.advance(0);
    expect(told(harness.log, 'delivered')).toHaveLength(1);
  });
});
