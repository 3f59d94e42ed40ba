import { describe, expect, test } from 'vitest';
import { createHarness } from '../support/harness.js';

const ok = () => new Response(null, { status: 201 });
const failing = (status: number, headers = {}) => () => new Response(null, { status, headers });

describe('retry ladder', () => {
  test('R5 six sends on the ladder, then a dead letter, reported once', async () => {
    const { post, server, clock, log } = createHarness();
    server(failing(500));
    expect((await post('a')).status).toBe(202);
    await clock.advance(200_000);
    expect(log).toEqual([
      '0 send a',
      '0 queued server-error',
      '0 retrying server-error 2000',
      '2000 sending',
      '2000 send a',
      '2000 retrying server-error 4000',
      '6000 sending',
      '6000 send a',
      '6000 retrying server-error 8000',
      '14000 sending',
      '14000 send a',
      '14000 retrying server-error 16000',
      '30000 sending',
      '30000 send a',
      '30000 retrying server-error 32000',
      '62000 sending',
      '62000 send a',
      '62000 failed retries-exhausted',
    ]);
  });

  test('R4 without an answer: 500 ms doubling to 30 s, and never the end', async () => {
    const { post, server, clock, log, api } = createHarness();
    server(() => 'drop');
    await post('a');
    await clock.advance(3_600_000);
    const waits = log.flatMap((line) => /retrying unreachable (\d+)/.exec(line)?.[1] ?? []).map(Number);
    expect(waits.slice(0, 8)).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
    expect((await api.entries())[0]).toMatchObject({ state: 'pending', retries: 0 });
    server(ok);
    await clock.advance(30_000);
    expect(log.at(-1)).toContain('delivered');
  });

  test('R4 network errors for one entry, while others get through, end it', async () => {
    const { post, server, clock, events } = createHarness({
      backends: [{ baseUrl: '/api', lane: (request) => new URL(request.url).pathname }],
    });
    server((request) => (request.url.endsWith('/cors') ? 'drop' : ok()));
    await post('bad', { path: '/api/cors' });
    for (let round = 0; round < 12; round++) {
      await clock.advance(40_000);
      await post('good', { path: '/api/fine' });
    }
    await clock.advance(40_000);
    expect(events.filter((event) => event.type === 'failed')).toMatchObject([{ reason: 'unreachable' }]);
    expect(events.filter((event) => event.type === 'delivered').length).toBeGreaterThan(0);
  });

  test('R9 each wait has a fresh attempt id and counts from 1 to 5', async () => {
    const { post, server, clock, events } = createHarness();
    server(failing(503));
    await post('a');
    await clock.advance(200_000);
    const retrying = events.filter((event) => event.type === 'retrying');
    expect(retrying.map((event) => event.attempt)).toEqual([1, 2, 3, 4, 5]);
    expect(retrying.every((event) => event.maxAttempts === 5)).toBe(true);
    expect(new Set(retrying.map((event) => event.attemptId)).size).toBe(5);
  });

  test('R6 Retry-After is a floor under the backoff and holds back the whole backend', async () => {
    const { post, server, clock, log } = createHarness({ backends: [{ baseUrl: '/api', lane: (r) => new URL(r.url).pathname }] });
    server(failing(429, { 'Retry-After': '60' }));
    await post('a', { path: '/api/1' });
    server(ok);
    expect((await post('b', { path: '/api/2' })).status).toBe(202);
    await clock.advance(59_000);
    expect(log.filter((line) => line.includes('send a') || line.includes('send b'))).toEqual(['0 send a']);
    await clock.advance(2_000);
    expect(log.filter((line) => /send [ab]/.test(line))).toEqual(['0 send a', '60000 send a', '60000 send b']);
  });

  test('R3 classify, then the gate, then the backoff, then the next attempt', async () => {
    const { post, server, clock, log, goOffline, goOnline, api } = createHarness();
    server(() => {
      goOffline();
      return failing(500)();
    });
    await post('a');
    await clock.advance(10_000);
    goOnline();
    server(ok);
    await api.wake('online');
    await clock.advance(5_000);
    expect(log).toEqual([
      '0 send a',
      '0 queued server-error',
      '0 retrying server-error 2000',
      '10000 online',
      '12000 sending',
      '12000 send a',
      '12000 delivered',
    ]);
  });

  test('R3 a permanent failure never touches the gate', async () => {
    let asked = 0;
    const gate = {
      awaitRetryAllowed: () => {
        asked++;
        return Promise.resolve();
      },
    };
    const { post, server, clock } = createHarness({ backends: [{ baseUrl: '/api', gate }] });
    server(failing(422));
    expect((await post('a')).status).toBe(422);
    await clock.advance(60_000);
    expect(asked).toBe(0);
    server(failing(500));
    await post('b');
    await clock.advance(1_000);
    expect(asked).toBeGreaterThan(0);
    const before = asked;
    server(failing(422));
    await clock.advance(2_000);
    const atTheEnd = asked;
    await clock.advance(60_000);
    expect(atTheEnd).toBeGreaterThan(before);
    expect(asked).toBe(atTheEnd);
  });

  test('R14 a wake-up makes due what only waits because nobody answered', async () => {
    const { post, server, clock, log, api } = createHarness();
    server(() => 'drop');
    await post('a');
    await clock.advance(60_000);
    const retry = log.filter((line) => line.includes('retrying')).length;
    server(ok);
    await api.wake('online');
    await clock.advance(0);
    expect(log.at(-1)).toBe('60000 delivered');
    expect(retry).toBeGreaterThan(5);
  });

  test('R13 a killed worker goes on where it was, and starts no delay from zero', async () => {
    const { post, server, clock, log, restart, look } = createHarness();
    server(failing(500));
    await post('a');
    await clock.advance(2_000);
    await clock.advance(3_000);
    restart();
    await look();
    await clock.advance(1_000);
    expect(log.filter((line) => line.includes('send a'))).toEqual(['0 send a', '2000 send a', '6000 send a']);
  });

  test('R17 beforeSend may rewrite the request, and if it throws the entry is a dead letter', async () => {
    let broken = false;
    const { post, server, clock, log, api } = createHarness({
      backends: [
        {
          baseUrl: '/api',
          beforeSend(request) {
            if (broken) throw new Error('hook');
            return new Request('https://app.example/api/rewritten', request);
          },
        },
      ],
    });
    server((_request, count) => (count === 0 ? 'drop' : ok()));
    await post('');
    await clock.advance(1_000);
    expect(log.at(-2)).toContain('send /api/rewritten');
    broken = true;
    server(() => 'drop');
    await post('x');
    await clock.advance(1_000);
    expect(await api.entries()).toMatchObject([{ state: 'dead', reason: 'before-send' }]);
  });
});

