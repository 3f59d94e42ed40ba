import { describe, expect, test } from 'vitest';
import type { RetryingEvent } from '../../sw/protocol/events.js';
import { createHarness, type Harness, type HarnessOptions, type Reply } from '../support/harness.js';
import { settle } from '../support/virtual-clock.js';

const json = (status: number, body: unknown, headers: Record<string, string> = {}) => new Response(JSON.stringify(body), { status, headers });
const bare = (status: number, headers: Record<string, string> = {}) => new Response(null, { status, headers });
const created = () => bare(201);
const id = (name: string) => ({ headers: { 'Holdfast-Id': name } });

/** A worker whose page has posted `a`, which is stored as the server has answered so. */
async function withStored(first: Reply, options?: HarnessOptions, init: Parameters<Harness['post']>[1] = id('a')): Promise<Harness> {
  const harness = createHarness(options);
  harness.server(() => first);
  await harness.post('a', init);
  return harness;
}

/** The answers to the requests to come, in their order; the last one is repeated. The keys of the requests are returned. */
function answers({ server }: Harness, ...replies: ((request: Request) => Reply)[]): (string | null)[] {
  const keys: (string | null)[] = [];
  server((request) => {
    keys.push(request.headers.get('idempotency-key'));
    return replies[Math.min(keys.length, replies.length) - 1]!(request);
  });
  return keys;
}

const retries = ({ events }: Harness) => events.filter((event): event is RetryingEvent => event.type === 'retrying');
const failed = ({ events }: Harness) => events.find(({ type }) => type === 'failed');

