import { describe, expect, test } from 'vitest';
import type { SyncApi } from '../../sw/protocol/api.js';
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

/** A page has made a call so many milliseconds ago, and makes it again. */
const repeated = ({ clock, madeAs }: Harness, ms: number): SyncApi => madeAs({ at: clock.now() - ms, again: true });

/** Stores ann's entries while offline, signs her out, and goes online. */
async function signedOut(harness: Harness, names: string[], options?: { purge?: boolean }): Promise<void> {
  harness.goOffline();
  for (const name of names) await harness.post(name, { token: ann });
  await harness.api.signOut(options);
  harness.goOnline();
  await harness.api.wake('online');
  await harness.clock.advance(60_000);
}

describe('A16 a sign-out', () => {
  test('parks the entries that need the token, and asks nobody for one', async () => {
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

  test('ends with the same user’s next token, which releases the entries in order', async () => {
    const harness = createHarness();
    await signedOut(harness, ['a', 'b']);
    expect(await harness.api.provideToken(annAgain)).toBe('released');
    await harness.clock.advance(0);
    expect(sends(harness.log)).toEqual([`60000 send a ${annAgain}`, `60000 send b ${annAgain}`]);
    expect(types(harness).filter((type) => type === 'released')).toHaveLength(1);
  });

  test('goes on for a user’s entries when another user’s token comes, and the caller is told so', async () => {
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

  test('outlives the worker, and so does the memory of the forgotten token', async () => {
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

  test('ends with the very same token, when the app itself hands it over', async () => {
    const harness = createHarness();
    await signedOut(harness, ['a']);
    expect(await harness.api.provideToken(ann)).toBe('released');
  });

  test('T6 stands against a token that a page brought before, and brings again to the next worker', async () => {
    const harness = createHarness();
    await harness.api.provideToken(ann);
    harness.goOffline();
    await harness.post('a', { token: ann });
    await harness.clock.advance(400);
    await harness.api.signOut();
    harness.goOnline();
    harness.restart();
    await harness.clock.advance(600);
    expect(await repeated(harness, 1_000).provideToken(ann)).toBe('ignored: same-token');
    // A request that brings it signs nobody in either.
    await harness.post('b', { token: ann });
    await harness.api.wake('online');
    await harness.clock.advance(60_000);
    expect(await states(harness)).toEqual([['parked', 'signed-out'], ['parked', 'signed-out']]);
    expect(sends(harness.log)).toEqual([]);
    expect(await harness.api.provideToken(ann)).toBe('released');
  });

  test('T6 ends with a token that a page brought after it, whichever of the two calls comes to the worker last', async () => {
    const harness = createHarness();
    await signedOut(harness, ['a']);
    await harness.clock.advance(1_000);
    // The page has asked for this one five seconds ago.
    await repeated(harness, 5_000).signOut({});
    expect(await repeated(harness, 4_000).provideToken(ann)).toBe('released');
  });

  test('T6 stands against a sign-in by cookie that a page made before, and makes again', async () => {
    const harness = createHarness();
    await harness.api.signIn('ann');
    await harness.clock.advance(400);
    await harness.api.signOut();
    await harness.clock.advance(600);
    await repeated(harness, 1_000).signIn('ann');
    expect(await harness.api.status()).toMatchObject({ backends: [{ holds: [{ owner: 'ann', reason: 'signed-out' }] }] });
    await repeated(harness, 500).signIn('ann');
    expect(await harness.api.status()).toMatchObject({ backends: [{ holds: [] }] });
  });

  /** ann's entry waits, and a while later bob comes, whose entry waits as well. */
  async function annThenBob(harness: Harness, bobComes: () => Promise<unknown>): Promise<void> {
    harness.goOffline();
    await harness.api.provideToken(ann);
    await harness.post('a', { token: ann });
    await harness.clock.advance(1_000);
    harness.restart();
    await bobComes();
    await harness.post('b', { token: bob });
  }
  /** Whose entries are still there. */
  const owners = async ({ api }: Harness) => (await api.entries()).map(({ owner }) => owner);

  test.each<[string, boolean, string[]]>([
    ['leaves who has come in another tab since signed in', false, ['ann', 'bob']],
    ['removes the former user’s entries, and none of who has come in another tab since', true, ['bob']],
  ])('T6 that no worker has answered, and that the page repeats, %s', async (_, purge, left) => {
    const harness = createHarness();
    await annThenBob(harness, () => harness.api.provideToken(bob));
    await repeated(harness, 500).signOut({ purge });
    expect(await owners(harness)).toEqual(left);
    harness.goOnline();
    await harness.api.wake('online');
    await harness.clock.advance(60_000);
    expect(sends(harness.log).map((line) => line.split(' ').slice(-2))).toEqual([['b', bob]]);
    expect(types(harness)).not.toContain('held');
  });

  test('T6 that the page repeats leaves alone whose token a request has brought since, that’s being taken, or who has signed in by cookie since', async () => {
    const learnt = createHarness();
    await annThenBob(learnt, async () => {});
    await repeated(learnt, 500).signOut({ purge: true });
    expect(await owners(learnt)).toEqual(['bob']);

    const taken = createHarness();
    await taken.api.provideToken(ann);
    await taken.clock.advance(1_000);
    const taking = taken.api.provideToken(bob);
    await repeated(taken, 500).signOut({ purge: true });
    expect(await taking).toBe('stored');
    expect(types(taken)).not.toContain('held');

    const byCookie = createHarness();
    await byCookie.api.signIn('ann');
    await byCookie.clock.advance(1_000);
    await byCookie.api.signIn('bob');
    await repeated(byCookie, 500).signOut({});
    expect(types(byCookie)).not.toContain('held');
  });

  test('T6 that the page repeats counts after the next user’s own sign-out as it did before: it takes none of that user’s', async () => {
    const harness = createHarness();
    await annThenBob(harness, () => harness.api.provideToken(bob));
    await harness.api.signOut();
    await repeated(harness, 500).signOut({ purge: true });
    expect(await states(harness)).toEqual([['parked', 'signed-out']]);
    expect(await owners(harness)).toEqual(['bob']);
  });

  test('T6 that the page repeats signs out the user whose token was only renewed since', async () => {
    const harness = createHarness();
    await annThenBob(harness, () => harness.api.provideToken(annAgain));
    await repeated(harness, 500).signOut({});
    expect(types(harness)).not.toContain('held');
    const alone = createHarness();
    alone.goOffline();
    await alone.api.provideToken(ann);
    await alone.post('a', { token: ann });
    await alone.clock.advance(1_000);
    await alone.api.provideToken(annAgain);
    await repeated(alone, 500).signOut({ purge: true });
    expect(await owners(alone)).toEqual([]);
    expect(types(alone)).toContain('held');
  });

  test('T6 a token that a page brings again signs nobody in once another user has come', async () => {
    const harness = createHarness();
    await annThenBob(harness, () => harness.api.provideToken(bob));
    expect(await repeated(harness, 500).provideToken(ann)).toBe('ignored: same-token');
    harness.goOnline();
    await harness.api.wake('online');
    await harness.clock.advance(60_000);
    expect(sends(harness.log).map((line) => line.split(' ').slice(-2))).toEqual([['b', bob]]);
  });

  test('T6 stands against a token, and a sign-in by cookie, from before it that come to the worker late, though for the first time', async () => {
    const harness = createHarness();
    await signedOut(harness, ['a']);
    const late = harness.madeAs({ at: harness.clock.now() - 61_000, again: false });
    expect(await late.provideToken(annAgain)).toBe('ignored: same-token');
    await late.signIn('bob');
    expect(await states(harness)).toEqual([['parked', 'signed-out']]);
    expect(sends(harness.log)).toEqual([]);
    // Nor do they take the place of who has come since.
    await harness.api.provideToken(bob);
    expect(await late.provideToken(annAgain)).toBe('ignored: same-token');
    harness.restart();
    await harness.api.provideToken(bob);
    expect(await harness.madeAs({ at: harness.clock.now() - 61_000, again: false }).provideToken(annAgain)).toBe('ignored: same-token');
    expect(sends(harness.log)).toEqual([]);
  });

  test('T6 ends with the next token also where the clock has been set back since', async () => {
    const harness = createHarness();
    harness.goOffline();
    await harness.post('a', { token: ann });
    await harness.madeAs({ at: harness.clock.now() + 60_000, again: false }).signOut({});
    expect(await harness.api.provideToken(annAgain)).toBe('released');
  });

  test('T6 signs out who has come before it, although the worker heard of both late', async () => {
    const harness = createHarness();
    await harness.api.provideToken(ann);
    await harness.clock.advance(1_000);
    // bob's page has brought a token, and has signed out, when the worker was starting.
    const at = harness.clock.now();
    await harness.clock.advance(500);
    await harness.madeAs({ at, again: false }).provideToken(bob);
    harness.restart();
    await harness.clock.advance(1_000);
    await harness.madeAs({ at: at + 50, again: true }).signOut({});
    expect(await harness.api.status()).toMatchObject({ backends: [{ holds: [{ owner: 'bob', reason: 'signed-out' }] }] });
  });

  test('T6 A10 that a page makes again leaves alone who has come since, though the worker hears of both at once', async () => {
    const harness = createHarness();
    await harness.api.provideToken(ann);
    harness.goOffline();
    await harness.post('a', { token: ann });
    await harness.post('b', { token: bob });
    await harness.api.provideToken(ann);
    await harness.clock.advance(1_000);
    const at = harness.clock.now();
    harness.restart();
    await harness.look();
    await harness.clock.advance(500);
    const leaving = harness.madeAs({ at, again: true }).signOut({ purge: true });
    const coming = harness.madeAs({ at: at + 50, again: false }).provideToken(bob);
    await Promise.all([leaving, coming]);
    expect((await harness.api.entries()).map(({ owner }) => owner)).toEqual(['bob']);
    expect(await harness.api.status()).toMatchObject({ parked: 0, backends: [{ holds: [] }] });
  });

  test('forgets every token that any backend has seen, also one of the same second as the newest', async () => {
    const harness = createHarness({ backends: [{ baseUrl: '/api' }, { baseUrl: '/other' }] });
    const [anns, bobs] = [jwt({ sub: 'ann', iat: 10 }), jwt({ sub: 'bob', iat: 10 })] as const;
    harness.goOffline();
    await harness.api.provideToken(anns, { baseUrl: '/other' });
    await harness.api.provideToken(bobs, { baseUrl: '/api' });
    await harness.api.signOut();
    await harness.post('late', { token: anns });
    harness.goOnline();
    await harness.api.wake('online');
    await harness.clock.advance(60_000);
    expect(sends(harness.log)).toEqual([]);
    expect(await states(harness)).toEqual([['parked', 'signed-out']]);
  });

  test('doesn’t end with a token that was refused before', async () => {
    const harness = createHarness();
    harness.server(expired);
    await harness.post('a', { token: ann });
    await harness.api.signOut();
    expect(await harness.api.provideToken(ann)).toBe('ignored: same-token');
    expect(await states(harness)).toEqual([['parked', 'signed-out']]);
  });

  test('closes the gate before it forgets the token, so that nothing goes out in between', async () => {
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

  test('makes a 401 that comes back after it hold nothing and ask nobody', async () => {
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

  test('lets entries go on that need no token, by a mark or by auth: false of their backend', async () => {
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

  test('that can’t be written is an error, and sends nothing without a token', async () => {
    const harness = createHarness();
    harness.goOffline();
    await harness.post('a', { token: ann });
    const { commit } = harness.outbox;
    harness.outbox.commit = () => Promise.reject(new Error('the disk is gone'));
    await expect(harness.api.signOut()).rejects.toThrow('the disk is gone');
    harness.outbox.commit = commit;
    // The pages hear of it all the same, and nobody is asked for a token.
    expect(types(harness)).toContain('held');
    harness.goOnline();
    await harness.api.wake('online');
    await harness.clock.advance(60_000);
    expect(sends(harness.log)).toEqual([]);
    expect(types(harness)).not.toContain('auth-required');
    await harness.api.signOut();
    harness.restart();
    expect(await states(harness)).toEqual([['parked', 'signed-out']]);
  });

  test('that’s repeated is told once', async () => {
    const harness = createHarness();
    await signedOut(harness, ['a']);
    await harness.api.signOut();
    expect(types(harness).filter((type) => type === 'held')).toHaveLength(1);
  });

  test('with a wrong option is refused by name', async () => {
    const { api } = createHarness();
    await expect(api.signOut({ purged: true } as never)).rejects.toThrow(/option "purged"/);
    await expect(api.signOut({ purge: 1 } as never)).rejects.toThrow(/option "purge" is 1; it must be true or false/);
  });
});

describe('A16 a sign-out with purge', () => {
  test('removes the user’s entries, dead letters too, and tells it once of each that waited', async () => {
    const harness = createHarness();
    harness.goOffline();
    await harness.post('dead', { token: ann, headers: { 'Holdfast-Lane': 'other' } });
    harness.server(() => new Response(null, { status: 422 }));
    harness.goOnline();
    await harness.api.wake('online');
    await harness.clock.advance(0);
    expect(await states(harness)).toEqual([['dead', 'permanent']]);
    harness.goOffline();
    await harness.post('a', { token: ann });
    await harness.post('b', { token: ann });
    await harness.api.signOut({ purge: true });
    expect(await harness.api.entries()).toEqual([]);
    const cancelled = harness.events.filter(({ type }) => type === 'cancelled');
    expect(cancelled).toMatchObject([{ mayBeDelivered: false }, { mayBeDelivered: false }]);
  });

  test('forgets the answers that the user got, and the journal', async () => {
    const harness = createHarness();
    harness.goOffline();
    await harness.post('a', { token: ann, headers: { 'Holdfast-Id': 'mine' } });
    harness.server(() => new Response('ann’s secret', { status: 200 }));
    harness.goOnline();
    await harness.api.wake('online');
    await harness.clock.advance(0);
    expect(await harness.api.settled('mine')).toMatchObject({ state: 'delivered' });
    await harness.api.signOut({ purge: true });
    expect(await harness.api.settled('mine')).toBeNull();
    expect((await harness.api.journal()).map(({ type }) => type)).toEqual(['held']);
  });

  test('leaves a first send under way to its page, which is answered', async () => {
    const harness = createHarness({ backends: [{ baseUrl: '/api', capture: 'write-ahead' }] });
    let answer = () => {};
    harness.server(() => new Promise((resolve) => (answer = () => resolve(ok()))));
    const response = harness.fetch('/api/x', { method: 'POST', body: 'x', headers: { Authorization: `Bearer ${ann}` } });
    await settle();
    await harness.api.signOut({ purge: true });
    answer();
    expect((await response)?.status).toBe(201);
    expect(types(harness)).not.toContain('cancelled');
  });

  test('leaves the entries of named users alone, where the token has no owner', async () => {
    const harness = createHarness();
    harness.goOffline();
    await harness.post('ann’s', { token: ann });
    await harness.api.provideToken('opaque');
    await harness.post('whose?', { token: 'opaque' });
    await harness.api.signOut({ purge: true });
    expect((await harness.api.entries()).map(({ owner }) => owner)).toEqual(['ann']);
  });

  test('leaves another user’s entries alone', async () => {
    const harness = createHarness();
    harness.goOffline();
    await harness.post('bob’s', { token: bob });
    await harness.post('ann’s', { token: ann });
    await harness.api.signOut({ purge: true });
    expect((await harness.api.entries()).map(({ owner }) => owner)).toEqual(['bob']);
  });

  test('knows the user’s entries in a worker that has restarted since', async () => {
    const harness = createHarness();
    harness.goOffline();
    await harness.post('bob’s', { token: bob });
    await harness.post('ann’s', { token: ann });
    harness.restart();
    await harness.api.signOut({ purge: true });
    expect((await harness.api.entries()).map(({ owner }) => owner)).toEqual(['bob']);
  });

  test('cuts a send that’s on the wire, and says that it may have been delivered', async () => {
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

describe('A16 after a sign-out', () => {
  test('a token that was on its way signs nobody in', async () => {
    for (let turns = 0; turns < 6; turns++) {
      const harness = createHarness();
      harness.goOffline();
      await harness.post('a', { token: ann });
      harness.goOnline();
      const provided = harness.api.provideToken(annAgain);
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      await harness.api.signOut();
      await provided;
      await harness.clock.advance(60_000);
      if (sends(harness.log).length === 0) expect(await states(harness)).toEqual([['parked', 'signed-out']]);
      expect((await harness.api.status()).backends).toMatchObject([{ holds: [{ reason: 'signed-out' }] }]);
    }
  });

  test('a request whose body was still being read signs nobody in', async () => {
    const harness = createHarness();
    harness.goOffline();
    await harness.post('a', { token: ann });
    harness.goOnline();
    let end = () => {};
    const body = new ReadableStream({
      start(stream) {
        stream.enqueue(new TextEncoder().encode('late'));
        end = () => stream.close();
      },
    });
    const headers = { Authorization: `Bearer ${annAgain}`, 'Content-Type': 'text/plain' };
    void harness.fetch('/api/late', { method: 'POST', body: body as never, headers, duplex: 'half' } as never);
    await settle();
    await harness.api.signOut();
    end();
    await harness.clock.advance(60_000);
    expect(sends(harness.log)).toEqual([]);
    expect(await states(harness)).toContainEqual(['parked', 'signed-out']);
  });

  test.each([
    ['the same worker', () => {}],
    ['the next worker', (harness: Harness) => harness.restart()],
  ])('a token that was on its way signs nobody in when a later request brings it once more, in %s', async (_where, between) => {
    const harness = createHarness();
    harness.goOffline();
    await harness.post('a', { token: ann });
    const late = harness.post('late', { token: annAgain });
    await harness.api.signOut();
    await late;
    await settle();
    between(harness);
    harness.goOnline();
    await harness.api.wake('online');
    await harness.post('again', { token: annAgain });
    await harness.clock.advance(60_000);
    expect(sends(harness.log)).toEqual([]);
    // A younger one does: somebody has signed in.
    await harness.post('next', { token: jwt({ sub: 'ann', iat: 2 }) });
    await harness.clock.advance(0);
    expect(sends(harness.log)).toHaveLength(4);
  });

  test('the old token signs nobody in, in a worker that the sign-out itself has started', async () => {
    const harness = createHarness();
    harness.goOffline();
    await harness.post('a', { token: ann });
    harness.restart();
    await harness.api.signOut();
    harness.goOnline();
    await harness.post('late', { token: ann });
    await harness.clock.advance(60_000);
    expect(sends(harness.log)).toEqual([]);
  });

  test('another tab’s token that was made before the forgotten one signs nobody in', async () => {
    const harness = createHarness();
    harness.goOffline();
    const [first, second, third] = [1, 2, 3].map((iat) => jwt({ sub: 'ann', iat }));
    await harness.post('a', { token: first! });
    await harness.api.provideToken(second);
    await harness.api.signOut();
    harness.goOnline();
    await harness.api.wake('online');
    await harness.post('late', { token: first! });
    await harness.clock.advance(60_000);
    expect(sends(harness.log)).toEqual([]);
    // A younger one does: somebody has signed in.
    await harness.post('next', { token: third! });
    await harness.clock.advance(0);
    expect(sends(harness.log).map((line) => line.split(' ')[2])).toEqual(['a', 'late', 'next']);
  });

  test('a 401 to the old token, which a page still uses, makes nobody ask for another one', async () => {
    const harness = createHarness();
    await harness.post('x', { token: ann });
    await harness.api.signOut();
    harness.server(expired);
    expect((await harness.post('late', { token: ann })).status).toBe(202);
    await harness.clock.advance(60_000);
    expect(types(harness)).not.toContain('auth-required');
    expect(await states(harness)).toEqual([['parked', 'signed-out']]);
  });

  test('a missing token isn’t asked for when it has come, or its user has gone, meanwhile', async () => {
    for (const meanwhile of ['token', 'sign-out'] as const) {
      const harness = createHarness();
      harness.goOffline();
      await harness.post('a', { token: ann, headers: { 'Holdfast-Lane': 'a' } });
      await harness.post('b', { token: bob, headers: { 'Holdfast-Lane': 'b' } });
      harness.restart();
      const { commit } = harness.outbox;
      let go = () => {};
      harness.outbox.commit = async (order) => {
        if (order.events?.some(({ type }) => type === 'auth-required')) await new Promise<void>((resolve) => (go = resolve));
        return commit(order);
      };
      harness.goOnline();
      void harness.api.wake('online');
      await harness.clock.advance(3_000);
      if (meanwhile === 'token') await harness.api.provideToken(bob);
      else void harness.api.signOut();
      await settle();
      go();
      harness.outbox.commit = commit;
      go();
      await harness.clock.advance(60_000);
      const asked = harness.events.filter(({ type }) => type === 'auth-required');
      expect(asked.map((event) => 'owner' in event && event.owner)).toEqual(['ann']);
    }
  });

  test('a worker that an update replaces in the middle of a drain leaves the rest to the newer worker', async () => {
    const harness = createHarness();
    harness.goOffline();
    for (const name of ['a', 'b']) await harness.post(name, { token: ann });
    let answer = () => {};
    harness.server(() => new Promise((resolve) => (answer = () => resolve(ok()))));
    harness.goOnline();
    await harness.api.wake('online');
    await settle();
    harness.update();
    await harness.api.signOut();
    answer();
    await harness.clock.advance(60_000);
    expect(sends(harness.log)).toHaveLength(1);
  });

  test('the older worker of an update, which still writes, doesn’t sign the user in', async () => {
    const harness = createHarness();
    await harness.post('x', { token: ann });
    let answer = () => {};
    harness.server(() => new Promise((resolve) => (answer = () => resolve(new Response(null, { status: 503 })))));
    const { fetchAtFirst } = harness.update();
    const first = fetchAtFirst('/api/late', { method: 'POST', body: 'late', headers: { Authorization: `Bearer ${ann}` } });
    await settle();
    await harness.api.signOut();
    answer();
    await first;
    harness.restart();
    harness.server(ok);
    await harness.look();
    await harness.clock.advance(60_000);
    expect(types(harness)).not.toContain('auth-required');
    expect((await harness.api.status()).backends).toMatchObject([{ holds: [{ reason: 'signed-out', owner: 'ann' }] }]);
  });

  test('the other backends are closed too where one backend’s sign-out can’t be written', async () => {
    const harness = createHarness({ backends: [{ baseUrl: '/api' }, { baseUrl: '/other' }] });
    harness.goOffline();
    await harness.post('a', { token: ann });
    await harness.post('b', { token: ann, path: '/other/1' });
    const { commit } = harness.outbox;
    harness.outbox.commit = (order) => (order.backend?.key.endsWith('api') ? Promise.reject(new Error('the disk is gone')) : commit(order));
    await expect(harness.api.signOut()).rejects.toThrow('the disk is gone');
    harness.goOnline();
    await harness.api.wake('online');
    await harness.clock.advance(60_000);
    expect(sends(harness.log)).toEqual([]);
  });

  test('a server that couldn’t be reached at the time is found again by the next request', async () => {
    const harness = createHarness();
    harness.server(() => 'drop');
    await harness.post('a', { token: ann });
    await harness.api.signOut();
    harness.server(ok);
    await harness.clock.advance(600_000);
    expect((await harness.post('hello', { path: '/api/hello', headers: { 'Holdfast-Lane': 'login' } })).status).toBe(201);
  });

  test('an owner may be called like a property of every object', async () => {
    const harness = createHarness();
    harness.goOffline();
    await harness.post('a', { token: jwt({ sub: 'constructor' }) });
    let refuse = () => {};
    harness.server((_request, count) => (count > 0 ? ok() : new Promise((resolve) => (refuse = () => resolve(expired())))));
    harness.goOnline();
    await harness.api.wake('online');
    await settle();
    // A 401 for an older token means: send again.
    expect(await harness.api.provideToken(jwt({ sub: 'constructor', iat: 1 }))).toBe('stored');
    refuse();
    await harness.clock.advance(0);
    expect(types(harness)).not.toContain('held');
    expect(types(harness).at(-1)).toBe('delivered');
  });
});

describe('A16 sessions by cookie', () => {
  test('A15 an entry of a session that the app has named is sent in that user’s session only', async () => {
    const harness = createHarness();
    await harness.api.signIn('ann');
    harness.goOffline();
    await harness.post('ann’s');
    await harness.api.signOut();
    await harness.api.signIn('bob');
    harness.restart();
    harness.goOnline();
    expect((await harness.post('bob’s')).status).toBe(201);
    await harness.clock.advance(60_000);
    expect(sends(harness.log)).toEqual(['0 send bob’s']);
    expect(await harness.api.entries()).toMatchObject([{ state: 'parked', owner: 'ann' }]);
    await harness.api.signIn('ann');
    await harness.clock.advance(0);
    expect(sends(harness.log).at(-1)).toBe('60000 send ann’s');
  });

  test('a sign-out parks a session’s entries, the next sign-in releases them, and login and logout go through', async () => {
    const harness = createHarness();
    await harness.api.signIn('ann');
    harness.goOffline();
    await harness.post('a');
    await harness.api.signOut();
    harness.goOnline();
    await harness.api.wake('online');
    expect((await harness.post('leave', { path: '/api/leave' })).status).toBe(201);
    expect((await harness.post('enter', { path: '/api/enter' })).status).toBe(201);
    await harness.clock.advance(60_000);
    expect(sends(harness.log)).toEqual(['0 send leave', '0 send enter']);
    expect(await states(harness)).toMatchObject([['parked', 'offline']]);
    await harness.api.signIn('ann');
    await harness.clock.advance(0);
    expect(sends(harness.log).at(-1)).toBe('60000 send a');
    expect((await harness.api.status()).backends).toMatchObject([{ holds: [] }]);
    expect(types(harness)).toContain('released');
  });

  test('an entry of a session that nobody has named is sent in whatever session there is', async () => {
    const harness = createHarness();
    harness.goOffline();
    await harness.post('a');
    await harness.api.signOut();
    harness.goOnline();
    await harness.api.wake('online');
    await harness.clock.advance(0);
    expect(sends(harness.log)).toEqual(['0 send a']);
  });

  test('a purge removes the user’s entries and those of no known user, and leaves another user’s', async () => {
    const harness = createHarness();
    harness.goOffline();
    await harness.post('nobody’s');
    await harness.api.signIn('bob');
    await harness.post('bob’s');
    await harness.api.signIn('ann');
    await harness.post('ann’s');
    await harness.post('marked', { headers: { 'Holdfast-Auth': 'none' } });
    harness.restart();
    await harness.api.signOut({ purge: true });
    expect((await harness.api.entries()).map(({ owner }) => owner)).toEqual(['bob', null]);
  });

  test('an entry is of the user who was signed in when it came, however long its body takes', async () => {
    const harness = createHarness();
    await harness.api.signIn('ann');
    harness.goOffline();
    let end = () => {};
    const body = new ReadableStream({ start: (stream) => void (end = () => stream.close()) });
    const stored = harness.fetch('/api/x', { method: 'POST', body: body as never, duplex: 'half' } as never);
    await settle();
    await harness.api.signIn('bob');
    end();
    await stored;
    expect(await harness.api.entries()).toMatchObject([{ owner: 'ann', state: 'parked' }]);
  });

  test('A15 an owner function says whose session it is', async () => {
    let user: string | null = 'ann';
    const harness = createHarness({ backends: [{ baseUrl: '/api', owner: () => user }] });
    harness.goOffline();
    await harness.post('ann’s');
    user = 'bob';
    harness.goOnline();
    expect((await harness.post('bob’s')).status).toBe(201);
    await harness.clock.advance(60_000);
    expect(sends(harness.log)).toEqual(['0 send bob’s']);
    await harness.api.signOut({ purge: true });
    expect(await harness.api.entries()).toMatchObject([{ state: 'parked', owner: 'ann' }]);
    user = 'ann';
    await harness.api.replay();
    await harness.clock.advance(0);
    expect(sends(harness.log).at(-1)).toBe('60000 send ann’s');
  });

  test('a sign-in with a user’s name of a wrong type or length is refused by name', async () => {
    const { api } = createHarness();
    for (const user of ['', null, 7, 'x'.repeat(256)] as string[])
      await expect(api.signIn(user)).rejects.toThrow(/option "user" is .*; it must be a string of 1 to 255 characters/);
  });
});
