import { describe, expect, test } from 'vitest';
import type { TestOutbox } from '../support/stored-outbox.js';
import { createHarness, type Harness } from '../support/harness.js';
import { settle } from '../support/virtual-clock.js';

const wait = { 'Holdfast-Mode': 'wait', 'Holdfast-Id': 'x', Authorization: 'Bearer opaque' };
const replace = { 'Holdfast-Id': 'x', 'Holdfast-Replace': '1', Authorization: 'Bearer opaque' };
const post = (body: string, headers: Record<string, string>) => ({ method: 'POST', body, headers });

/** What a page's promise has come to: its status, or `error` for a network error; `open` while it waits. */
function outcomeOf(promise: Promise<Response | null>): () => string {
  let outcome = 'open';
  void promise.then((response) => (outcome = response?.type === 'error' ? 'error' : String(response?.status)));
  return () => outcome;
}

/**
 * Holds the results of an outbox's writes back, as in IndexedDB, where writes that come together are committed together.
 * Returns the function that lets them go.
 */
function committedTogether(outbox: TestOutbox, name: 'capture' | 'commit'): () => void {
  let open = () => {};
  const lot = new Promise<void>((resolve) => (open = resolve));
  const write = outbox[name] as (order: never) => Promise<unknown>;
  Object.assign(outbox, {
    [name]: async (order: never) => {
      const result = await write(order);
      await lot;
      return result;
    },
  });
  return open;
}

describe('a page that waits for the answer to its request', () => {
  test('C3 in a worker that was replaced hears of its own entry’s end, where a newer entry has the same id', async () => {
    const harness = createHarness();
    const { server, fetch, api, clock } = harness;
    server(() => 'drop');
    const outcome = outcomeOf(fetch('/api/notes', post('first', wait)));
    await settle();
    const { activate } = harness.update();
    activate();
    server(() => 'hang');
    await clock.advance(3_000);
    await api.provideToken('opaque');
    await clock.advance(0);
    expect((await fetch('/api/notes', post('second', replace)))?.status).toBe(202);
    expect(await api.entries()).toHaveLength(2);
    await api.signOut({ purge: true });
    await settle();
    expect(outcome()).toBe('error');
  });

  test('K5 C3 in a worker that lives on beside a newer one keeps its place, as it may be on the wire, and hears its own answer', async () => {
    const harness = createHarness();
    const { server, fetch, clock, api, goOffline, goOnline } = harness;
    goOffline();
    const outcome = outcomeOf(fetch('/api/notes', post('first', wait)));
    await settle();
    harness.update().activate();
    expect((await fetch('/api/notes', post('second', replace)))?.status).toBe(202);
    await settle();
    expect(outcome()).toBe('open');
    goOnline();
    server(() => new Response(null, { status: 201 }));
    await api.provideToken('opaque');
    await api.wake('online');
    await clock.advance(10_000);
    expect(outcome()).toBe('201');
    expect(harness.log.filter((line) => line.includes(' send ')).map((line) => line.split(' ')[2])).toEqual(['first', 'second']);
  });

  test('C3 in a worker that was replaced hears the answer that is written while the worker looks for it', async () => {
    const harness = createHarness();
    const { server, fetch, api, clock, outbox, goOffline, goOnline } = harness;
    goOffline();
    const outcome = outcomeOf(fetch('/api/notes', post('mine', wait)));
    await settle();
    harness.update().activate();
    let deliver = () => {};
    const delivered = new Promise<void>((resolve) => (deliver = resolve));
    const { commit } = outbox;
    outbox.commit = async (one) => {
      const decision = await commit(one);
      if (decision?.settlement) deliver();
      return decision;
    };
    // The first of two reads comes before the delivery is written, and the other one after it.
    let reads = 0;
    const around = <A, R>(read: (reference: A) => Promise<R>) => async (reference: A) => {
      if (++reads === 2) await delivered;
      return read(reference);
    };
    Object.assign(outbox, { find: around(outbox.find), settlement: around(outbox.settlement) });
    goOnline();
    server(() => new Response(null, { status: 201 }));
    await api.provideToken('opaque');
    await api.wake('online');
    await clock.advance(10_000);
    expect(outcome()).toBe('201');
  });

  test('K5 C3 hears a network error when the newer request that takes its place is stored before it has begun to wait', async () => {
    const harness = createHarness();
    const { server, fetch, clock, api, goOffline, goOnline } = harness;
    goOffline();
    const outcomes = [outcomeOf(fetch('/api/notes', post('first', wait))), outcomeOf(fetch('/api/notes', post('second', { ...replace, 'Holdfast-Mode': 'wait' })))];
    await settle();
    expect(outcomes.map((outcome) => outcome())).toEqual(['error', 'open']);
    goOnline();
    server(() => new Response(null, { status: 201 }));
    await api.wake('online');
    await clock.advance(10_000);
    expect(outcomes.map((outcome) => outcome())).toEqual(['error', '201']);
  });

  test('K5 C3 hears a network error at once when the newer request that takes its place is stored in the same transaction', async () => {
    const harness = createHarness();
    const { fetch, goOffline, outbox } = harness;
    goOffline();
    const open = committedTogether(outbox, 'capture');
    const outcome = outcomeOf(fetch('/api/notes', post('first', wait)));
    await settle();
    void fetch('/api/notes', post('second', replace));
    await settle();
    open();
    await settle();
    expect(outcome()).toBe('error');
  });
});