describe('E2 an answer by which the server is still at the first attempt', () => {
  test.each<[string, () => Reply]>([
    ['Retry-After', () => bare(409, { 'Retry-After': '1' })],
    ['Stripe-Should-Retry', () => bare(409, { 'Stripe-Should-Retry': 'true' })],
    ['retryable', () => json(409, { retryable: true })],
    ['Idempotency-Status', () => bare(409, { 'Idempotency-Status': 'conflict' })],
    ['a code', () => json(409, { code: 'REQUEST_IN_PROGRESS' })],
    ['a code in an error', () => json(409, { error: { code: 'idempotency_key_in_use' } })],
    ['an issue in details', () => json(409, { details: [{ issue: 'PREVIOUS_REQUEST_IN_PROGRESS' }] })],
    ['a 423', () => bare(423, { 'Retry-After': '1' })],
    ['a 425', () => bare(425, { 'Retry-After': '1' })],
  ])('E2 by %s is no refusal: it’s asked again, and no retry is spent', async (_, busy) => {
    const harness = await withStored('drop');
    answers(harness, busy, busy, created);
    await harness.clock.advance(1_000);
    expect(await harness.api.entry('a')).toMatchObject({ state: 'pending', reason: 'in-progress', retries: 0 });
    await harness.clock.advance(60_000);
    expect(retries(harness).slice(1)).toMatchObject([
      { reason: 'in-progress', attempt: 1, maxAttempts: null },
      { reason: 'in-progress', attempt: 2, maxAttempts: null },
    ]);
    expect(await harness.api.settled('a')).toMatchObject({ state: 'delivered', status: 201 });
  });

  test('E2 is known by our own key in it', async () => {
    const harness = await withStored('drop');
    answers(harness, (request) => bare(409, { 'Idempotency-Key': request.headers.get('idempotency-key')! }), created);
    await harness.clock.advance(30_000);
    expect(await harness.api.settled('a')).toMatchObject({ state: 'delivered' });
  });

  test('E2 is known by a code of the app’s own', async () => {
    const harness = await withStored('drop', { backends: [{ baseUrl: '/api', busyCodes: ['STILL_AT_IT'] }] });
    answers(harness, () => json(409, { code: 'STILL_AT_IT' }), created);
    await harness.clock.advance(1_000);
    expect(await harness.api.entry('a')).toMatchObject({ reason: 'in-progress' });
  });

  test('E2 is asked again after 2 s doubling to 30 s, with jitter, for 15 minutes, and is in doubt then', async () => {
    const harness = await withStored('drop');
    answers(harness, () => bare(409, { 'Idempotency-Status': 'conflict' }));
    await harness.clock.advance(20 * 60_000);
    const [first, ...asked] = retries(harness).slice(1);
    expect([first!, ...asked].slice(0, 5).map(({ delayMs }) => delayMs)).toEqual([2_400, 4_800, 9_600, 19_200, 30_000]);
    expect(Math.max(...asked.map(({ delayMs }) => delayMs))).toBe(30_000);
    expect(failed(harness)).toMatchObject({ reason: 'retries-exhausted', status: 409, inDoubt: true, at: first!.at + 15 * 60_000 });
  });

  test('E2 waits for as long as Retry-After says', async () => {
    const harness = await withStored('drop');
    answers(harness, () => bare(409, { 'Retry-After': '20' }), created);
    await harness.clock.advance(60_000);
    expect(retries(harness)[1]).toMatchObject({ delayMs: 20_000 });
  });

  test('E2 ends after 15 minutes of the server’s time, however long the server asks for patience', async () => {
    const harness = await withStored('drop');
    answers(harness, () => bare(409, { 'Retry-After': '86400' }));
    await harness.clock.advance(16 * 60_000);
    expect(await harness.api.entry('a')).toMatchObject({ state: 'dead', inDoubt: true });
  });

  test('E2 holds its lane back: nothing overtakes what may be about to succeed', async () => {
    const harness = await withStored('drop');
    await harness.post('b', id('b'));
    const { log } = harness;
    log.length = 0;
    answers(harness, () => bare(409, { 'Retry-After': '5' }), created);
    await harness.clock.advance(60_000);
    expect(log.filter((line) => / send | delivered /.test(line)).map((line) => line.replace(/^\d+ /, ''))).toEqual(['send a', 'send a', 'delivered a', 'send b', 'delivered b']);
  });

  test('K5 E2 isn’t replaced: what would take its place queues behind it', async () => {
    const harness = await withStored('drop');
    answers(harness, () => bare(409, { 'Retry-After': '5' }), created);
    await harness.clock.advance(1_000);
    await harness.post('newer', { headers: { 'Holdfast-Id': 'a', 'Holdfast-Replace': '1' } });
    expect((await harness.api.entries()).map(({ seq, reason }) => [seq, reason])).toEqual([[1, 'in-progress'], [2, 'replaced']]);
  });

  test('E2 goes on where it was in the next worker', async () => {
    const harness = await withStored('drop');
    answers(harness, () => bare(409, { 'Idempotency-Status': 'conflict' }));
    await harness.clock.advance(10 * 60_000);
    harness.restart();
    await harness.look();
    await harness.clock.advance(6 * 60_000);
    expect(await harness.api.entry('a')).toMatchObject({ state: 'dead', inDoubt: true });
  });

  test('E2 reaches the page untouched where it answers the page’s own first send', async () => {
    const harness = createHarness();
    harness.server(() => bare(409, { 'Retry-After': '1' }));
    expect((await harness.post('a')).status).toBe(409);
    expect(await harness.api.entries()).toEqual([]);
  });

  test('E2 is what the first answer to an entry may be that waited offline: the mark alone counts', async () => {
    const harness = createHarness();
    harness.goOffline();
    await harness.post('a', id('a'));
    harness.goOnline();
    answers(harness, () => bare(409, { 'Retry-After': '1' }), created);
    await harness.api.wake('online');
    await harness.clock.advance(60_000);
    expect(await harness.api.settled('a')).toMatchObject({ state: 'delivered' });
  });

  test('E2 means nothing to an entry without a key, which no layer knows', async () => {
    const harness = await withStored('drop', { backends: [{ baseUrl: '/api', idempotencyKey: false }] });
    answers(harness, () => bare(409, { 'Retry-After': '1' }));
    await harness.clock.advance(1_000);
    expect(await harness.api.entry('a')).toMatchObject({ state: 'dead', reason: 'permanent', inDoubt: true });
  });

  test('E2 is the app’s to judge: a classifier that takes it for a delivery has its way', async () => {
    const harness = await withStored('drop', { backends: [{ baseUrl: '/api', classify: (outcome) => (outcome.kind === 'answer' ? 'delivered' : 'transient') }] });
    answers(harness, () => bare(409, { 'Retry-After': '1' }));
    await harness.clock.advance(1_000);
    expect(await harness.api.settled('a')).toMatchObject({ state: 'delivered', status: 409 });
  });
});

