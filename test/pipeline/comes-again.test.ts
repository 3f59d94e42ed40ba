import { describe, expect, test } from 'vitest';
import { createHarness, type Harness } from '../support/harness.js';
import { settle } from '../support/virtual-clock.js';

/** Chromium gives the fetch event of a worker that died to the next one: the page never knows. */
const AHEAD = { backends: [{ baseUrl: '/api', capture: 'write-ahead' as const }] };
const MINE = { method: 'POST', body: 'mine' };
const ok = () => Response.json({ made: true }, { status: 201 });

/** The idempotency keys under which the server saw the body. */
function keysSeen(harness: Harness): { keys: Set<string | null>; count(): number } {
  const keys = new Set<string | null>();
  let count = 0;
  harness.server((request, number) => {
    keys.add(request.headers.get('idempotency-key'));
    count++;
    return number === 0 ? 'hang' : ok();
  });
  return { keys, count: () => count };
}

describe('D1 a fetch event that comes again', () => {
  test.each([
    ['write-ahead', AHEAD, 0],
    ['on failure, after a quarter of a second', {}, 250],
  ])('%s: the same entry, the same key, and the page gets the server’s own answer', async (_name, options, wait) => {
    const harness = createHarness(options);
    const { fetch, clock, restart, api, log } = harness;
    const seen = keysSeen(harness);
    void fetch('/api/x', MINE);
    await clock.advance(wait);
    restart();
    const answer = await fetch('/api/x', MINE);
    expect(answer!.status).toBe(201);
    expect(await answer!.json()).toEqual({ made: true });
    await clock.advance(60_000);
    expect(seen.count()).toBe(2);
    expect(seen.keys.size).toBe(1);
    expect(await api.entries()).toEqual([]);
    expect(log.filter((line) => line.includes('delivered'))).toEqual([]);
  });

  test('before that, nothing is known of it: a second try of its own', async () => {
    const harness = createHarness();
    const { fetch, clock, restart } = harness;
    const seen = keysSeen(harness);
    void fetch('/api/x', MINE);
    await clock.advance(249);
    restart();
    expect((await fetch('/api/x', MINE))!.status).toBe(201);
    expect(seen.keys.size).toBe(2);
  });

  test('one that fails again goes into the line as the entry that it is', async () => {
    const harness = createHarness(AHEAD);
    const { fetch, restart, server, api, clock, events } = harness;
    const seen = keysSeen(harness);
    void fetch('/api/x', { ...MINE, headers: { 'Holdfast-Id': 'chosen' } });
    await settle();
    restart();
    server(() => new Response(null, { status: 503 }));
    const answer = await fetch('/api/x', { ...MINE, headers: { 'Holdfast-Id': 'chosen' } });
    expect(answer!.status).toBe(202);
    const [entry, ...others] = await api.entries();
    expect(others).toEqual([]);
    expect(entry).toMatchObject({ id: 'chosen', idempotencyKey: [...seen.keys][0] });
    server(ok);
    await clock.advance(60_000);
    expect(events.filter(({ type }) => type === 'delivered')).toHaveLength(1);
  });

  test('stored, with the page still waiting: it waits on for the same entry', async () => {
    const { fetch, restart, server, clock, api, log } = createHarness();
    const waiting = { ...MINE, headers: { 'Holdfast-Mode': 'wait' } };
    server(() => new Response(null, { status: 500 }));
    void fetch('/api/x', waiting);
    await settle();
    restart();
    const answer = fetch('/api/x', waiting);
    await settle();
    expect(await api.entries()).toHaveLength(1);
    server(ok);
    await clock.advance(60_000);
    expect((await answer)!.status).toBe(201);
    expect(log.filter((line) => line.includes('delivered'))).toHaveLength(1);
  });

  test('delivered, and the page wasn’t told: it’s told, and nothing is sent', async () => {
    const { fetch, restart, server, clock, log } = createHarness();
    const waiting = { ...MINE, headers: { 'Holdfast-Mode': 'wait' } };
    server((_request, count) => (count === 0 ? new Response(null, { status: 500 }) : ok()));
    void fetch('/api/x', waiting);
    await clock.advance(2_000);
    expect(log.at(-1)).toContain('delivered');
    restart();
    const answer = await fetch('/api/x', waiting);
    expect([answer!.status, await answer!.json()]).toEqual([201, { made: true }]);
    expect(log.filter((line) => line.includes(' send '))).toHaveLength(2);
  });

  test('stored, and the page hadn’t its 202 yet: the same id', async () => {
    const { fetch, restart, goOffline, api } = createHarness();
    goOffline();
    const first = await (await fetch('/api/x', MINE))!.json();
    restart();
    const again = await (await fetch('/api/x', MINE))!.json();
    expect(again.id).toBe(first.id);
    expect(await api.entries()).toHaveLength(1);
  });

  test('it’s taken up once: a second one like it is a request of its own', async () => {
    const { fetch, restart, goOffline, api } = createHarness();
    goOffline();
    await fetch('/api/x', MINE);
    restart();
    await Promise.all([fetch('/api/x', MINE), fetch('/api/x', MINE)]);
    expect(await api.entries()).toHaveLength(2);
  });

  test.each([
    ['of another page', { clientId: 'other' }],
    ['with another body', { body: 'other' }],
    ['with another method', { method: 'PUT' }],
    ['with another header', { headers: { 'X-Other': '1' } }],
  ])('one %s isn’t it', async (_name, other) => {
    const { fetch, restart, goOffline, api } = createHarness();
    goOffline();
    await fetch('/api/x', MINE);
    restart();
    await fetch('/api/x', { ...MINE, ...other });
    expect(await api.entries()).toHaveLength(2);
  });

  test.each([
    ['the page had its answer long ago', 30_000, 0],
    ['the new worker has run for a while', 0, 2_000],
  ])('nor is one that comes when %s', async (_name, before, after) => {
    const harness = createHarness();
    const { fetch, restart, goOffline, clock } = harness;
    goOffline();
    await fetch('/api/x', MINE);
    await clock.advance(before);
    restart();
    await harness.api.status();
    await clock.advance(after);
    await fetch('/api/x', MINE);
    expect(await harness.api.entries()).toHaveLength(2);
  });

  test('nor one that comes to a later worker, when a page no longer waited at the one before', async () => {
    const harness = createHarness();
    const { fetch, restart, server, clock } = harness;
    const waiting = { ...MINE, headers: { 'Holdfast-Mode': 'wait' } };
    server(() => Response.json({}, { status: 503, headers: { 'Retry-After': '3600' } }));
    void fetch('/api/x', waiting);
    await settle();
    for (let worker = 0; worker < 2; worker++) {
      restart();
      await harness.api.status();
      await clock.advance(30_000);
    }
    restart();
    void fetch('/api/x', waiting);
    await settle();
    expect(await harness.api.entries()).toHaveLength(2);
  });

  test('an answer that nobody takes holds up its lane for a second at most', async () => {
    const { fetch, server, clock, api, log } = createHarness(AHEAD);
    server((_request, count) => (count === 1 ? new Response(null, { status: 500 }) : ok()));
    await fetch('/api/x', { ...MINE, gone: true });
    expect((await fetch('/api/x', { method: 'POST', body: 'next' }))!.status).toBe(202);
    await clock.advance(2_000);
    expect(await api.entries()).toEqual([]);
    expect(log.filter((line) => line.includes(' send mine'))).toHaveLength(1);
  });

  test('what can’t be marked as taken up is taken up all the same', async () => {
    const harness = createHarness(AHEAD);
    const { fetch, restart, outbox } = harness;
    const seen = keysSeen(harness);
    void fetch('/api/x', MINE);
    await settle();
    restart();
    const { commit } = outbox;
    outbox.commit = () => {
      outbox.commit = commit;
      return Promise.reject(new DOMException('lost', 'UnknownError'));
    };
    expect((await fetch('/api/x', MINE))!.status).toBe(201);
    expect(seen.keys.size).toBe(1);
  });

  test('it isn’t replayed while its event may come, and then it is', async () => {
    const harness = createHarness(AHEAD);
    const { fetch, restart, clock, log } = harness;
    keysSeen(harness);
    void fetch('/api/x', MINE);
    await settle();
    restart();
    await harness.look();
    await clock.advance(1_999);
    expect(log.filter((line) => line.includes(' send '))).toHaveLength(1);
    await clock.advance(1);
    expect(log.at(-1)).toContain('delivered');
  });
});