describe('circuit and lanes', () => {
  const byPath = { baseUrl: '/api', lane: (request: Request) => new URL(request.url).pathname };

  test('C6 while its lane has entries waiting, a new request queues behind them', async () => {
    const { post, server, clock, log } = createHarness();
    server(failing(500));
    await post('a');
    server(ok);
    expect((await post('b')).status).toBe(202);
    await clock.advance(3_000);
    expect(log.filter((line) => /send [ab]/.test(line))).toEqual(['0 send a', '2000 send a', '2000 send b']);
    expect((await post('c')).status).toBe(201);
  });

  test('C6 another lane isn’t concerned', async () => {
    const { post, server } = createHarness({ backends: [byPath] });
    server(failing(500));
    await post('a', { path: '/api/1' });
    server(ok);
    expect((await post('b', { path: '/api/2' })).status).toBe(201);
  });

  test('C7 while the backend is known to be unreachable, nothing is tried', async () => {
    const { post, server, log, goOffline } = createHarness({ backends: [byPath] });
    server(() => 'drop');
    await post('a', { path: '/api/1' });
    await post('b', { path: '/api/2' });
    goOffline();
    await post('c', { path: '/api/3' });
    expect(log.filter((line) => line.includes('send '))).toEqual(['0 send a']);
    expect(log.filter((line) => line.includes('queued'))).toEqual([
      '0 queued unreachable',
      '0 queued circuit-open',
      '0 queued offline',
    ]);
  });

  test('R18 one probe while the circuit is open; the rest when it’s answered', async () => {
    const { post, server, clock, log } = createHarness({ backends: [byPath] });
    server(() => 'drop');
    for (const name of ['a', 'b', 'c']) await post(name, { path: `/api/${name}` });
    await clock.advance(3_600);
    expect(log.filter((line) => /send [abc]/.test(line))).toEqual(['0 send a', '500 send a', '1500 send a', '3500 send a']);
    server(ok);
    await clock.advance(4_000);
    expect(log.filter((line) => /send [abc]/.test(line)).slice(4)).toEqual(['7500 send a', '7500 send b', '7500 send c']);
  });

  test('R18 when nothing waits any more, a page\'s request is the probe of an open circuit', async () => {
    const { post, server, clock, api } = createHarness();
    server(() => 'drop');
    await post('a', { headers: { 'Holdfast-Id': 'mine' } });
    await api.cancel('mine');
    await clock.advance(100);
    expect(await (await post('b', { headers: { 'Holdfast-Id': 'soon' } })).json()).toMatchObject({ reason: 'circuit-open' });
    await api.cancel('soon');
    await clock.advance(1_000);
    server(ok);
    expect((await post('c')).status).toBe(201);
    expect(await api.status()).toMatchObject({ backends: [{ circuit: 'closed' }] });
  });

  test('R14 an entry that could go at once is due now, whoever asks', async () => {
    const harness = createHarness();
    const { post, server, restart, clock } = harness;
    server(() => 'drop');
    await post('a');
    restart();
    await clock.advance(700);
    expect((await harness.api.status()).nextAttemptAt).toBe(700);
  });

  test('R15 lanes run side by side, each in the order of capture', async () => {
    const { post, server, clock, log, goOffline, goOnline, api } = createHarness({ backends: [byPath] });
    goOffline();
    for (const name of ['a1', 'a2', 'b1', 'b2']) await post(name, { path: `/api/${name[0]}` });
    server(() => 'hang');
    goOnline();
    await api.wake('online');
    await clock.advance(1);
    expect(log.filter((line) => /send [ab]/.test(line))).toEqual(['0 send a1', '0 send b1']);
  });

  test('R16 a dead letter blocks its lane only with onDead: block', async () => {
    for (const onDead of ['skip', 'block'] as const) {
      const { post, server, clock, api, goOffline, goOnline } = createHarness({ backends: [{ baseUrl: '/api', onDead }] });
      goOffline();
      await post('a', { headers: { 'Holdfast-Id': 'a' } });
      await post('b');
      server((_request, count) => new Response(null, { status: count === 0 ? 422 : 201 }));
      goOnline();
      await api.wake('online');
      await clock.advance(1_000);
      expect(await api.status()).toMatchObject({ waiting: onDead === 'block' ? 1 : 0, dead: 1 });
      await api.retry('a');
      await clock.advance(1_000);
      expect(await api.status()).toMatchObject({ waiting: 0, dead: 0 });
    }
  });

  test('R14 two triggers make one drain', async () => {
    const { post, server, clock, log, api, goOffline, goOnline } = createHarness();
    goOffline();
    for (const name of ['a', 'b', 'c']) await post(name);
    goOnline();
    server(ok);
    await Promise.all([api.wake('online'), api.wake('visible'), api.replay(), api.wake('due')]);
    await clock.advance(0);
    expect(log.filter((line) => /send [abc]/.test(line))).toEqual(['0 send a', '0 send b', '0 send c']);
  });
});