describe('E2 a conflict without a mark', () => {
  test.each([409, 423])('E2 by a %s after a send without an answer has the ordinary five retries, and is in doubt then', async (status) => {
    const harness = await withStored('drop');
    answers(harness, () => bare(status));
    await harness.clock.advance(120_000);
    expect(retries(harness).slice(1).map(({ attempt, maxAttempts, delayMs }) => [attempt, maxAttempts, delayMs])).toEqual([
      [1, 5, 2_000],
      [2, 5, 4_000],
      [3, 5, 8_000],
      [4, 5, 16_000],
      [5, 5, 32_000],
    ]);
    expect(failed(harness)).toMatchObject({ reason: 'retries-exhausted', status, inDoubt: true });
  });

  test('E2 to an entry that was never sent is permanent at once', async () => {
    const harness = createHarness();
    harness.goOffline();
    await harness.post('a', id('a'));
    harness.goOnline();
    answers(harness, () => bare(409));
    await harness.api.wake('online');
    await harness.clock.advance(1_000);
    expect(failed(harness)).toMatchObject({ reason: 'permanent', status: 409 });
    expect(failed(harness)).not.toHaveProperty('inDoubt');
  });

  test('E2 with a mark that asking again is no use is permanent at once, and in doubt', async () => {
    const harness = await withStored('drop');
    answers(harness, () => json(409, { retryable: false }, { 'Retry-After': '1' }));
    await harness.clock.advance(1_000);
    expect(failed(harness)).toMatchObject({ reason: 'permanent', status: 409, inDoubt: true });
  });

  test('E1 E2 after an earlier worker that may have died over a send has the five retries', async () => {
    const harness = createHarness();
    harness.goOffline();
    await harness.post('a', id('a'));
    harness.goOnline();
    harness.restart();
    answers(harness, () => bare(409), created);
    await harness.look();
    await harness.clock.advance(60_000);
    expect(await harness.api.settled('a')).toMatchObject({ state: 'delivered' });
  });

  test('E2 to a fetch event that comes again is no answer to the page, as the dead worker’s send may be under way', async () => {
    const harness = createHarness({ backends: [{ baseUrl: '/api', capture: 'write-ahead' }] });
    harness.server(() => 'hang');
    void harness.fetch('/api/notes', { method: 'POST', body: 'a', headers: { 'Holdfast-Id': 'a' } });
    await settle();
    harness.restart();
    answers(harness, () => json(409, { code: 'REQUEST_IN_PROGRESS' }), created);
    const again = harness.fetch('/api/notes', { method: 'POST', body: 'a', headers: { 'Holdfast-Id': 'a' } });
    await harness.clock.advance(0);
    expect((await again)?.status).toBe(202);
    await harness.clock.advance(60_000);
    expect(await harness.api.settled('a')).toMatchObject({ state: 'delivered' });
  });
});

describe('E3 a failure that the server keeps under the key', () => {
  test.each(['Idempotency-Replayed', 'Idempotent-Replayed', 'X-Idempotency-Replayed', 'X-Idempotent-Replayed'])('E3 by %s ends the ladder: it won’t change', async (name) => {
    const harness = await withStored(bare(500));
    answers(harness, () => bare(500, { [name]: 'true', 'Retry-After': '1' }));
    await harness.clock.advance(10_000);
    expect(failed(harness)).toMatchObject({ reason: 'permanent', status: 500, inDoubt: true, replayed: true });
    expect(await harness.api.settled('a')).toMatchObject({ state: 'failed', status: 500, inDoubt: true, replayed: true });
  });

  test('E3 by Idempotency-Status, of a 429, isn’t in doubt: nothing was done', async () => {
    const harness = await withStored(bare(429));
    answers(harness, () => bare(429, { 'Idempotency-Status': 'replayed' }));
    await harness.clock.advance(10_000);
    expect(failed(harness)).toMatchObject({ reason: 'permanent', status: 429, replayed: true });
    expect(failed(harness)).not.toHaveProperty('inDoubt');
  });

  test('E3 is none where the mark says that it isn’t kept', async () => {
    const harness = await withStored(bare(500));
    answers(harness, () => bare(500, { 'Idempotent-Replayed': 'false' }));
    await harness.clock.advance(10_000);
    expect(await harness.api.entry('a')).toMatchObject({ state: 'pending', reason: 'server-error' });
  });
});

