import { describe, expect, test } from 'vitest';
import { createHarness, type Harness } from '../support/harness.js';
import { settle } from '../support/virtual-clock.js';

const ok = () => new Response(null, { status: 201 });
const expired = () => Response.json({ code: 'token_expired' }, { status: 401 });
const jwt = (claims: object) => `h.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.s`;
const ann = jwt({ sub: 'ann' });
const annAgain = jwt({ sub: 'ann', iat: 1 });
const bob = jwt({ sub: 'bob' });
const sends = (log: string[]) => log.filter((line) => line.includes('send '));
const types = ({ events }: Harness) => events.map(({ type }) => type);
const states = async ({ api }: Harness) => (await api.entries()).map(({ state, reason }) => [state, reason]);

/** Stores ann's entries while offline, signs her out, and goes online. */
async function signedOut(harness: Harness, names: string[], options?: { purge?: boolean }): Promise<void> {
  harness.goOffline();
  for (const name of names) await harness.post(name, { token: ann });
  await harness.api.signOut(options);
  harness.goOnline();
  await harness.api.wake('online');
  await harness.clock.advance(60_000);
}

describe('A16 sign-out', () => {
  test('what waits for the token is parked, and nobody is asked for one', async () => {
    const harness = createHarness();
    await signedOut(harness, ['a', 'b']);
    expect(sends(harness.log)).toEqual([]);
    expect(await states(harness)).toEqual([['parked', 'signed-out'], ['parked', 'signed-out']]);
    expect(types(harness)).toContain('parked');
    expect(types(harness)).not.toContain('auth-required');
    expect(harness.events).toContainEqual(expect.objectContaining({ type: 'held', reason: 'signed-out', owner: 'ann', id: null }));
    expect(await harness.api.status()).toMatchObject({
      waiting: 2,
      backends: [{ holds: [{ owner: 'ann', reason: 'signed-out' }], tokenExpiresAt: null }],
    });
  });

  test('the same user’s next token releases it, in order', async () => {
    const harness = createHarness();
    await signedOut(harness, ['a', 'b']);
    expect(await harness.api.provideToken(annAgain)).toBe('released');
    await harness.clock.advance(0);
    expect(sends(harness.log)).toEqual([`60000 send a ${annAgain}`, `60000 send b ${annAgain}`]);
    expect(types(harness).filter((type) => type === 'released')).toHaveLength(1);
  });

  test('another user’s doesn’t, and is told so', async () => {
    const harness = createHarness();
    await signedOut(harness, ['a']);
    expect(await harness.api.provideToken(bob)).toBe('other-owner');
    expect((await harness.post('b', { token: bob })).status).toBe(201);
    await harness.clock.advance(60_000);
    expect(sends(harness.log)).toEqual([`60000 send b ${bob}`]);
    expect(await states(harness)).toMatchObject([['parked', expect.any(String)]]);
    expect(await harness.api.provideToken(annAgain)).toBe('released');
    await harness.clock.advance(0);
    expect(sends(harness.log).at(-1)).toBe(`120000 send a ${annAgain}`);
  });

  test('it survives the worker, and so does the memory of the forgotten token', async () => {
    const harness = createHarness();
    await signedOut(harness, ['a']);
    harness.restart();
    await harness.look();
    // A page that hasn't heard of it still uses the token.
    await harness.post('late', { token: ann });
    await harness.clock.advance(60_000);
    expect(sends(harness.log)).toEqual([]);
    expect(types(harness)).not.toContain('auth-required');
    expect(await states(harness)).toEqual([['parked', 'signed-out'], ['parked', 'signed-out']]);
    expect(await harness.api.provideToken(annAgain)).toBe('released');
    await harness.clock.advance(0);
    expect(sends(harness.log).map((line) => line.split(' ')[2])).toEqual(['a', 'late']);
  });

  test('the app itself may sign in with the very same token', async () => {
    const harness = createHarness();
    await signedOut(harness, ['a']);
    expect(await harness.api.provideToken(ann)).toBe('released');
  });

  test('but not with one that was refused before', async () => {
    const harness = createHarness();
    harness.server(expired);
    await harness.post('a', { token: ann });
    await harness.api.signOut();
    expect(await harness.api.provideToken(ann)).toBe('ignored: same-token');
    expect(await states(harness)).toEqual([['parked', 'signed-out']]);
  });

  test('the gate closes before the token is forgotten: nothing goes out in between', async () => {
    let go = () => {};
    const harness = createHarness({ backends: [{ baseUrl: '/api', beforeSend: () => new Promise<void>((resolve) => (go = resolve)) }] });
    harness.goOffline();
    await harness.post('a', { token: ann });
    harness.goOnline();
    await harness.api.wake('online');
    await settle();
    const out = harness.api.signOut();
    await Promise.resolve();
    await Promise.resolve();
    go();
    await out;
    await harness.clock.advance(60_000);
    expect(sends(harness.log)).toEqual([]);
    expect(types(harness)).not.toContain('auth-required');
  });

  test('a 401 that comes back after it holds nothing and asks nobody', async () => {
    const harness = createHarness();
    let refuse = () => {};
    harness.goOffline();
    await harness.post('a', { token: ann });
    harness.server(() => new Promise((resolve) => (refuse = () => resolve(expired()))));
    harness.goOnline();
    await harness.api.wake('online');
    await settle();
    await harness.api.signOut();
    refuse();
    await harness.clock.advance(60_000);
    expect(types(harness)).not.toContain('auth-required');
    expect(await states(harness)).toEqual([['parked', 'signed-out']]);
    harness.server(ok);
    expect(await harness.api.provideToken(annAgain)).toBe('released');
    await harness.clock.advance(0);
    expect(types(harness).at(-1)).toBe('delivered');
  });

  test('what needs no token goes on: marked so, or of a backend with auth: false', async () => {
    const harness = createHarness({ backends: [{ baseUrl: '/api' }, { baseUrl: '/free', auth: false }] });
    harness.goOffline();
    await harness.post('a', { token: ann });
    await harness.post('marked', { token: ann, headers: { 'Holdfast-Auth': 'none' } });
    await harness.post('free', { path: '/free/1' });
    await harness.api.signOut({ purge: true });
    expect((await harness.api.status()).backends.map(({ holds }) => holds.length)).toEqual([1, 0]);
    harness.goOnline();
    await harness.api.wake('online');
    await harness.clock.advance(0);
    expect(sends(harness.log).sort()).toEqual(['0 send free', '0 send marked']);
    expect(await harness.api.entries()).toEqual([]);
  });

  test('a sign-out that can’t be written is an error, and sends nothing without a token', async () => {
    const harness = createHarness();
    harness.goOffline();
    await harness.post('a', { token: ann });
    const { commit } = harness.outbox;
    harness.outbox.commit = () => Promise.reject(new Error('the disk is gone'));
    await expect(harness.api.signOut()).rejects.toThrow('the disk is gone');
    harness.outbox.commit = commit;
    expect(types(harness)).not.toContain('held');
    await harness.api.signOut();
    expect(types(harness)).toContain('held');
    expect(await states(harness)).toEqual([['parked', 'signed-out']]);
  });

  test('twice is once', async () => {
    const harness = createHarness();
    await signedOut(harness, ['a']);
    await harness.api.signOut();
    expect(types(harness).filter((type) => type === 'held')).toHaveLength(1);
  });

  test('a wrong option is refused by name', async () => {
    const { api } = createHarness();
    await expect(api.signOut({ purged: true } as never)).rejects.toThrow(/option "purged"/);
    await expect(api.signOut({ purge: 1 } as never)).rejects.toThrow(/option "purge" is 1; it must be true or false/);
  });
});