describe('a page whose event comes again', () => {
  test('C3 D1 has its answer, although its entry is delivered in the very transaction in which it’s taken up', async () => {
    const harness = createHarness();
    const { fetch, goOffline, goOnline, clock, restart, api, outbox, look } = harness;
    const mine = post('mine', { 'Holdfast-Mode': 'wait' });
    goOffline();
    void fetch('/api/x', mine);
    await clock.advance(0);
    restart();
    goOnline();
    await api.status();
    const open = committedTogether(outbox, 'commit');
    const outcome = outcomeOf(fetch('/api/x', mine));
    await settle();
    void look();
    await settle();
    open();
    await clock.advance(600_000);
    expect(outcome()).toBe('201');
  });
});

describe('a cancelled entry', () => {
  const cancelled = async (reply: () => Response | 'drop') => {
    const harness = createHarness();
    harness.server(reply);
    await harness.fetch('/api/notes', post('a', { 'Holdfast-Id': 'x', Authorization: 'Bearer opaque' }));
    await harness.api.cancel('x');
    return harness.events.find((event) => event.type === 'cancelled');
  };

  test.each<[what: string, reply: () => Response | 'drop', expected: boolean]>([
    ['whose answer was lost may have been delivered', () => 'drop', true],
    ['that was answered with a 503 may have been delivered', () => new Response(null, { status: 503 }), true],
    ['that was answered with a 408 may have been delivered', () => new Response(null, { status: 408 }), true],
    ['that was refused by a limit was not delivered', () => new Response(null, { status: 429 }), false],
    ['whose token was refused was not delivered', () => new Response(null, { status: 401 }), false],
  ])('R10 %s', async (_what, reply, expected) => {
    expect(await cancelled(reply)).toMatchObject({ mayBeDelivered: expected });
  });

  test('R10 that was never sent was not delivered', async () => {
    const harness = createHarness();
    harness.goOffline();
    await harness.fetch('/api/notes', post('a', { 'Holdfast-Id': 'x' }));
    await harness.api.cancel('x');
    expect(harness.events.at(-1)).toMatchObject({ type: 'cancelled', mayBeDelivered: false });
  });

  const mayBeDelivered = ({ events }: Harness) => events.find((event) => event.type === 'cancelled')?.mayBeDelivered;
  const queued = async (harness: Harness, id: string) => {
    harness.goOffline();
    await harness.fetch('/api/notes', post(id, { 'Holdfast-Id': id }));
  };

  test('R10 E1 over which a worker may have died may have been delivered, as may those that are sent ahead, and none behind them', async () => {
    for (const [id, expected] of [['e1', true], ['e16', true], ['e17', false]] as const) {
      const harness = createHarness();
      for (let at = 1; at <= 17; at++) await queued(harness, `e${at}`);
      harness.restart();
      await harness.api.cancel(id);
      expect(mayBeDelivered(harness)).toBe(expected);
    }
  });

  test('R10 E1 behind the one over which a worker may have died was not delivered while one probe went out at a time', async () => {
    for (const [id, expected] of [['e1', true], ['e2', false]] as const) {
      const harness = createHarness();
      harness.server(() => 'drop');
      for (const name of ['e1', 'e2']) await harness.fetch('/api/notes', post(name, { 'Holdfast-Id': name }));
      harness.restart();
      await harness.api.cancel(id);
      expect(mayBeDelivered(harness)).toBe(expected);
    }
  });

  test('R10 E1 over which a worker may have died may still have been delivered when its next send was refused by a limit', async () => {
    const harness = createHarness();
    const { server, api, goOnline, clock, restart } = harness;
    await queued(harness, 'x');
    restart();
    server(() => new Response(null, { status: 429, headers: { 'Retry-After': '60' } }));
    goOnline();
    await api.replay();
    await clock.advance(3_000);
    expect(await api.entry('x')).toMatchObject({ reason: 'rate-limited' });
    await api.cancel('x');
    expect(mayBeDelivered(harness)).toBe(true);
  });

  test('R10 E1 whose first send a worker died over may have been delivered, though it’s in line by now', async () => {
    const harness = createHarness({ backends: [{ baseUrl: '/api', capture: 'write-ahead' }] });
    const { server, api, fetch, clock } = harness;
    const posts = ['first', 'x'].map((id) => post(id, { 'Holdfast-Id': id }));
    server(() => 'hang');
    for (const one of posts) void fetch('/api/notes', one);
    await settle();
    harness.restart();
    server(() => new Response(null, { status: 429, headers: { 'Retry-After': '60' } }));
    for (const one of posts) void fetch('/api/notes', one);
    await clock.advance(10);
    expect(await api.entry('x')).toMatchObject({ reason: 'rate-limited' });
    await api.cancel('x');
    expect(mayBeDelivered(harness)).toBe(true);
  });

  test('R10 E1 whose first send a worker died over may have been delivered, though its event is too old to come again', async () => {
    const harness = createHarness({ backends: [{ baseUrl: '/api', capture: 'write-ahead' }] });
    const { server, api, fetch, clock, log } = harness;
    server(() => 'hang');
    for (const id of ['first', 'x']) void fetch('/api/notes', post(id, { 'Holdfast-Id': id }));
    await settle();
    harness.restart();
    await clock.advance(400_000);
    server((_request, count) => (count === 2 ? new Response(null, { status: 201 }) : new Response(null, { status: 429, headers: { 'Retry-After': '60' } })));
    await api.replay();
    await clock.advance(3_000);
    expect(log.filter((line) => line.includes(' send ')).map((line) => line.split(' ')[2])).toEqual(['first', 'x', 'first', 'x']);
    await api.cancel('x');
    expect(mayBeDelivered(harness)).toBe(true);
  });

  test('R10 E1 that another living worker may have on the wire may be delivered', async () => {
    const harness = createHarness();
    const { server, api, fetch, goOnline, clock } = harness;
    await queued(harness, 'first');
    await queued(harness, 'second');
    const { killFirst, activate } = harness.update();
    activate();
    await api.cancel('second');
    expect(mayBeDelivered(harness)).toBe(true);
    killFirst();
    // With the other worker gone, what this one has stored itself is known for sure.
    await clock.advance(400_000);
    goOnline();
    server(() => new Response(null, { status: 429, headers: { 'Retry-After': '60' } }));
    await fetch('/api/other', post('third', {}));
    await settle();
    await fetch('/api/other', post('fourth', { 'Holdfast-Id': 'fourth', 'Holdfast-Lane': 'other' }));
    harness.events.length = 0;
    await api.cancel('fourth');
    expect(mayBeDelivered(harness)).toBe(false);
  });

  test('R10 E1 whose answer couldn’t be written down may have been delivered', async () => {
    const harness = createHarness();
    const { server, api, outbox, goOnline } = harness;
    await queued(harness, 'x');
    goOnline();
    server(() => new Response(null, { status: 429, headers: { 'Retry-After': '60' } }));
    const { commit } = outbox;
    outbox.commit = async () => {
      throw new DOMException('lost', 'InvalidStateError');
    };
    await api.replay();
    await settle();
    outbox.commit = commit;
    await api.cancel('x');
    expect(mayBeDelivered(harness)).toBe(true);
  });

  test('R10 whose answer comes while the cancel is being written may have been delivered, and isn’t sent again', async () => {
    const harness = createHarness();
    const { server, api, outbox, goOnline, clock } = harness;
    await queued(harness, 'x');
    goOnline();
    let answer: (response: Response) => void = () => {};
    server(() => new Promise((resolve) => void (answer = resolve)));
    await api.replay();
    await settle();
    expect(await api.entry('x')).toMatchObject({ state: 'sending' });
    const { commit } = outbox;
    outbox.commit = async (one) => {
      answer(new Response(null, { status: 201 }));
      await clock.advance(1);
      return commit(one);
    };
    expect(await api.cancel('x')).toBe(true);
    expect(mayBeDelivered(harness)).toBe(true);
    expect(harness.log.filter((line) => line.includes(' send '))).toHaveLength(1);
  });
});
