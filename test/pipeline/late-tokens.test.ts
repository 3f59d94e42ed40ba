import { describe, expect, test } from 'vitest';
import type { BackendRecord } from '../../sw/policy/backend-record.js';
import { createHarness, type Harness } from '../support/harness.js';
import { settle } from '../support/virtual-clock.js';
import { jwt } from '../support/records.js';

const sends = (log: string[]) => log.filter((line) => line.includes('send '));
const lastOwner = async ({ outbox }: Harness) => (await outbox.start(1)).backends[0]?.last?.owner;
const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

/** Answers with the virtual clock's time, so that the worker knows the server's. */
const timed = ({ clock }: Harness) => () => new Response(null, { status: 201, headers: { Date: new Date(clock.now()).toUTCString() } });

describe('a sign-out', () => {
  const ann = (iat: number) => jwt({ sub: 'ann', iat, exp: 100_000 });

  test('A16 isn’t undone by a token that was made before it, and that the worker has never seen', async () => {
    const harness = createHarness();
    const { server, post, clock, api, goOffline, goOnline, log } = harness;
    server(timed(harness));
    await post('a', { token: ann(0) });
    await clock.advance(100_000);
    await api.signOut({ purge: true });
    goOffline();
    await post('b', { token: ann(50) });
    expect(await api.entries()).toMatchObject([{ state: 'parked', reason: 'signed-out' }]);
    goOnline();
    await api.wake('online');
    await clock.advance(60_000);
    expect(sends(log)).toHaveLength(1);
  });

  test('A18 is over with a token that was made after it, and with a token that the app hands over', async () => {
    for (const give of [(harness: Harness) => harness.post('b', { token: ann(101) }), (harness: Harness) => harness.api.provideToken(ann(50))]) {
      const harness = createHarness();
      const { server, post, clock, api } = harness;
      server(timed(harness));
      await post('a', { token: ann(0) });
      await clock.advance(100_000);
      await api.signOut();
      await clock.advance(5_000);
      await give(harness);
      expect((await api.status()).backends[0]?.holds).toEqual([]);
    }
  });
});

test('A16 a sign-out that comes while a token is being taken for several backends counts for all of them', async () => {
  const harness = createHarness({ backends: [{ baseUrl: '/api' }, { baseUrl: '/other' }] });
  const { post, api, clock, goOffline, goOnline, log, outbox } = harness;
  goOffline();
  for (const path of ['/api/a', '/other/b']) await post(path, { path, token: 'opaque-1' });
  await api.signOut();
  let open = () => {};
  const written = new Promise<void>((resolve) => (open = resolve));
  const { commit } = outbox;
  outbox.commit = async (one) => {
    await written;
    return commit(one);
  };
  const giving = api.provideToken('opaque-2');
  await settle();
  const leaving = api.signOut();
  await settle();
  open();
  await Promise.all([giving, leaving]);
  goOnline();
  await api.wake('online');
  await clock.advance(60_000);
  expect(sends(log)).toEqual([]);
  expect((await api.status()).backends.map(({ holds }) => holds[0]?.reason)).toEqual(['signed-out', 'signed-out']);
});

test('A16 a purge that comes while the app’s token is being taken is for that token’s user, at each backend', async () => {
  const harness = createHarness({ backends: [{ baseUrl: '/api' }, { baseUrl: '/other' }] });
  const { api, goOffline, post } = harness;
  const [ann, bob] = ['ann', 'bob'].map((sub) => jwt({ sub, iat: 1, exp: 100_000 }));
  await api.provideToken(bob);
  goOffline();
  for (const path of ['/api/x', '/other/x'])
    for (const [user, token] of [['ann', ann], ['bob', bob]] as const) await post(user, { token: token!, path, headers: { 'Holdfast-Id': user } });
  await api.provideToken(bob);
  const open: (() => void)[] = [];
  harness.slowDigest(() => new Promise((resolve) => open.push(resolve)));
  const giving = api.provideToken(ann);
  await settle();
  const leaving = api.signOut({ purge: true });
  await settle();
  for (const one of open) {
    one();
    await settle();
  }
  await Promise.all([giving, leaving]);
  expect((await api.entries()).map(({ id }) => id)).toEqual(['bob', 'bob']);
});

test('A8 tokens count in the order in which the app hands them over, however long the worker looks at one of them', async () => {
  const harness = createHarness();
  const { api } = harness;
  const [ann, bob] = ['ann', 'bob'].map((sub) => jwt({ sub, iat: 1, exp: 100_000 }));
  let open = () => {};
  harness.slowDigest((content) => (content === ann ? new Promise((resolve) => (open = resolve)) : Promise.resolve()));
  const [first, second] = [api.provideToken(ann), api.provideToken(bob)];
  await settle();
  open();
  await Promise.all([first, second]);
  expect(await lastOwner(harness)).toBe('bob');
});