describe('E4 a 401 that the server keeps under the key', () => {
  /** Keeps the first answer to each key: 401 for a token that's over, else 201. */
  function keeper({ server }: Harness, good: string) {
    const kept = new Map<string, number>();
    const keys: string[] = [];
    server((request) => {
      const key = request.headers.get('idempotency-key')!;
      keys.push(key);
      if (!kept.has(key)) kept.set(key, request.headers.get('authorization') === `Bearer ${good}` ? 201 : 401);
      return bare(kept.get(key)!);
    });
    return keys;
  }

  test('E4 isn’t given to the next token, which goes with a fresh key', async () => {
    const harness = createHarness();
    const keys = keeper(harness, 'fresh');
    await harness.post('a', { token: 'old', ...id('a') });
    expect(await harness.api.provideToken('fresh')).toBe('released');
    await harness.clock.advance(1_000);
    expect(await harness.api.settled('a')).toMatchObject({ state: 'delivered' });
    expect(new Set(keys).size).toBe(2);
    expect(keys[1]).toMatch(/^".+"$/);
  });

  test('E4 makes no auth-rejected of a hold, however many tokens were over', async () => {
    const harness = createHarness();
    keeper(harness, 'good');
    await harness.post('a', { token: 'old', ...id('a') });
    for (const token of ['one', 'two', 'good']) {
      await harness.api.provideToken(token);
      await harness.clock.advance(1_000);
    }
    expect(await harness.api.settled('a')).toMatchObject({ state: 'delivered' });
  });

  test('E4 is given to the next token where the key is the page’s own', async () => {
    const harness = createHarness();
    const keys = keeper(harness, 'fresh');
    await harness.post('a', { token: 'old', headers: { 'Holdfast-Id': 'a', 'Idempotency-Key': 'mine' } });
    await harness.api.provideToken('fresh');
    await harness.clock.advance(1_000);
    expect(keys).toEqual(['mine', 'mine']);
  });

  test('E4 isn’t taken for the only answer where the server may have acted on an earlier send', async () => {
    const harness = await withStored('drop', {}, { token: 'old', ...id('a') });
    const keys = answers(harness, () => bare(401), created);
    await harness.clock.advance(1_000);
    await harness.api.provideToken('fresh');
    await harness.clock.advance(1_000);
    expect(keys).toHaveLength(2);
    expect(new Set(keys).size).toBe(1);
  });

  test('E4 isn’t held against the token that it’s given to, where it says that it’s kept: the entry goes out once more, under a fresh key', async () => {
    const harness = createHarness();
    harness.goOffline();
    await harness.api.provideToken('old');
    await harness.post('a', { token: 'old', ...id('a') });
    harness.goOnline();
    harness.restart();
    await harness.api.provideToken('old');
    const keys = answers(harness, () => bare(401), () => bare(401, { 'Idempotent-Replayed': 'true' }), created);
    await harness.api.wake('online');
    await harness.clock.advance(3_000);
    await harness.api.provideToken('fresh');
    await harness.clock.advance(1_000);
    expect(harness.events.filter(({ type }) => type === 'auth-required')).toHaveLength(1);
    expect(keys.map((key) => key === keys[0])).toEqual([true, true, false]);
    expect(await harness.api.settled('a')).toMatchObject({ state: 'delivered' });
  });

  test('E4 holds all the same where every 401 is said to be kept, of a key that’s new too', async () => {
    const harness = createHarness();
    harness.server(() => bare(401, { 'Idempotent-Replayed': 'true' }));
    await harness.post('a', { token: 'old', ...id('a') });
    for (const token of ['one', 'two', 'three']) {
      await harness.api.provideToken(token);
      await harness.clock.advance(1_000);
    }
    expect(harness.log.filter((line) => / send /.test(line)).length).toBeLessThan(9);
    expect(await harness.api.entry('a')).toMatchObject({ state: 'dead', reason: 'auth-rejected' });
  });

  test('E4 is left for a fresh key too where the token was renewed while the request was under way', async () => {
    const harness = createHarness();
    await harness.api.provideToken('old');
    harness.goOffline();
    await harness.post('a', { token: 'old', ...id('a') });
    harness.goOnline();
    const keys: (string | null)[] = [];
    harness.server(async (request) => {
      keys.push(request.headers.get('idempotency-key'));
      if (keys.length > 1) return created();
      await harness.api.provideToken('fresh');
      return bare(401);
    });
    await harness.api.wake('online');
    await harness.clock.advance(1_000);
    expect(new Set(keys).size).toBe(2);
  });
});