describe('commands', () => {
  test('R10 a cancel in flight aborts the fetch, says so, and is the only terminal event', async () => {
    const { post, server, clock, api, events } = createHarness();
    server(() => 'drop');
    await post('a', { headers: { 'Holdfast-Id': 'mine' } });
    server(() => 'hang');
    await clock.advance(600);
    expect(await api.entry('mine')).toMatchObject({ state: 'sending' });
    expect(await api.cancel('mine')).toBe(true);
    await clock.advance(60_000);
    const terminal = events.filter((event) => ['delivered', 'failed', 'cancelled'].includes(event.type));
    expect(terminal).toMatchObject([{ type: 'cancelled', mayBeDelivered: true }]);
    expect(await api.cancel('mine')).toBe(false);
    expect(await api.entries()).toEqual([]);
  });

  test('R10 a cancel doesn’t touch a later entry under the same task id', async () => {
    const { post, server, clock, api, log } = createHarness();
    server(() => 'drop');
    await post('first', { headers: { 'Holdfast-Id': 'mine' } });
    await api.cancel('mine');
    expect((await post('second', { headers: { 'Holdfast-Id': 'mine' } })).status).toBe(202);
    server(ok);
    await clock.advance(60_000);
    expect(log.filter((line) => line.includes('send second'))).toHaveLength(1);
    expect(await api.settled('mine')).toMatchObject({ state: 'delivered' });
  });

  test('V1 pause stops replay, restart included; resume starts it', async () => {
    const { post, server, clock, api, log, restart, look } = createHarness();
    server(() => 'drop');
    await post('a');
    await api.pause();
    server(ok);
    restart();
    await look();
    await api.wake('online');
    await clock.advance(60_000);
    expect(log.filter((line) => line.includes('send a'))).toHaveLength(1);
    expect(await api.entries()).toMatchObject([{ state: 'paused' }]);
    await api.resume();
    await clock.advance(0);
    expect(log.at(-1)).toContain('delivered');
  });

  test('V1 replay now cuts a backoff short, but not a Retry-After', async () => {
    const { post, server, clock, api, log } = createHarness();
    server(failing(500));
    await post('a');
    server(failing(503, { 'Retry-After': '30' }));
    await api.replay();
    await clock.advance(10);
    expect(log.filter((line) => line.includes('send a'))).toHaveLength(2);
    await api.replay();
    await clock.advance(20_000);
    expect(log.filter((line) => line.includes('send a'))).toHaveLength(2);
    server(ok);
    await clock.advance(20_000);
    expect(log.at(-1)).toContain('delivered');
  });

  test('K3 a task id at two backends needs the key', async () => {
    const { post, server, api } = createHarness({ backends: [{ baseUrl: '/api' }, { baseUrl: '/other' }] });
    server(() => 'drop');
    await post('a', { headers: { 'Holdfast-Id': 'same' } });
    await post('b', { headers: { 'Holdfast-Id': 'same' }, path: '/other/x' });
    await expect(api.cancel('same')).rejects.toThrow(/several entries/);
    const [first, second] = await api.entries();
    expect(await api.cancel(first!.key)).toBe(true);
    expect((await api.entries()).map((entry) => entry.key)).toEqual([second!.key]);
  });

  test('V3 a hook that throws breaks nothing, and can’t change an event', async () => {
    const { post, server, clock, log, printed } = createHarness({
      onEvent: (event) => {
        (event as { type: string }).type = 'changed';
      },
    });
    server((_request, count) => (count === 0 ? 'drop' : ok()));
    await post('a');
    await clock.advance(1_000);
    expect(log.at(-1)).toContain('delivered');
    expect(printed.some((line) => line.includes('onEvent threw'))).toBe(true);
  });
});
