import { describe, expect, test } from 'vitest';
import { createHarness, type Harness, type HarnessOptions } from '../support/harness.js';
import { settle } from '../support/virtual-clock.js';

const ok = () => new Response(null, { status: 201 });
const failing = (status: number, headers = {}) => () => new Response(null, { status, headers });

describe('retry ladder', () => {
  test('R5 an entry has six sends on the ladder, and then is a dead letter, reported once', async () => {
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

  test('R4 an entry that nobody answers waits 500 ms, doubling to 30 s, and is never given up', async () => {
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

  test('R4 an entry with network errors, while others get through, is a dead letter', async () => {
    const { post, server, clock, events } = createHarness({
      backends: [{ baseUrl: '/api', lane: (request) => new URL(request.url).pathname }],
    });
    server((request) => (request.url.endsWith('/cors') || request.method === 'HEAD' ? 'drop' : ok()));
    await post('bad', { path: '/api/cors' });
    for (let round = 0; round < 12; round++) {
      await clock.advance(40_000);
      await post('good', { path: '/api/fine' });
    }
    await clock.advance(40_000);
    expect(events.filter((event) => event.type === 'failed')).toMatchObject([{ reason: 'unreachable' }]);
    expect(events.filter((event) => event.type === 'delivered').length).toBeGreaterThan(0);
  });

  test('R9 each retrying event has a fresh attempt id and counts from 1 to 5', async () => {
    const { post, server, clock, events } = createHarness();
    server(failing(500));
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

  test('R3 a failure is classified, then the gate is awaited, then the backoff, then comes the next attempt', async () => {
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

  test('R14 a wake-up makes an entry due that only waits because nobody answered', async () => {
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

  test('R13 the worker after a killed one goes on where that was, and starts no delay from zero', async () => {
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

  test('C6 a new request queues behind the waiting entries of its lane', async () => {
    const { post, server, clock, log } = createHarness();
    server(failing(500));
    await post('a');
    server(ok);
    expect((await post('b')).status).toBe(202);
    await clock.advance(3_000);
    expect(log.filter((line) => /send [ab]/.test(line))).toEqual(['0 send a', '2000 send a', '2000 send b']);
    expect((await post('c')).status).toBe(201);
  });

  test('no more than 16 of a lane are sent before the first of them is written off', async () => {
    const { post, api, clock, log, outbox, goOffline, goOnline } = createHarness();
    goOffline();
    for (let at = 0; at < 20; at++) await post(`body ${at}`);
    goOnline();
    // The first delivery is written by itself; those behind it are written together, which takes for ever here.
    const { commitAll } = outbox;
    outbox.commitAll = (commits) => (commits.length === 1 ? commitAll(commits) : new Promise(() => {}));
    await api.wake('online');
    await clock.advance(100);
    expect(log.filter((line) => / send /.test(line))).toHaveLength(1 + 16);
  });

  test('a wake-up reads no first entries from the disk that are known', async () => {
    const { post, api, clock, log, outbox, goOffline, goOnline } = createHarness();
    goOffline();
    await post('a');
    await clock.advance(10_000);
    goOnline();
    const { heads } = outbox;
    let readings = 0;
    outbox.heads = () => {
      readings++;
      return heads();
    };
    const sent = log.length;
    await api.wake('online');
    await clock.advance(100);
    expect([readings, log.slice(sent).some((line) => line.endsWith(' send a'))]).toEqual([0, true]);
  });

  test('D1 deliveries that were sent ahead and not written are sent again in their order', async () => {
    const { post, api, clock, log, outbox, goOffline, goOnline, restart } = createHarness();
    goOffline();
    for (const body of ['a', 'b', 'c', 'd']) await post(body);
    goOnline();
    const { commitAll } = outbox;
    outbox.commitAll = (commits) => (commits.length === 1 ? commitAll(commits) : new Promise(() => {}));
    await api.wake('online');
    await clock.advance(100);
    outbox.commitAll = commitAll;
    restart();
    await api.wake('online');
    await clock.advance(100);
    expect(log.filter((line) => / send /.test(line)).map((line) => line.split(' ')[2])).toEqual(['a', 'b', 'c', 'd', 'b', 'c', 'd']);
    expect(await api.entries()).toEqual([]);
  });

  test('the entry behind a delivered one goes out next, without a look at the heads', async () => {
    const { post, api, clock, log, outbox, goOffline, goOnline } = createHarness();
    goOffline();
    const bodies = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    for (const body of bodies) await post(body);
    const { heads } = outbox;
    let readings = 0;
    outbox.heads = () => {
      readings++;
      return heads();
    };
    goOnline();
    await api.wake('online');
    await clock.advance(0);
    expect(log.filter((line) => line.includes('0 send '))).toEqual(bodies.map((body) => `0 send ${body}`));
    expect(readings).toBeLessThan(5);
  });

  test('C6 an entry doesn’t overtake an older one of its lane that needs another credential', async () => {
    const { post, api, clock, log, goOffline, goOnline } = createHarness();
    goOffline();
    const anonymous = { headers: { 'Holdfast-Auth': 'none' } };
    await post('a', anonymous);
    await post('b', { token: 't' });
    await post('c', anonymous);
    await post('d', { token: 't' });
    goOnline();
    await api.wake('online');
    await clock.advance(0);
    expect(log.filter((line) => line.includes('0 send ')).map((line) => line.slice(7, 8))).toEqual(['a', 'b', 'c', 'd']);
  });

  test('R5 the retry of one lane comes at its time, however long another lane drains', async () => {
    const { post, api, clock, log, server, goOffline, goOnline } = createHarness({ backends: [byPath] });
    goOffline();
    for (const body of ['a', 'b', 'c', 'd', 'e', 'f']) await post(body, { path: '/api/long' });
    await post('x', { path: '/api/other' });
    goOnline();
    let others = 0;
    server(async (request) => {
      if (request.url.endsWith('/other')) return others++ === 0 ? failing(500)() : ok();
      await new Promise<void>((resolve) => void clock.after(1_000, resolve));
      return ok();
    });
    await api.wake('online');
    await clock.advance(20_000);
    expect(log.filter((line) => / send x/.test(line))).toEqual(['0 send x', '2000 send x']);
    expect(log.filter((line) => / send [a-f]/.test(line))).toHaveLength(6);
  });

  test('C6 a new request doesn’t wait for entries of another lane', async () => {
    const { post, server } = createHarness({ backends: [byPath] });
    server(failing(500));
    await post('a', { path: '/api/1' });
    server(ok);
    expect((await post('b', { path: '/api/2' })).status).toBe(201);
  });

  test('C7 no request is tried while the backend is known to be unreachable', async () => {
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

  test('R18 one probe goes out while the circuit is open, and the rest once it’s answered', async () => {
    const { post, server, clock, log } = createHarness({ backends: [byPath] });
    server(() => 'drop');
    for (const name of ['a', 'b', 'c']) await post(name, { path: `/api/${name}` });
    await clock.advance(3_600);
    expect(log.filter((line) => /send [abc]/.test(line))).toEqual(['0 send a', '500 send a', '1500 send a', '3500 send a']);
    server(ok);
    await clock.advance(4_000);
    expect(log.filter((line) => /send [abc]/.test(line)).slice(4)).toEqual(['7500 send a', '7500 send b', '7500 send c']);
  });

  test('R18 two requests of the page at once are one probe, write-ahead too', async () => {
    const { post, fetch, server, clock, log, api } = createHarness({ backends: [{ baseUrl: '/api', capture: 'write-ahead' }] });
    server(() => 'drop');
    await post('first', { headers: { 'Holdfast-Id': 'mine' } });
    await api.cancel('mine');
    await clock.advance(1_000);
    log.length = 0;
    await Promise.all(['a', 'b'].map((body) => fetch('/api/x', { method: 'POST', body, headers: { 'Holdfast-Lane': body } })));
    expect(log.filter((line) => line.includes(' send '))).toHaveLength(1);
  });

  test('R18 a page’s request is the probe of an open circuit when nothing waits any more', async () => {
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

describe('the page’s abort, where the browser tells the worker of it', () => {
  for (const [when, ms, stored] of [['before it’s on disk', 100, 0], ['when it’s on disk already', 1_000, 1]] as const) {
    test(`R2 is a cancel ${when}: nothing is left, and nothing is sent`, async () => {
      const { fetch, server, clock, api, log } = createHarness();
      server(() => 'hang');
      const abort = new AbortController();
      const pending = fetch('/api/notes', { method: 'POST', body: 'a', signal: abort.signal });
      await clock.advance(ms);
      expect(await api.entries()).toHaveLength(stored);
      abort.abort();
      expect((await pending)?.type).toBe('error');
      await clock.advance(60_000);
      expect(await api.entries()).toEqual([]);
      expect(log).toEqual(['0 send a']);
    });
  }
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

  test('V1 replay() cuts a backoff short, but not a Retry-After', async () => {
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

  test('K3 a command for a task id at two backends needs the key', async () => {
    const { post, server, api } = createHarness({ backends: [{ baseUrl: '/api' }, { baseUrl: '/other' }] });
    server(() => 'drop');
    await post('a', { headers: { 'Holdfast-Id': 'same' } });
    await post('b', { headers: { 'Holdfast-Id': 'same' }, path: '/other/x' });
    await expect(api.cancel('same')).rejects.toThrow(/several entries/);
    const [first, second] = await api.entries();
    expect(await api.cancel(first!.key)).toBe(true);
    expect((await api.entries()).map((entry) => entry.key)).toEqual([second!.key]);
  });

  test('V1 a settlement is kept for 24 hours, and a dead letter has its last answer even then', async () => {
    const { post, server, clock, api } = createHarness();
    server(() => 'drop');
    await post('a', { headers: { 'Holdfast-Id': 'sent' } });
    await post('b', { headers: { 'Holdfast-Id': 'dead' } });
    server((_request, count) => new Response('words', { status: count === 1 ? 201 : 422 }));
    await clock.advance(1_000);
    await clock.advance(23 * 3_600_000);
    await api.wake('connect');
    expect(await api.settled('sent')).toMatchObject({ state: 'delivered', status: 201 });
    await clock.advance(2 * 3_600_000);
    await api.wake('connect');
    expect(await api.settled('sent')).toBeNull();
    expect(await api.settled('dead')).toMatchObject({ state: 'failed', reason: 'permanent', status: 422, body: null });
  });

  test('R11 a retry that can’t be written ends the ladder, is told, and loses nothing', async () => {
    const { post, server, clock, events, outbox, api, log } = createHarness();
    server(failing(500));
    await post('a');
    await post('b');
    const { commit } = outbox;
    outbox.commit = (order) => (order.seq === undefined ? commit(order) : Promise.reject(new Error('the disk is gone')));
    await clock.advance(600_000);
    const failed = events.filter(({ type }) => type === 'failed');
    expect(failed).toMatchObject([{ reason: 'unwritable', status: 500, seq: 1 }]);
    // Nothing goes on, and nothing overtakes it.
    expect(log.filter((line) => line.includes('send '))).toEqual(['0 send a', '2000 send a']);
    expect(await api.entries()).toMatchObject([{ state: 'pending', retries: 1 }, { state: 'pending' }]);
    outbox.commit = commit;
    server(ok);
    await api.wake('visible');
    await clock.advance(0);
    expect(log.filter((line) => line.includes('delivered'))).toHaveLength(2);
  });

  describe('R10 a cancel', () => {
    const gate = { awaitRetryAllowed: () => new Promise<void>(() => {}) };
    const offline = async ({ goOffline, post }: Harness, token?: string) => {
      goOffline();
      await post('a', token === undefined ? {} : { token });
    };
    const states: [name: string, options: HarnessOptions, come: (harness: Harness) => Promise<void>][] = [
      ['offline', {}, offline],
      ['in the gate', { backends: [{ baseUrl: '/api', gate }] }, async ({ server, post }) => {
        server(failing(500));
        await post('a');
      }],
      ['in backoff', {}, async ({ server, post }) => {
        server(failing(500));
        await post('a');
      }],
      ['held', {}, async ({ server, post }) => {
        server(failing(401));
        await post('a', { token: 'old' });
      }],
      ['parked', {}, async (harness) => {
        await offline(harness, 't');
        await harness.api.signOut();
      }],
      ['paused', {}, async (harness) => {
        await harness.api.pause();
        await offline(harness);
      }],
      ['in flight', {}, async (harness) => {
        await offline(harness);
        harness.server(() => 'hang');
        harness.goOnline();
        await harness.api.wake('online');
        await settle();
      }],
    ];

    test.each(states)('%s ends the entry, with one terminal event, and nothing is sent after that', async (_name, options, come) => {
      const harness = createHarness(options);
      await come(harness);
      const [entry] = await harness.api.entries();
      const before = harness.log.filter((line) => line.includes('send ')).length;
      expect(await harness.api.cancel(entry!.id)).toBe(true);
      harness.server(ok);
      harness.goOnline();
      await harness.api.resume();
      await harness.api.replay();
      await harness.clock.advance(600_000);
      expect(await harness.api.entries()).toEqual([]);
      expect(harness.log.filter((line) => line.includes('send '))).toHaveLength(before);
      const terminal = harness.events.filter(({ type }) => ['delivered', 'failed', 'cancelled'].includes(type));
      expect(terminal).toMatchObject([{ type: 'cancelled', id: entry!.id }]);
      expect(await harness.api.cancel(entry!.id)).toBe(false);
    });
  });

  test('R9 the language that install was given is told to the pages', async () => {
    expect(await createHarness({ locale: 'zh-CN' }).api.status()).toMatchObject({ locale: 'zh-CN' });
    expect(await createHarness().api.status()).toMatchObject({ locale: null });
    for (const locale of ['', 'not a locale', 7] as string[])
      expect(() => createHarness({ locale })).toThrow(/option "locale" is .*; it must be a BCP 47 language tag/);
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

describe('trouble', () => {
  const byLane = { baseUrl: '/api', lane: (request: Request) => request.headers.get('X-Lane') ?? 'one' };

  test('C8 an answer whose body never ends holds up no entry, and its status counts', async () => {
    const { post, server, clock, log, api, goOffline, goOnline } = createHarness();
    goOffline();
    await post('a', { headers: { 'Holdfast-Id': 'a' } });
    await post('b');
    server((_request, count) => (count === 0 ? new Response(new ReadableStream(), { status: 200 }) : ok()));
    goOnline();
    await api.wake('online');
    await clock.advance(20_000);
    expect(log.filter((line) => line.includes('delivered'))).toHaveLength(2);
    expect(await api.settled('a')).toMatchObject({ status: 200, truncated: true });
  });

  test('K5 an answer doesn’t settle the request that has taken the entry’s place, where neither has an idempotency key', async () => {
    const { post, server, clock, api, outbox, goOffline, goOnline } = createHarness({ backends: [{ baseUrl: '/api', idempotencyKey: false }] });
    goOffline();
    await post('a');
    const { seq } = (await api.entries())[0]!;
    // Another worker, which doesn't know of the send, puts a request into the entry's place.
    server(async (_request, count) => {
      if (count === 0) await outbox.commit({ seq, decide: (entry) => ({ entry: { ...entry, requestId: 'another' }, events: [] }) });
      return new Response(null, { status: count === 0 ? 201 : 503 });
    });
    goOnline();
    await api.wake('online');
    await clock.advance(0);
    expect(await api.entries()).toMatchObject([{ state: 'pending' }]);
  });

  test.each(['connect', 'visible', 'pageshow'] as const)('A9 an `online` that nobody heard is made good by %s', async (reason) => {
    const { post, clock, log, api, goOffline, goOnline } = createHarness();
    goOffline();
    await post('a');
    await clock.advance(1_000);
    goOnline();
    await api.wake(reason);
    await clock.advance(0);
    expect(log.at(-1)).toContain('delivered');
  });

  test.each(['on-failure', 'write-ahead'] as const)('C3 a page in wait mode starts the drain that it waits for (%s)', async (capture) => {
    const { server, clock, fetch } = createHarness({ backends: [{ baseUrl: '/api', capture }] });
    server((_request, count) => (count === 0 ? 'drop' : ok()));
    let status = 0;
    void fetch('/api/x', { method: 'POST', body: 'a', headers: { 'Holdfast-Mode': 'wait' } }).then((response) => {
      status = response!.status;
    });
    await clock.advance(60_000);
    expect(status).toBe(201);
  });

  test('C3 a page in wait mode hears an error when its entry is replaced, and not the other request’s answer', async () => {
    const { server, fetch, post, clock } = createHarness();
    server(() => 'drop');
    const first = fetch('/api/x', { method: 'POST', body: 'a', headers: { 'Holdfast-Mode': 'wait', 'Holdfast-Id': 'mine' } });
    await clock.advance(10);
    server(ok);
    await post('b', { headers: { 'Holdfast-Id': 'mine', 'Holdfast-Replace': '1' } });
    await clock.advance(60_000);
    expect((await first)!.type).toBe('error');
  });

  test('K5 to a worker that an update has replaced, what waits may be on the wire of the newer one: a request in its stead queues up behind it', async () => {
    const harness = createHarness();
    const { server, post, clock, log } = harness;
    harness.goOffline();
    await post('older', { headers: { 'Holdfast-Id': 'mine' } });
    const { fetchAtFirst, activate } = harness.update();
    activate();
    let answer = () => {};
    server((_request, count) => (count === 0 ? new Promise((resolve) => (answer = () => resolve(ok()))) : ok()));
    harness.goOnline();
    await harness.api.wake('online');
    await clock.advance(5_000);
    const headers = { 'Holdfast-Id': 'mine', 'Holdfast-Replace': '1' };
    expect((await fetchAtFirst('/api/notes', { method: 'POST', body: 'newer', headers }))!.status).toBe(202);
    answer();
    await clock.advance(60_000);
    expect(log.flatMap((line) => / send (\S+)/.exec(line)?.[1] ?? [])).toEqual(['older', 'newer']);
    expect(await harness.api.entries()).toEqual([]);
    expect(harness.events.filter(({ type }) => type === 'delivered')).toHaveLength(2);
  });

  test('C3 a page in wait mode isn’t given the beginning of an answer for the whole', async () => {
    const { server, fetch, clock } = createHarness();
    server((_request, count) => (count === 0 ? 'drop' : new Response('x'.repeat(2 * 1024 * 1024))));
    const waiting = fetch('/api/x', { method: 'POST', body: 'a', headers: { 'Holdfast-Mode': 'wait' } });
    await clock.advance(1_000);
    await expect((await waiting)!.text()).rejects.toThrow();
  });

  test('R4 after an outage, one request that never gets through doesn’t stop the other lanes', async () => {
    const { server, post, clock, log } = createHarness({ backends: [byLane] });
    server(() => 'drop');
    await post('bad', { headers: { 'X-Lane': '1' } });
    await post('good', { headers: { 'X-Lane': '2' } });
    await clock.advance(600_000);
    server(async (request) => ((await request.clone().text()) === 'bad' ? 'drop' : ok()));
    await clock.advance(120_000);
    expect(log.filter((line) => line.includes('delivered'))).toHaveLength(1);
  });

  test('R10 an entry that’s cancelled while a drain has read it already isn’t sent', async () => {
    for (let turns = 0; turns < 40; turns++) {
      const { fetch, api, clock, log, goOffline, goOnline, events } = createHarness();
      goOffline();
      await fetch('/api/notes/7', { method: 'DELETE', headers: { 'Holdfast-Id': 'mine' } });
      goOnline();
      void api.wake('online');
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      const cancelled = await api.cancel('mine');
      await clock.advance(10);
      const sent = log.some((line) => line.includes(' send '));
      const [told] = events.filter((event) => event.type === 'cancelled');
      if (cancelled) expect([turns, sent && !told?.mayBeDelivered]).toEqual([turns, false]);
    }
  });

  test('C11 a write-ahead entry that couldn’t be written leaves no lane busy', async () => {
    const { server, post, clock, log, api, outbox, goOffline, goOnline } = createHarness({
      backends: [{ baseUrl: '/api', capture: 'write-ahead' }],
    });
    server(ok);
    const { capture } = outbox;
    outbox.capture = (order) => {
      outbox.capture = capture;
      order.decide?.({ ...order.draft, seq: 1 });
      return Promise.reject(new DOMException('full', 'QuotaExceededError'));
    };
    expect((await post('a')).status).toBe(201);
    goOffline();
    await post('b');
    goOnline();
    await api.wake('online');
    await clock.advance(0);
    expect(log.at(-1)).toContain('delivered');
  });

  test('A1 a hold that couldn’t be written is told when it can be', async () => {
    const { server, post, clock, log, api, outbox, goOffline, goOnline } = createHarness();
    goOffline();
    await post('a', { token: 'old' });
    server(() => Response.json({ code: 'token_expired' }, { status: 401 }));
    const { commit } = outbox;
    outbox.commit = () => {
      outbox.commit = commit;
      return Promise.reject(new DOMException('gone', 'InvalidStateError'));
    };
    goOnline();
    await api.wake('online');
    await clock.advance(5_000);
    expect(log.filter((line) => line.includes('auth-required'))).toHaveLength(1);
  });

  test('a cancel that can’t be written leaves the entry owed', async () => {
    const { server, post, clock, log, api, outbox } = createHarness();
    server(() => 'drop');
    await post('a', { headers: { 'Holdfast-Id': 'mine' } });
    let answer = () => {};
    server(() => new Promise((resolve) => (answer = () => resolve(ok()))));
    await clock.advance(600);
    const { commit } = outbox;
    outbox.commit = () => {
      outbox.commit = commit;
      return Promise.reject(new Error('no'));
    };
    await expect(api.cancel('mine')).rejects.toThrow('no');
    answer();
    await clock.advance(0);
    expect(log.at(-1)).toContain('delivered');
  });

  describe('a function of the app’s that fails', () => {
    const boom = () => {
      throw new Error('boom');
    };

    test.each([
      ['classify throws', { classify: boom }],
      ['classify gives nonsense', { classify: () => 'perhaps' as 'transient' }],
      ['retry throws', { retry: boom }],
      ['retry gives undefined', { retry: () => undefined as unknown as number }],
      ['retry gives NaN', { retry: () => NaN }],
      ['owner throws', { owner: boom }],
      ['respond throws', { respond: boom }],
      ['lane throws', { lane: boom }],
    ])('is told, and the default counts instead: %s', async (_name, options) => {
      const { server, post, clock, log, printed } = createHarness({ backends: [{ baseUrl: '/api', ...options }] });
      server((_request, count) => (count === 0 ? 'drop' : ok()));
      expect((await post('a', { token: 't' })).status).toBe(202);
      await clock.advance(60_000);
      expect(log.filter((line) => line.includes(' send '))).toHaveLength(2);
      expect(log.at(-1)).toContain('delivered');
      expect(printed.some((line) => line.includes('the default counts instead'))).toBe(true);
    });

    test.each([
      ['P1 an auth-expired verdict on a 401 to an entry without a token holds its session', 401, 'held'],
      ['an auth-expired verdict on another answer to an entry without a token makes a dead letter, and no endless sends', 400, 'dead'],
    ])('%s', async (_what, status, state) => {
      const { server, post, clock, log, goOffline, goOnline, api } = createHarness({
        backends: [{ baseUrl: '/api', classify: () => 'auth-expired' }],
      });
      goOffline();
      await post('a');
      server(() => new Response(null, { status }));
      goOnline();
      await api.wake('online');
      await clock.advance(60_000);
      expect(log.filter((line) => line.includes(' send '))).toHaveLength(1);
      expect(await api.entries()).toMatchObject([{ state }]);
    });
  });
});

describe('a Background Sync event', () => {
  test.each<[string, (harness: Harness) => void]>([
    ['whose worker is replaced', (harness) => harness.second()],
    ['whose storage fails', ({ outbox }) => void (outbox.heads = () => Promise.reject(new Error('no')))],
  ])('R14 %s sets no timer without a pause, and ends with its time', async (_what, happen) => {
    const harness = createHarness();
    const { server, post, clock, linger } = harness;
    server(failing(500));
    await post('a');
    let timers = 0;
    const { after } = clock;
    clock.after = (ms, task) => (++timers > 1_000 ? () => {} : after(ms, task));
    let hasEnded = false;
    void linger(60_000).then(() => (hasEnded = true));
    await settle();
    happen(harness);
    await clock.advance(61_000);
    expect(timers).toBeLessThan(200);
    expect(hasEnded).toBe(true);
  });

  test('L9 isn’t held open for a backoff once an update waits for it', async () => {
    const { server, post, clock, linger } = createHarness({ backends: [{ baseUrl: '/api', retry: () => 20_000 }] });
    server(failing(500));
    await post('a');
    let isInTheWay = false;
    let result: boolean | null = null;
    void linger(60_000, () => isInTheWay).then((done) => (result = done));
    await clock.advance(5_000);
    expect(result).toBe(null);
    isInTheWay = true;
    await clock.advance(2_000);
    expect(result).toBe(false);
  });
});