describe('R15 what fails is stored in the order in which it came', () => {
  test('a quick failure waits for the place of a slow one before it', async () => {
    const { fetch, server, api, clock, log } = createHarness();
    server((_request, count) => (count === 0 ? 'hang' : new Response(null, { status: 500 })));
    void fetch('/api/x', { method: 'PUT', body: 'first' });
    void fetch('/api/x', { method: 'PUT', body: 'second' });
    await clock.advance(10_000);
    server(ok);
    await clock.advance(60_000);
    expect(await api.entries()).toEqual([]);
    expect(log.filter((line) => line.includes(' send ')).map((line) => line.split(' ')[2])).toEqual([
      'first',
      'second',
      'first',
      'second',
    ]);
  });

  test('and waits no longer than until that one is on disk', async () => {
    const { fetch, server, clock } = createHarness();
    server((_request, count) => (count === 0 ? 'hang' : new Response(null, { status: 500 })));
    void fetch('/api/x', { method: 'PUT', body: 'first' });
    let status = 0;
    void fetch('/api/x', { method: 'PUT', body: 'second' }).then((answer) => (status = answer!.status));
    await clock.advance(249);
    expect(status).toBe(0);
    await clock.advance(1);
    expect(status).toBe(202);
  });

  test('another lane doesn’t wait', async () => {
    const { fetch, server } = createHarness();
    server((_request, count) => (count === 0 ? 'hang' : new Response(null, { status: 500 })));
    void fetch('/api/x', { method: 'PUT', body: 'first' });
    const other = await fetch('/api/x', { method: 'PUT', body: 'second', headers: { 'Holdfast-Lane': 'b' } });
    expect(other!.status).toBe(202);
  });

  test('a slow one that gets through lets those behind it go', async () => {
    const { fetch, server, api, clock, log } = createHarness();
    let answer = () => {};
    server((_request, count) =>
      count === 0 ? new Promise((resolve) => (answer = () => resolve(ok()))) : new Response(null, { status: count === 1 ? 500 : 201 }),
    );
    const first = fetch('/api/x', { method: 'PUT', body: 'first' });
    void fetch('/api/x', { method: 'PUT', body: 'second' });
    await clock.advance(5_000);
    expect(log.filter((line) => line.includes(' send '))).toHaveLength(2);
    answer();
    expect((await first)!.status).toBe(201);
    await clock.advance(0);
    expect(log.at(-1)).toContain('delivered');
    expect(await api.entries()).toEqual([]);
  });

  test('K5 the id of one that’s just answered is free', async () => {
    const { post, server } = createHarness(AHEAD);
    server(ok);
    const headers = { 'Holdfast-Id': 'mine' };
    expect((await post('a', { headers })).status).toBe(201);
    expect((await post('b', { headers })).status).toBe(201);
  });
});
