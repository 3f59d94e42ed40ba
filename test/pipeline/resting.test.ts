import { describe, expect, test } from 'vitest';
import { createHarness, type Harness, type HarnessOptions } from '../support/harness.js';

const ok = () => new Response(null, { status: 201 });
const failing = (status: number, headers = {}) => () => new Response(null, { status, headers });
const sends = (log: string[]) => log.filter((line) => line.includes('send '));
const waits = (log: string[]) => log.flatMap((line) => /retrying server-unavailable (\d+)/.exec(line)?.[1] ?? []).map(Number);

/** By the path's last segment. */
const byPath: HarnessOptions = { backends: [{ baseUrl: '/api', lane: (request) => new URL(request.url).pathname }] };

/** An entry whose retries are used up under a server that only says "not now": it rests. */
async function resting(status = 502, options: HarnessOptions = {}): Promise<Harness> {
  const harness = createHarness(options);
  harness.server(failing(status));
  await harness.post('a', { path: '/api/a' });
  await harness.clock.advance(62_000);
  expect(await harness.api.entries()).toMatchObject([{ state: 'pending', reason: 'server-unavailable' }]);
  return harness;
}

describe('a server that only says "not now"', () => {
  test.each([425, 429, 502, 503, 504, 511, 520, 524, 527, 530])('R5 by a %d makes no dead letter, and is asked every five minutes at the latest until it’s there', async (status) => {
    const harness = await resting(status);
    const { clock, log, events, server, api } = harness;
    await clock.advance(3_600_000);
    expect(waits(log).slice(0, 5)).toEqual([64_000, 128_000, 256_000, 300_000, 300_000]);
    expect(events.filter(({ type }) => type === 'failed')).toEqual([]);
    server(ok);
    await clock.advance(300_000);
    expect(log.at(-1)).toContain('delivered');
    expect((await api.status()).waiting).toBe(0);
  });

  test('R5 by a 403 with a Retry-After makes no dead letter, and holds the whole backend back', async () => {
    const harness = createHarness(byPath);
    const { server, post, clock, log } = harness;
    server(failing(403, { 'Retry-After': '40' }));
    await post('a', { path: '/api/a' });
    expect(await (await post('b', { path: '/api/b' })).json()).toMatchObject({ reason: 'rate-limited' });
    await clock.advance(39_999);
    expect(sends(log)).toEqual(['0 send a']);
    await clock.advance(3_600_000);
    expect(harness.events.filter(({ type }) => type === 'failed')).toEqual([]);
  });

  test('R5 makes an entry a dead letter when its age ends', async () => {
    const harness = await resting(503, { backends: [{ baseUrl: '/api', limits: { maxAgeMs: 1_800_000 } }] });
    await harness.clock.advance(1_800_000);
    expect(await harness.api.entries()).toMatchObject([{ state: 'dead', reason: 'expired' }]);
  });

  test('R5 R9 is told of by events with its reason, and with no limit of retries', async () => {
    const { events } = await resting();
    const retrying = events.filter((event) => event.type === 'retrying');
    expect(retrying.map(({ reason }) => reason)).toEqual([...Array<string>(5).fill('server-error'), 'server-unavailable']);
    expect(retrying.map(({ maxAttempts }) => maxAttempts)).toEqual([5, 5, 5, 5, 5, null]);
    expect(retrying.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('R13 R5 is given its rest by the next worker too', async () => {
    const harness = await resting();
    const { clock, log, restart, api } = harness;
    restart();
    await api.wake('due');
    await clock.advance(0);
    expect(sends(log)).toHaveLength(6);
    expect((await api.status()).nextAttemptAt).toBe(126_000);
    await clock.advance(64_000);
    expect(sends(log)).toHaveLength(7);
  });

  test.each(['online', 'visible', 'pageshow', 'connect'] as const)('R5 R14 is tried with the wake-up %s', async (reason) => {
    const harness = await resting();
    const { clock, log, api, server } = harness;
    server(ok);
    await clock.advance(1_000);
    await api.wake(reason);
    await clock.advance(0);
    expect(log.at(-1)).toContain('delivered');
  });

  test('R5 R8 is tried without another wait when the network is back after a while', async () => {
    const harness = await resting();
    const { clock, log, api, server, goOffline, goOnline } = harness;
    goOffline();
    await clock.advance(70_000);
    expect(sends(log)).toHaveLength(6);
    goOnline();
    server(ok);
    await api.wake('online');
    await clock.advance(0);
    expect(log.at(-1)).toContain('delivered');
  });

  test('R5 isn’t tried because a page’s own clock wakes the worker', async () => {
    const harness = await resting();
    await harness.clock.advance(1_000);
    await harness.api.wake('due');
    await harness.clock.advance(0);
    expect(sends(harness.log)).toHaveLength(6);
  });

  test('R5 R18 gets one probe at a time from several lanes, and the rest in order after its success', async () => {
    const harness = createHarness(byPath);
    const { server, post, clock, log, api } = harness;
    server(failing(502));
    for (const name of ['a', 'b', 'c']) await post(name, { path: `/api/${name}` });
    for (const name of ['a2', 'b2']) await post(name, { path: `/api/${name[0]}` });
    await clock.advance(600_000);
    const before = log.length;
    await api.replay();
    await clock.advance(0);
    expect(sends(log.slice(before))).toHaveLength(1);
    server(ok);
    await api.replay();
    await clock.advance(0);
    expect((await api.status()).waiting).toBe(0);
    const bodies = sends(log).map((line) => line.split(' ')[2]);
    expect(bodies.indexOf('a2')).toBeGreaterThan(bodies.lastIndexOf('a'));
    expect(bodies.indexOf('b2')).toBeGreaterThan(bodies.lastIndexOf('b'));
  });

  test('R5 doesn’t add to the five retries after which an application that fails makes a dead letter', async () => {
    const harness = createHarness();
    const { server, post, clock, log } = harness;
    let count = 0;
    server(() => new Response(null, { status: count++ < 5 ? 503 : 500 }));
    await post('a');
    await clock.advance(600_000);
    expect(sends(log)).toHaveLength(6);
    expect(log.at(-1)).toContain('failed retries-exhausted');
  });

  test('R5 doesn’t take from the five retries that an application’s failures have after a rest', async () => {
    const harness = await resting();
    const { server, clock, log, events } = harness;
    server(failing(500));
    await clock.advance(600_000);
    expect(sends(log)).toHaveLength(6 + 6);
    const after = events.filter((event) => event.type === 'retrying').slice(6);
    expect(after.map(({ attempt, maxAttempts }) => [attempt, maxAttempts])).toEqual([1, 2, 3, 4, 5].map((attempt) => [attempt, 5]));
    expect(log.at(-1)).toContain('failed retries-exhausted');
  });
});

describe('an entry that rested', () => {
  test('R5 and then met a refused token has the whole ladder for the application’s failures', async () => {
    const harness = createHarness();
    const { server, clock, log, api, post } = harness;
    server(failing(502));
    await post('a', { token: 'one' });
    await clock.advance(62_000);
    let count = 0;
    server(() => new Response(null, { status: [401, 500][count++] ?? 201 }));
    await clock.advance(70_000);
    await api.provideToken('two');
    await clock.advance(900_000);
    expect(log.at(-1)).toContain('delivered');
  });

  test('R6 and then was asked for patience has it, whatever wakes the worker', async () => {
    const harness = createHarness(byPath);
    const { server, clock, log, api, post } = harness;
    server(failing(502, { 'Retry-After': '3600' }));
    await post('a', { path: '/api/a' });
    await clock.advance(6 * 3_600_000);
    const before = sends(log).length;
    await clock.advance(10_000);
    await api.wake('visible');
    await api.replay();
    await post('b', { path: '/api/b' });
    await clock.advance(0);
    expect(sends(log)).toHaveLength(before);
  });

  test('R5 waits for a second at the least, however short the app’s own ladder is', async () => {
    const harness = createHarness({ backends: [{ baseUrl: '/api', retry: { answered: { baseMs: 0, capMs: 0 } } }] });
    let count = 0;
    harness.server(() => new Response(null, { status: ++count > 1000 ? 201 : 502 }));
    await harness.post('a');
    await harness.clock.advance(10_000);
    expect(count).toBe(6 + 10);
  });
});

describe('a path that says "not now", on a server that’s there', () => {
  const isDown = (path: string) => (request: Request) => (request.url.endsWith(path) ? failing(502)() : ok());

  /** Uses up the retries of an entry of the one path, while the other path is answered. */
  async function restAlone({ server, post, clock, api }: Harness): Promise<void> {
    server(isDown('/a'));
    await post('a', { path: '/api/a' });
    for (let second = 0; second < 80; second += 10) {
      await clock.advance(10_000);
      await post('b', { path: '/api/b' });
    }
    expect(await api.entries()).toMatchObject([{ state: 'pending', reason: 'server-unavailable' }]);
  }

  test('R5 rests by itself: the other lanes go on, and are answered by the server', async () => {
    const harness = createHarness(byPath);
    const { server, post, clock, log, api } = harness;
    server(isDown('/a'));
    await post('a', { path: '/api/a' });
    for (let second = 0; second < 1200; second += 10) {
      await clock.advance(10_000);
      expect((await post('b', { path: '/api/b' })).status).toBe(201);
    }
    expect(sends(log).filter((line) => line.includes('send a')).length).toBeLessThan(12);
    expect(await api.entries()).toMatchObject([{ state: 'pending', reason: 'server-unavailable' }]);
  });

  test('R5 R8 asks no gate while it rests: the gate’s opening changes nothing for it', async () => {
    let asked = 0;
    const gate = { awaitRetryAllowed: async () => void asked++ };
    const harness = createHarness({ backends: [{ ...byPath.backends![0]!, gate }] });
    const { look } = harness;
    await restAlone(harness);
    asked = 0;
    await look();
    expect(asked).toBe(0);
  });

  test('R5 R14 is tried with a wake-up', async () => {
    const harness = createHarness(byPath);
    const { clock, log, api } = harness;
    await restAlone(harness);
    const before = log.length;
    await api.wake('visible');
    await clock.advance(0);
    expect(sends(log.slice(before)).map((line) => line.split(' ')[2])).toEqual(['a']);
  });

  test('R5 R18 that has opened the circuit for all lets a new request be the next probe, which finds the server', async () => {
    const harness = await resting(502, byPath);
    const { server, post, clock, api } = harness;
    server(isDown('/a'));
    await clock.advance(40_000);
    expect((await post('b', { path: '/api/b' })).status).toBe(201);
    await clock.advance(0);
    expect(await api.entries()).toMatchObject([{ state: 'pending', reason: 'server-unavailable' }]);
    expect((await post('b', { path: '/api/b' })).status).toBe(201);
  });

  test('R18 R5 is sent nothing after a probe of another lane that’s told "not now" too', async () => {
    const harness = await resting(502, byPath);
    const { post, clock, log } = harness;
    await clock.advance(40_000);
    expect((await post('b', { path: '/api/b' })).status).toBe(202);
    await clock.advance(0);
    expect(sends(log)).toHaveLength(7);
    await clock.advance(23_000);
    expect(sends(log).slice(6).every((line) => line.endsWith('send b'))).toBe(true);
  });

  test('R5 is probed after an entry that waits in another lane', async () => {
    const harness = await resting(502, byPath);
    const { server, post, clock, log, goOffline, goOnline, api } = harness;
    server(isDown('/a'));
    goOffline();
    await post('b', { path: '/api/b' });
    goOnline();
    const before = log.length;
    await api.wake('online');
    await clock.advance(0);
    expect(sends(log.slice(before))[0]).toMatch(/send b$/);
  });
});

describe('a page that goes on writing while the server rests', () => {
  test('R5 brings the probe forward, though no more than every 32 s', async () => {
    const harness = await resting();
    const { post, clock, log, server } = harness;
    await clock.advance(63_000);
    expect(sends(log)).toHaveLength(6);
    await clock.advance(2_000);
    expect(sends(log)).toHaveLength(7);
    for (let second = 0; second < 30; second++) {
      await clock.advance(1_000);
      expect((await post(`b${second}`, { path: '/api/a' })).status).toBe(202);
    }
    expect(sends(log)).toHaveLength(7);
    server(ok);
    await clock.advance(1_000);
    await post('last', { path: '/api/a' });
    await clock.advance(0);
    expect((await harness.api.status()).waiting).toBe(0);
    expect(sends(log).at(-1)).toMatch(/send last$/);
  });

  test.each([
    [{ baseMs: 60_000, capMs: 120_000 }, 119_000, 121_000],
    [{ baseMs: 100, capMs: 200 }, 900, 1_100],
  ])('R5 brings the probe forward no more than as often as the app’s own ladder %j lasted, nor than every second', async (answered, early, late) => {
    const harness = createHarness({ backends: [{ baseUrl: '/api', retry: { answered } }] });
    const { post, clock, log, server } = harness;
    server(failing(502));
    await post('a');
    while (!log.some((line) => line.includes('retrying server-unavailable'))) await clock.advance(100 + answered.baseMs / 60);
    const { at } = harness.events.findLast((event) => event.type === 'retrying')!;
    const before = sends(log).length;
    server(ok);
    await clock.advance(at + early - clock.now());
    await post('early');
    await clock.advance(0);
    expect(sends(log)).toHaveLength(before);
    await clock.advance(at + late - clock.now());
    await post('late');
    await clock.advance(0);
    expect(sends(log).length).toBeGreaterThan(before);
  });
});

describe('retry: { maxRetries: 0 }', () => {
  const none: HarnessOptions = { backends: [{ baseUrl: '/api', retry: { maxRetries: 0 } }] };

  test('R5 stores no first send for an answer', async () => {
    const { server, post, api } = createHarness(none);
    server(failing(503));
    expect((await post('a')).status).toBe(503);
    expect(await api.entries()).toEqual([]);
    expect((await api.status()).backends).toMatchObject([{ circuit: 'closed' }]);
  });

  test('R5 lets an entry rest that was stored while nobody answered', async () => {
    const harness = createHarness(none);
    const { server, post, api, clock, goOffline, goOnline } = harness;
    goOffline();
    await post('a');
    server(failing(503));
    goOnline();
    await api.wake('online');
    await clock.advance(0);
    expect(await api.entries()).toMatchObject([{ state: 'pending', reason: 'server-unavailable' }]);
  });
});

test('R5 a retry policy of the app’s own that gives up is obeyed, whatever the status', async () => {
  const harness = createHarness({ backends: [{ baseUrl: '/api', retry: ({ attempt }) => (attempt < 2 ? 10 : null) }] });
  harness.server(failing(503));
  await harness.post('a');
  await harness.clock.advance(1_000);
  expect(await harness.api.entries()).toMatchObject([{ state: 'dead', reason: 'retries-exhausted' }]);
});