test('A16 a token that one backend has seen before the sign-out signs nobody in at another backend after it', async () => {
  const harness = createHarness({ backends: [{ baseUrl: '/api' }, { baseUrl: '/other' }] });
  const { api, post, goOffline } = harness;
  const [older, newer] = [1, 50].map((iat) => jwt({ sub: 'ann', iat, exp: 100_000 }));
  await api.provideToken(older);
  await api.provideToken(newer, { baseUrl: '/api' });
  await api.signOut();
  goOffline();
  await post('late', { token: newer!, path: '/other/x' });
  expect(await api.entries()).toMatchObject([{ state: 'parked', reason: 'signed-out' }]);
});

test('A16 a sign-out forgets the newest token that an earlier worker has seen, where a page has shown this worker an older one since', async () => {
  const harness = createHarness();
  const { api, post, goOffline, restart } = harness;
  const [older, newer] = [1, 50].map((iat) => jwt({ sub: 'ann', iat, exp: 100_000 }));
  await api.provideToken(newer);
  restart();
  await post('a', { token: older! });
  await api.signOut();
  goOffline();
  await post('late', { token: newer! });
  expect(await api.entries()).toMatchObject([{ state: 'parked', reason: 'signed-out' }]);
});

test('A16 a sign-out at the older worker of an update counts in the newer one, which had read the state before its activation', async () => {
  const harness = createHarness();
  const { api, post, adopt, goOffline, update } = harness;
  const ann = jwt({ sub: 'ann', iat: 1, exp: 100_000 });
  await api.provideToken(ann);
  const { apiAtFirst, killFirst, activate } = update();
  killFirst();
  // An adoption reads the state at the worker's start; the older worker is started again after that.
  await adopt(null);
  await apiAtFirst.signOut();
  activate();
  goOffline();
  await post('late', { token: ann });
  expect(await api.entries()).toMatchObject([{ state: 'parked', reason: 'signed-out' }]);
});

describe('the answer to a token that the app hands over', () => {
  const [ann, annNewer] = [1, 50].map((iat) => jwt({ sub: 'ann', iat, exp: 100_000 })) as [string, string];

  test.each<[string, string, (harness: Harness) => Promise<unknown>, ((harness: Harness) => Promise<unknown>)?]>([
    ['a new token', annNewer, async () => {}],
    ['a token that a request has shown before', annNewer, ({ post }) => post('a', { token: annNewer })],
    ['a token that was on its way at a sign-out', 'opaque', async () => {}, ({ api }) => api.signOut()],
  ])('A16 comes once the disk says whose token it is, or that it’s forgotten: %s', async (_, token, before, meanwhile) => {
    const harness = createHarness();
    const { api, outbox } = harness;
    await api.provideToken(ann);
    let open = () => {};
    const held = new Promise<void>((resolve) => (open = resolve));
    const { commit } = outbox;
    outbox.commit = async (one) => {
      await held;
      return commit(one);
    };
    let digestThen: string | undefined;
    await before(harness);
    const giving = api.provideToken(token).then(async () => {
      const [{ seen }] = (await outbox.start(1)).backends as [BackendRecord];
      digestThen = seen.find(({ digest }) => digest === `digest of ${token}`)?.digest;
    });
    void meanwhile?.(harness);
    await settle();
    expect(digestThen).toBe(undefined);
    open();
    await giving;
    expect(digestThen).toBe(`digest of ${token}`);
  });

  test('A6 is an error where that can’t be written, and the token is the live one of each backend while its worker lives', async () => {
    const harness = createHarness({ backends: [{ baseUrl: '/api' }, { baseUrl: '/other' }] });
    const { api, outbox, log, post } = harness;
    const { commit } = outbox;
    outbox.commit = (one) => (one.backend?.key.endsWith('api') ? Promise.reject(new Error('the disk is full')) : commit(one));
    await expect(api.provideToken(ann)).rejects.toThrow('the disk is full');
    outbox.commit = commit;
    harness.goOffline();
    for (const path of ['/api/x', '/other/x']) await post(path, { path, token: ann });
    harness.goOnline();
    await api.wake('online');
    await harness.clock.advance(60_000);
    expect(sends(log).map((line) => line.split(' ')[2])).toEqual(['/api/x', '/other/x']);
    expect(await api.provideToken(ann)).toBe('ignored: same-token');
  });
});