describe('A16 sign-out with purge', () => {
  test('removes what the user has, dead letters too, and tells it once of each that waited', async () => {
    const harness = createHarness();
    harness.server(() => new Response(null, { status: 500 }));
    harness.goOffline();
    await harness.post('a', { token: ann });
    await harness.post('b', { token: ann });
    await harness.api.signOut({ purge: true });
    expect(await harness.api.entries()).toEqual([]);
    const cancelled = harness.events.filter(({ type }) => type === 'cancelled');
    expect(cancelled).toMatchObject([{ mayBeDelivered: false }, { mayBeDelivered: false }]);
  });

  test('leaves another user’s alone', async () => {
    const harness = createHarness();
    harness.goOffline();
    await harness.post('bob’s', { token: bob });
    await harness.post('ann’s', { token: ann });
    await harness.api.signOut({ purge: true });
    expect((await harness.api.entries()).map(({ owner }) => owner)).toEqual(['bob']);
  });

  test('knows whose they are in a worker that has restarted since', async () => {
    const harness = createHarness();
    harness.goOffline();
    await harness.post('bob’s', { token: bob });
    await harness.post('ann’s', { token: ann });
    harness.restart();
    await harness.api.signOut({ purge: true });
    expect((await harness.api.entries()).map(({ owner }) => owner)).toEqual(['bob']);
  });

  test('cuts what is on the wire, and says that it may have been delivered', async () => {
    const harness = createHarness();
    harness.goOffline();
    await harness.post('a', { token: ann });
    harness.server(() => 'hang');
    harness.goOnline();
    await harness.api.wake('online');
    await settle();
    await harness.api.signOut({ purge: true });
    await settle();
    harness.server(ok);
    // Nothing of it holds up the lane.
    expect((await harness.post('next')).status).toBe(201);
    await harness.clock.advance(60_000);
    const ends = harness.events.filter(({ type }) => ['cancelled', 'delivered', 'failed'].includes(type));
    expect(ends).toMatchObject([{ type: 'cancelled', mayBeDelivered: true }]);
    expect(sends(harness.log)).toEqual([`0 send a ${ann}`, '0 send next']);
  });
});

describe('A16 sessions by cookie', () => {
  test('what came without a token is parked too, until the server takes one more such request', async () => {
    const harness = createHarness();
    harness.goOffline();
    await harness.post('a');
    await harness.api.signOut();
    harness.goOnline();
    await harness.api.wake('online');
    await harness.clock.advance(60_000);
    expect(sends(harness.log)).toEqual([]);
    expect(await states(harness)).toEqual([['parked', 'signed-out']]);
    harness.server(() => new Response(null, { status: 401 }));
    expect((await harness.post('login', { path: '/api/login' })).status).toBe(401);
    await harness.clock.advance(60_000);
    expect(sends(harness.log)).toHaveLength(1);
    harness.server(ok);
    expect((await harness.post('login', { path: '/api/login' })).status).toBe(201);
    await harness.clock.advance(0);
    expect(sends(harness.log).at(-1)).toBe('120000 send a');
  });

  test('A15 with an owner function, they go out in that owner’s session only', async () => {
    let user: string | null = 'ann';
    const harness = createHarness({ backends: [{ baseUrl: '/api', owner: () => user }] });
    harness.goOffline();
    await harness.post('ann’s');
    user = 'bob';
    harness.goOnline();
    expect((await harness.post('bob’s')).status).toBe(201);
    await harness.clock.advance(60_000);
    expect(sends(harness.log)).toEqual(['0 send bob’s']);
    expect(await harness.api.entries()).toMatchObject([{ state: 'parked', owner: 'ann' }]);
    user = 'ann';
    await harness.api.replay();
    await harness.clock.advance(0);
    expect(sends(harness.log).at(-1)).toBe('60000 send ann’s');
  });
});