describe('E5 in doubt', () => {
  test.each([404, 410, 412, 417, 422])('E5 is a dead letter of a %s after a send without an answer', async (status) => {
    const harness = await withStored('drop');
    answers(harness, () => bare(status));
    await harness.clock.advance(1_000);
    expect(failed(harness)).toMatchObject({ reason: 'permanent', status, inDoubt: true });
    expect(await harness.api.entry('a')).toMatchObject({ state: 'dead', inDoubt: true });
    expect((await harness.api.entries())[0]).toMatchObject({ inDoubt: true });
    expect(await harness.api.settled('a')).toMatchObject({ state: 'failed', inDoubt: true });
    await harness.clock.advance(25 * 3_600_000);
    expect(await harness.api.settled('a')).toMatchObject({ state: 'failed', inDoubt: true });
  });

  test.each([401, 429])('E1 E5 isn’t a dead letter whose sends before came to a %s: nothing was done', async (status) => {
    const harness = await withStored(bare(status), {}, { token: 'old', ...id('a') });
    answers(harness, () => bare(422));
    await harness.api.provideToken('fresh');
    await harness.clock.advance(5_000);
    expect(failed(harness)).toMatchObject({ status: 422 });
    expect(failed(harness)).not.toHaveProperty('inDoubt');
    expect(await harness.api.entry('a')).not.toHaveProperty('inDoubt');
  });

  test('E1 E5 isn’t said of a request that was only ever queued', async () => {
    const harness = createHarness();
    harness.goOffline();
    await harness.post('a', id('a'));
    harness.goOnline();
    answers(harness, () => bare(422));
    await harness.api.wake('online');
    await harness.clock.advance(1_000);
    expect(await harness.api.entry('a')).not.toHaveProperty('inDoubt');
  });

  test('E1 E5 is said where an app’s own classifier gives up on a send without an answer', async () => {
    const classify = ({ kind }: { kind: string }) => (kind === 'unreachable' ? 'permanent' : 'transient');
    const harness = await withStored(bare(429), { backends: [{ baseUrl: '/api', classify }] });
    answers(harness, () => 'drop');
    await harness.clock.advance(5_000);
    expect(await harness.api.entry('a')).toMatchObject({ state: 'dead', inDoubt: true, sends: 2 });
  });

  async function inDoubt(options?: HarnessOptions, init?: Parameters<Harness['post']>[1]) {
    const harness = await withStored('drop', options, init);
    answers(harness, () => bare(404));
    await harness.clock.advance(1_000);
    const { idempotencyKey } = (await harness.api.entry('a'))!;
    return { ...harness, harness, key: idempotencyKey! };
  }

  test('E5 asks again under the same key, or goes out as new under another', async () => {
    const { harness, api, clock, key } = await inDoubt();
    const keys = answers(harness, () => bare(404), created);
    expect(await api.retry('a')).toBe(true);
    await clock.advance(1_000);
    expect(keys).toEqual([key]);
    expect(await api.entry('a')).toMatchObject({ state: 'dead', inDoubt: true });
    expect(await api.retry('a', { newKey: true })).toBe(true);
    await clock.advance(1_000);
    expect(keys[1]).toMatch(/^"uuid-.+"$/);
    expect(keys[1]).not.toBe(key);
    expect(await api.settled('a')).toMatchObject({ state: 'delivered' });
  });

  test('E5 stays in doubt when it’s refused as new: what went before may have been acted on', async () => {
    const { harness, api, clock } = await inDoubt();
    answers(harness, () => bare(422));
    await api.retry('a', { newKey: true });
    await clock.advance(1_000);
    expect(await api.entry('a')).toMatchObject({ state: 'dead', inDoubt: true });
  });

  test('E2 E5 an entry that’s sent as new has no earlier send to meet: a conflict is one at once', async () => {
    const { harness, api, clock } = await inDoubt();
    const keys = answers(harness, () => bare(409));
    await api.retry('a', { newKey: true });
    await clock.advance(60_000);
    expect(keys).toHaveLength(1);
  });

  test('E4 E5 an entry that’s sent as new has a fresh key for the next token, too', async () => {
    const { harness, api, clock } = await inDoubt({}, { token: 'old', ...id('a') });
    const keys = answers(harness, () => bare(401), created);
    await api.retry('a', { newKey: true });
    await clock.advance(1_000);
    await api.provideToken('fresh');
    await clock.advance(1_000);
    expect(new Set(keys).size).toBe(2);
  });

  test('E5 an edit keeps the key unless it’s told otherwise', async () => {
    const { api, key } = await inDoubt();
    await api.edit('a', { body: 'other' });
    expect((await api.entry('a'))!.idempotencyKey).toBe(key);
    await api.edit('a', { body: 'other' }, { newKey: true });
    const fresh = (await api.entry('a'))!.idempotencyKey;
    expect(fresh).not.toBe(key);
    await api.edit('a', {}, { newKey: true });
    expect((await api.entry('a'))!.idempotencyKey).not.toBe(fresh);
  });

  test.each([[{ newKey: 'yes' }], [{ key: 'x' }], ['newKey']])('E5 refuses the options %j, and changes nothing', async (options) => {
    const { api } = await inDoubt();
    await expect(api.retry('a', options as never)).rejects.toThrow(/newKey/);
    await expect(api.edit('a', { body: 'x' }, options as never)).rejects.toThrow(/newKey/);
    expect(await api.entry('a')).toMatchObject({ state: 'dead', bodySize: 1 });
  });

  test('E5 a kept answer to what was edited since says so, and a fresh answer doesn’t', async () => {
    const { harness, api, clock } = await inDoubt();
    await api.edit('a', { body: 'other' });
    answers(harness, () => bare(201, { 'Idempotent-Replayed': 'true' }));
    await api.retry('a');
    await clock.advance(1_000);
    expect(await api.settled('a')).toMatchObject({ state: 'delivered', replayed: true });
    expect(harness.events.at(-1)).toMatchObject({ type: 'delivered', replayed: true });
  });

  test('E5 a kept answer to what wasn’t edited is a delivery like any other', async () => {
    const harness = await withStored('drop');
    answers(harness, () => bare(201, { 'Idempotent-Replayed': 'true' }));
    await harness.clock.advance(1_000);
    expect(await harness.api.settled('a')).not.toHaveProperty('replayed');
  });

  test('R10 E5 a cancel says that the entry may be delivered, though it was to go out as new', async () => {
    const { api, events, goOffline } = await inDoubt();
    goOffline();
    await api.retry('a', { newKey: true });
    await api.cancel('a');
    expect(events.find(({ type }) => type === 'cancelled')).toMatchObject({ mayBeDelivered: true });
  });
});