describe('another user’s token', () => {
  const [ann, bob] = [jwt({ sub: 'ann', iat: 1, exp: 100_000 }), jwt({ sub: 'bob', iat: 50, exp: 100_000 })];

  test('A15 of an event that comes again to the next worker doesn’t take the place of the token that was known last', async () => {
    const harness = createHarness({ backends: [{ baseUrl: '/api', capture: 'write-ahead' }] });
    const { server, fetch, api, restart } = harness;
    server(() => 'hang');
    const init = { method: 'POST', body: 'ann’s', headers: bearer(ann) };
    void fetch('/api/notes', init);
    await settle();
    await api.provideToken(bob);
    await settle();
    restart();
    void fetch('/api/notes', init);
    await settle();
    expect(sends(harness.log)).toHaveLength(2);
    expect(await lastOwner(harness)).toBe('bob');
  });

  test('A15 of a page that’s still open from before doesn’t take the place of the token that was known last, in a worker that has none yet', async () => {
    const harness = createHarness();
    const { post, api, restart, clock } = harness;
    await post('x', { token: ann });
    await api.provideToken(bob);
    await settle();
    restart();
    await clock.advance(3_000);
    await post('ann’s', { token: ann });
    expect(await lastOwner(harness)).toBe('bob');
  });

  test('A15 A16 of a request that was on its way when the app handed over the live token doesn’t take its place, and a purge is for the live token’s user', async () => {
    const harness = createHarness();
    const { post, api, goOffline } = harness;
    await post('x', { token: ann });
    goOffline();
    await post('bob’s', { token: bob, headers: { 'Holdfast-Id': 'bobs' } });
    await api.provideToken(bob);
    await post('ann’s', { token: ann, headers: { 'Holdfast-Id': 'anns' } });
    expect(await lastOwner(harness)).toBe('bob');
    await api.signOut({ purge: true });
    expect(await api.entries()).toMatchObject([{ id: 'anns' }]);
  });

  test('A18 of a request takes the place of a token that the app has handed over, when that token is over', async () => {
    const harness = createHarness();
    const { post, api, clock } = harness;
    await api.provideToken(jwt({ sub: 'bob', iat: 50, exp: 100 }));
    await clock.advance(200_000);
    await post('ann’s', { token: ann });
    expect(await lastOwner(harness)).toBe('ann');
  });

  test('A18 of a request takes the place of a token that was seen on a request, as the app hasn’t said who is signed in', async () => {
    const harness = createHarness();
    await harness.post('bob’s', { token: bob });
    await harness.post('ann’s', { token: ann });
    expect(await lastOwner(harness)).toBe('ann');
  });

  test('A18 the token that was known last is learnt from an event that comes again', async () => {
    const harness = createHarness({ backends: [{ baseUrl: '/api', capture: 'write-ahead' }] });
    const { server, fetch, api, restart, clock, goOffline, goOnline, post } = harness;
    server(() => 'hang');
    const init = { method: 'POST', body: 'a', headers: bearer(ann) };
    void fetch('/api/notes', init);
    await settle();
    restart();
    server(() => new Response(null, { status: 201 }));
    await fetch('/api/notes', init);
    goOffline();
    await post('b', { token: ann, headers: { 'X-Later': '1' } });
    goOnline();
    await api.wake('online');
    await clock.advance(0);
    expect(harness.log.at(-1)).toContain('delivered');
  });
});

describe('a purge in an update', () => {
  const [ann, bob] = [jwt({ sub: 'ann', iat: 1, exp: 100_000 }), jwt({ sub: 'bob', iat: 50, exp: 100_000 })];

  /** Ann's and bob's entries, whose token the older worker was given when the newer one had read who is signed in. */
  async function updated(): Promise<Harness & { fetchAtFirst: Harness['fetch'] }> {
    const harness = createHarness();
    const { api, goOffline, post, update } = harness;
    goOffline();
    await post('ann’s', { token: ann, headers: { 'Holdfast-Id': 'anns' } });
    const { fetchAtFirst, activate } = update();
    await api.status();
    await fetchAtFirst('/api/x', { method: 'POST', body: 'bob’s', headers: { ...bearer(bob), 'Holdfast-Id': 'bobs' } });
    activate();
    return { ...harness, fetchAtFirst };
  }

  test('A16 is for the user who has signed in at the older worker since the newer one began', async () => {
    const { api, post, events } = await updated();
    await api.signOut({ purge: true });
    expect(await api.entries()).toMatchObject([{ id: 'anns' }]);
    await post('late', { token: bob });
    expect((await api.entries()).at(-1)).toMatchObject({ state: 'parked', reason: 'signed-out' });
    expect(events.filter(({ type }) => type === 'cancelled')).toHaveLength(1);
  });

  test('A16 is not for the user of a token that comes to the older worker after it', async () => {
    const { api, fetchAtFirst } = await updated();
    await api.signOut({ purge: true });
    await fetchAtFirst('/api/y', { method: 'POST', body: 'again', headers: { ...bearer(jwt({ sub: 'bob', iat: 51, exp: 100_000 })), 'Holdfast-Id': 'later' } });
    expect((await api.entries()).map(({ id }) => id)).toEqual(['anns', 'later']);
  });

  test('A16 A18 a token that comes while the purge is being decided counts after it', async () => {
    const { api, outbox } = await updated();
    let open = () => {};
    const reading = new Promise<void>((resolve) => (open = resolve));
    const { start } = outbox;
    outbox.start = () => reading.then(() => start(1));
    const leaving = api.signOut({ purge: true });
    await settle();
    const coming = api.provideToken(jwt({ sub: 'ann', iat: 60, exp: 100_000 }));
    await settle();
    open();
    await leaving;
    expect(await coming).toBe('released');
    expect(await api.entries()).toMatchObject([{ id: 'anns', reason: 'offline' }]);
    expect((await api.status()).backends).toMatchObject([{ holds: [] }]);
  });
});
