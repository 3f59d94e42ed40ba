import { describe, expect, test } from 'vitest';
import { createHarness } from '../support/harness.js';
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

describe('a page that waits for the answer to its request', () => {
  test('C3 in a worker that was replaced hears of its own entry’s end, where a newer one has the same id', async () => {
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

  test('K5 C3 hears a network error when another worker puts a newer request in its place, and not that one’s answer', async () => {
    const harness = createHarness();
    const { server, fetch, clock, api, goOffline, goOnline } = harness;
    goOffline();
    const outcome = outcomeOf(fetch('/api/notes', post('first', wait)));
    await settle();
    harness.update().activate();
    expect((await fetch('/api/notes', post('second', replace)))?.status).toBe(202);
    await settle();
    expect(outcome()).toBe('error');
    goOnline();
    server(() => new Response(null, { status: 201 }));
    await api.wake('online');
    await clock.advance(10_000);
    expect(harness.log.filter((line) => line.includes('send'))).not.toContainEqual(expect.stringContaining('first'));
  });

  test('K5 C3 hears a network error, too, when the newer request is stored before it has begun to wait', async () => {
    const harness = createHarness();
    const { server, fetch, clock, api, goOffline, goOnline } = harness;
    goOffline();
    const outcomes = [outcomeOf(fetch('/api/notes', post('first', wait))), outcomeOf(fetch('/api/notes', post('second', { ...replace, 'Holdfast-Mode': 'wait' })))];
    await settle();
    goOnline();
    server(() => new Response(null, { status: 201 }));
    await api.wake('online');
    await clock.advance(10_000);
    expect(outcomes.map((outcome) => outcome())).toEqual(['error', '201']);
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
    let open = () => {};
    const lot = new Promise<void>((resolve) => (open = resolve));
    const { commit } = outbox;
    // As in IndexedDB, where writes that come together are committed together.
    outbox.commit = async (one) => {
      const result = await commit(one);
      await lot;
      return result;
    };
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
    ['that was refused by a limit was not', () => new Response(null, { status: 429 }), false],
    ['whose token was refused was not', () => new Response(null, { status: 401 }), false],
  ])('R10 %s', async (_what, reply, expected) => {
    expect(await cancelled(reply)).toMatchObject({ mayBeDelivered: expected });
  });

  test('R10 that was never sent was not', async () => {
    const harness = createHarness();
    harness.goOffline();
    await harness.fetch('/api/notes', post('a', { 'Holdfast-Id': 'x' }));
    await harness.api.cancel('x');
    expect(harness.events.at(-1)).toMatchObject({ type: 'cancelled', mayBeDelivered: false });
  });
});