describe('E6 idempotency keys', () => {
  const sent = async (idempotencyKey: NonNullable<HarnessOptions['backends']>[0]['idempotencyKey'], headers: Record<string, string> = {}) => {
    const harness = createHarness({ backends: [{ baseUrl: '/api', idempotencyKey: idempotencyKey! }] });
    harness.server(() => bare(401));
    await harness.post('a', { token: 'old', headers: { 'Holdfast-Id': 'a', ...headers } });
    const keys = answers(harness, () => bare(422));
    await harness.api.provideToken('fresh');
    await harness.clock.advance(1_000);
    await harness.api.edit('a', { body: 'x' });
    return [...keys, (await harness.api.entry('a'))!.idempotencyKey];
  };

  test('E6 go without quotes where the option says so, fresh ones too', async () => {
    const keys = await sent('bare');
    for (const key of keys) expect(key).toMatch(/^uuid-\d+$/);
    expect(new Set(keys).size).toBe(2);
  });

  test('E6 are quoted by default, fresh ones too', async () => {
    for (const key of await sent(true)) expect(key).toMatch(/^"uuid-\d+"$/);
  });

  test('E6 are made by a function, fresh ones too', async () => {
    let made = 0;
    expect(await sent(() => `app-${++made}`)).toEqual(['app-2', 'app-3']);
  });

  test.each([() => '', () => 'a\nb', () => ' a', () => 7 as unknown as string, () => { throw new Error('no'); }])('E6 are the default’s where the function gives none (%#)', async (made) => {
    for (const key of await sent(made)) expect(key).toMatch(/^"uuid-\d+"$/);
  });

  test('E6 of the page’s own have their own form when they’re renewed by an edit', async () => {
    const [kept, fresh] = await sent(true, { 'Idempotency-Key': 'order-1' });
    expect(kept).toBe('order-1');
    expect(fresh).toMatch(/^uuid-\d+$/);
  });
});
