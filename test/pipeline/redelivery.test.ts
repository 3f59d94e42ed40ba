import { describe, expect, test } from 'vitest';
import { createHarness, type Harness } from '../support/harness.js';
import { settle } from '../support/virtual-clock.js';

/** Chromium gives the fetch event of a worker that died to the next one: the page never knows. */
const AHEAD = { backends: [{ baseUrl: '/api', capture: 'write-ahead' as const }] };
const MINE = { method: 'POST', body: 'mine' };
const ok = () => Response.json({ made: true }, { status: 201 });

/** An answer that takes its time. */
const later = (clock: Harness['clock'], ms: number, status: number): Promise<Response> =>
  new Promise((resolve) => void clock.after(ms, () => resolve(new Response(null, { status }))));

/** The bodies that were sent. */
const sent = (log: string[]): string[] => log.filter((line) => line.includes(' send ')).map((line) => line.split(' ')[2]!);

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

/** The event comes again: its page is answered, the server has had the request twice, under one key, and nothing waits any more. */
async function isDoneUnderOneKey(harness: Harness, seen: ReturnType<typeof keysSeen>): Promise<void> {
  expect((await harness.fetch('/api/x', MINE))!.status).toBe(201);
  await harness.clock.advance(60_000);
  expect(seen.count()).toBe(2);
  expect(seen.keys.size).toBe(1);
  expect(await harness.api.entries()).toEqual([]);
}

describe('D1 a fetch event that comes again', () => {
  test.each([
    ['after a write-ahead', AHEAD, 0],
    ['on failure, a quarter of a second after its send', {}, 250],
  ])('%s, is the same entry under the same key, and the page gets the server’s own answer', async (_name, options, wait) => {
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

  test('R18 is the probe of an open circuit, and lengthens the wait when nobody answers', async () => {
    const lane = (request: Request) => request.url;
    const { fetch, clock, restart, server, log } = createHarness({ backends: [{ baseUrl: '/api', capture: 'write-ahead', lane }] });
    server((request) => (request.url.endsWith('/x') ? 'hang' : 'drop'));
    void fetch('/api/x', MINE);
    await settle();
    await fetch('/api/y', { ...MINE, body: 'other' });
    restart();
    await clock.advance(600);
    server(() => 'drop');
    await fetch('/api/x', MINE);
    await clock.advance(1_200);
    expect(log.filter((line) => line.includes('send '))).toEqual(['0 send mine', '0 send other', '600 send mine', '1600 send mine']);
  });

  test('A15 in another user’s session by cookie, a first send that is on disk waits for its own user', async () => {
    const { fetch, api, clock, log, restart, server } = createHarness(AHEAD);
    server((_request, count) => (count === 0 ? 'hang' : ok()));
    await api.signIn('ann');
    void fetch('/api/x', MINE);
    await clock.advance(10);
    restart();
    await api.signOut();
    await api.signIn('bob');
    expect((await fetch('/api/x', MINE))!.status).toBe(202);
    await clock.advance(60_000);
    expect(log.filter((line) => line.includes('send'))).toEqual(['0 send mine']);
    expect(await api.entries()).toMatchObject([{ owner: 'ann', state: 'parked' }]);
    await api.signIn('ann');
    await clock.advance(0);
    expect(log.filter((line) => line.includes('send')).at(-1)).toBe('60010 send mine');
  });

  test('on failure, less than a quarter of a second after its send, isn’t known, and has another key', async () => {
    const harness = createHarness();
    const { fetch, clock, restart } = harness;
    const seen = keysSeen(harness);
    void fetch('/api/x', MINE);
    await clock.advance(249);
    restart();
    expect((await fetch('/api/x', MINE))!.status).toBe(201);
    expect(seen.keys.size).toBe(2);
  });

  test('D1 to an update’s worker that has waited for long is known, as its time begins with the activation', async () => {
    const harness = createHarness(AHEAD);
    const { update, clock } = harness;
    const seen = keysSeen(harness);
    const { fetchAtFirst, killFirst, activate } = update();
    // The first goes on while its events are open, and so the second isn't activated yet.
    await clock.advance(10_000);
    void fetchAtFirst('/api/x', MINE);
    await settle();
    killFirst();
    activate();
    await isDoneUnderOneKey(harness, seen);
  });

  test('D1 to an update’s worker that had seen no other worker while it was installed is known, as the older one was started again since', async () => {
    const harness = createHarness(AHEAD);
    const { update, adopt } = harness;
    const seen = keysSeen(harness);
    const { fetchAtFirst, killFirst, activate } = update();
    killFirst();
    // An adoption reads the state at the worker's start, and finds no other worker alive.
    await adopt(null);
    void fetchAtFirst('/api/x', MINE);
    await settle();
    activate();
    await isDoneUnderOneKey(harness, seen);
  });

  test('D1 A14 is known with the kill switch on, as it would be sent twice if it went bare', async () => {
    const harness = createHarness(AHEAD);
    const { fetch, restart, clock, api } = harness;
    const seen = keysSeen(harness);
    void fetch('/api/x', MINE);
    await settle();
    await api.configure({ offlineMode: false });
    restart();
    expect((await fetch('/api/x', MINE))!.status).toBe(201);
    await clock.advance(60_000);
    expect(seen.keys.size).toBe(1);
    expect(await api.entries()).toEqual([]);
  });

  test('A14 doesn’t keep another request from being sent and not stored with the kill switch on', async () => {
    const harness = createHarness(AHEAD);
    const { fetch, restart, clock, api, server } = harness;
    keysSeen(harness);
    void fetch('/api/x', MINE);
    await settle();
    await api.configure({ offlineMode: false });
    restart();
    server(() => new Response(null, { status: 503 }));
    expect((await fetch('/api/y', { ...MINE, body: 'another' }))!.status).toBe(503);
    server(ok);
    await clock.advance(60_000);
    expect(await api.entries()).toEqual([]);
  });

  test('and fails again goes into the line as the entry that it is', async () => {
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

  test('for a stored entry for whose answer its page waits goes on waiting for that entry', async () => {
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

  test('for an entry that was delivered without its page being told gets that answer, and nothing is sent', async () => {
    const { fetch, restart, server, clock, log } = createHarness();
    const waiting = { ...MINE, headers: { 'Holdfast-Mode': 'wait' } };
    server((_request, count) => (count === 0 ? new Response(null, { status: 500 }) : ok()));
    void fetch('/api/x', { ...waiting, gone: true });
    await clock.advance(2_000);
    expect(log.at(-1)).toContain('delivered');
    restart();
    const answer = await fetch('/api/x', waiting);
    expect([answer!.status, await answer!.json()]).toEqual([201, { made: true }]);
    expect(log.filter((line) => line.includes(' send '))).toHaveLength(2);
  });

  test('for a write-ahead whose answer hadn’t reached the page is sent under the same key', async () => {
    const harness = createHarness(AHEAD);
    const { fetch, restart, clock, server } = harness;
    const keys = new Set<string | null>();
    server((request) => {
      keys.add(request.headers.get('idempotency-key'));
      return ok();
    });
    await fetch('/api/x', { ...MINE, gone: true });
    await clock.advance(100);
    restart();
    expect((await fetch('/api/x', MINE))!.status).toBe(201);
    expect(keys.size).toBe(1);
  });

  test('for a stored entry whose 202 hadn’t reached the page gets the same id', async () => {
    const { fetch, restart, goOffline, clock, api } = createHarness();
    goOffline();
    const first = await (await fetch('/api/x', { ...MINE, gone: true }))!.json();
    await clock.advance(100);
    restart();
    const again = await (await fetch('/api/x', MINE))!.json();
    expect(again.id).toBe(first.id);
    expect(await api.entries()).toHaveLength(1);
  });

  describe('E7 K5 for a request that another has replaced since', () => {
    const autosave = (body: string) => ({ method: 'PUT', body, headers: { 'Holdfast-Id': 'draft', 'Holdfast-Replace': '1', 'Holdfast-Mode': 'wait' } });

    test.each(['before its worker died', 'after its worker died'])('%s ends with a network error, and only the newer one is sent', async (when) => {
      const { fetch, restart, goOffline, goOnline, look, clock, log, api } = createHarness();
      goOffline();
      void fetch('/api/x', { ...autosave('old'), gone: true });
      await clock.advance(1_000);
      if (when.startsWith('after')) restart();
      const newer = fetch('/api/x', autosave('new'));
      await settle();
      if (when.startsWith('before')) restart();
      expect((await fetch('/api/x', autosave('old')))!.type).toBe('error');
      goOnline();
      await look();
      await clock.advance(60_000);
      expect(sent(log)).toEqual(['new']);
      expect(await api.entries()).toEqual([]);
      if (when.startsWith('after')) expect((await newer)!.status).toBe(201);
    });

    test('isn’t an equal request that comes after that event’s answer', async () => {
      const { fetch, restart, goOffline, goOnline, clock, log } = createHarness();
      goOffline();
      void fetch('/api/x', autosave('a'));
      await settle();
      void fetch('/api/x', autosave('b'));
      await clock.advance(1_000);
      restart();
      const again = fetch('/api/x', autosave('a'));
      goOnline();
      await clock.advance(60_000);
      expect((await again)!.status).toBe(201);
      expect(sent(log)).toEqual(['a']);
    });

    test('over six minutes ago is a request of its own', async () => {
      const { fetch, restart, goOffline, goOnline, clock, log, outbox } = createHarness();
      goOffline();
      void fetch('/api/x', { ...autosave('old'), gone: true });
      await settle();
      void fetch('/api/x', autosave('new'));
      await clock.advance(360_001);
      restart();
      const again = fetch('/api/x', autosave('old'));
      goOnline();
      await clock.advance(60_000);
      expect((await again)!.status).toBe(201);
      expect(sent(log)).toEqual(['old']);
      expect(await outbox.open()).toEqual({ entries: [], settlements: [] });
    });
  });

  test('is taken up once, and a second one like it is a request of its own', async () => {
    const { fetch, restart, goOffline, api } = createHarness();
    goOffline();
    await fetch('/api/x', { ...MINE, gone: true });
    restart();
    await Promise.all([fetch('/api/x', MINE), fetch('/api/x', MINE)]);
    expect(await api.entries()).toHaveLength(2);
  });

  test.each<[string, RequestInit & { body?: string; clientId?: string }]>([
    ['of another page', { clientId: 'other' }],
    ['with another body', { body: 'other' }],
    ['with a body that differs in the middle', { body: `${'-'.repeat(70_000)}2${'-'.repeat(70_000)}` }],
    ['with another method', { method: 'PUT' }],
    ['with another header', { headers: { 'X-Other': '1' } }],
    ['with another idempotency key of its own', { headers: { 'Idempotency-Key': 'k2' } }],
    ['with another task id', { headers: { 'Holdfast-Id': 'b' } }],
    ['in another lane', { headers: { 'Holdfast-Lane': 'b' } }],
    ['of another user', { headers: { Authorization: 'Bearer bob' } }],
  ])('isn’t an event %s', async (_name, other) => {
    const { fetch, restart, goOffline, api } = createHarness();
    const first = { ...MINE, body: other.body ? `${'-'.repeat(70_000)}1${'-'.repeat(70_000)}` : MINE.body };
    goOffline();
    await fetch('/api/x', { ...first, gone: true });
    restart();
    await fetch('/api/x', { ...first, ...other });
    expect(await api.entries()).toHaveLength(2);
  });

  test('isn’t a request that’s like an earlier one whose page had its 202', async () => {
    const { fetch, restart, goOffline, clock, api } = createHarness();
    goOffline();
    await fetch('/api/x', MINE);
    await clock.advance(50);
    restart();
    await fetch('/api/x', MINE);
    expect(await api.entries()).toHaveLength(2);
  });

  test('isn’t a request that’s like an earlier one whose page had waited for the server’s answer', async () => {
    const { fetch, restart, server, clock, log } = createHarness();
    const waiting = { ...MINE, headers: { 'Holdfast-Mode': 'wait' } };
    server((_request, count) => (count === 0 ? new Response(null, { status: 500 }) : ok()));
    const first = fetch('/api/x', waiting);
    await clock.advance(2_100);
    expect((await first)!.status).toBe(201);
    await clock.advance(50);
    restart();
    expect((await fetch('/api/x', waiting))!.status).toBe(201);
    expect(log.filter((line) => line.includes(' send '))).toHaveLength(3);
  });

  test('isn’t a request that’s like an earlier one whose page had the server’s answer a moment ago, in wait mode', async () => {
    const harness = createHarness({ random: () => 0 });
    const { fetch, server, log } = harness;
    const waiting = { ...MINE, headers: { 'Holdfast-Mode': 'wait' } };
    server((_request, count) => (count === 0 ? new Response(null, { status: 500 }) : ok()));
    const first = fetch('/api/x', waiting);
    await harness.clock.advance(0);
    expect((await first)!.status).toBe(201);
    expect((await fetch('/api/x', waiting))!.status).toBe(201);
    expect(log.filter((line) => line.includes(' send '))).toHaveLength(3);
  });

  test.each([3_000, 30_000, 300_000])('E7 %d ms late, on a slow device, gets the answer to its entry’s replay', async (late) => {
    const harness = createHarness(AHEAD);
    const { fetch, restart, clock, api } = harness;
    const seen = keysSeen(harness);
    void fetch('/api/x', { ...MINE, gone: true });
    await settle();
    restart();
    await harness.look();
    await clock.advance(late);
    expect(seen.count()).toBe(2);
    const answer = await fetch('/api/x', MINE);
    expect([answer!.status, await answer!.json()]).toEqual([201, { made: true }]);
    expect([seen.count(), seen.keys.size]).toEqual([2, 1]);
    expect(await api.entries()).toEqual([]);
  });

  test('E7 while its entry is being replayed gets the answer to that send, and makes no other', async () => {
    const harness = createHarness(AHEAD);
    const { fetch, restart, clock, server } = harness;
    let count = 0;
    let answer = (_response: Response) => {};
    server(() => (count++ === 0 ? 'hang' : new Promise((resolve) => (answer = resolve))));
    void fetch('/api/x', { ...MINE, gone: true });
    await settle();
    restart();
    await harness.look();
    await clock.advance(3_000);
    expect(count).toBe(2);
    const again = fetch('/api/x', MINE);
    await clock.advance(1_000);
    answer(ok());
    expect((await again)!.status).toBe(201);
    await clock.advance(10_000);
    expect(count).toBe(2);
  });

  test('E7 of a worker that an update has replaced, and that dies long after, is one entry under one key', async () => {
    const harness = createHarness();
    const { update, clock, api, server } = harness;
    const keys = new Set<string | null>();
    server((request) => {
      keys.add(request.headers.get('idempotency-key'));
      return new Response(null, { status: 500 });
    });
    const waiting = { ...MINE, headers: { 'Holdfast-Mode': 'wait' } };
    const { fetchAtFirst, killFirst, activate } = update();
    void fetchAtFirst('/api/x', { ...waiting, gone: true });
    await settle();
    activate();
    await api.status();
    await clock.advance(20_000);
    killFirst();
    const again = harness.fetch('/api/x', waiting);
    await settle();
    expect(await api.entries()).toHaveLength(1);
    server((request) => {
      keys.add(request.headers.get('idempotency-key'));
      return ok();
    });
    await clock.advance(60_000);
    expect((await again)!.status).toBe(201);
    expect(keys.size).toBe(1);
  });

  test('E7 is known also where the lock of its dead worker gets free only seconds later, as on a slow device', async () => {
    const harness = createHarness(AHEAD);
    const seen = keysSeen(harness);
    void harness.fetch('/api/x', MINE);
    await harness.clock.advance(0);
    const { activate, killFirst } = harness.update();
    activate();
    const again = harness.fetch('/api/x', MINE);
    await harness.clock.advance(3_000);
    killFirst();
    expect((await again)!.status).toBe(201);
    await harness.clock.advance(60_000);
    expect([seen.count(), seen.keys.size]).toEqual([2, 1]);
  });

  test('E7 isn’t waited for any longer because of requests that came later than two seconds after the worker’s start', async () => {
    const harness = createHarness(AHEAD);
    const seen = keysSeen(harness);
    void harness.fetch('/api/x', MINE);
    await harness.clock.advance(0);
    harness.restart();
    await harness.clock.advance(2_500);
    // A request that's never read to its end.
    void harness.fetch('/api/y', { method: 'POST', body: new ReadableStream() as never, duplex: 'half' } as { method: string });
    await settle();
    void harness.look();
    await harness.clock.advance(10);
    expect(seen.count()).toBe(2);
  });

  test('E7 isn’t a request that’s like another one, whose answer the older worker of an update is still giving to its page', async () => {
    const harness = createHarness();
    const { update, clock, server, log, fetch } = harness;
    server((_request, count) => (count === 0 ? new Response(null, { status: 500 }) : ok()));
    const { fetchAtFirst, activate } = update();
    activate();
    const waiting = { ...MINE, headers: { 'Holdfast-Mode': 'wait' } };
    void fetchAtFirst('/api/x', { ...waiting, gone: true });
    await settle();
    await harness.api.wake('due');
    await clock.advance(30_000);
    expect(log.filter((line) => line.includes(' send '))).toHaveLength(2);
    const equal = fetch('/api/x', waiting);
    await clock.advance(5_000);
    expect((await equal)!.status).toBe(201);
    expect(log.filter((line) => line.includes(' send '))).toHaveLength(3);
  });

  test('A14 C15 lets the kill switch leave requests as they are, once none can come any more', async () => {
    const harness = createHarness();
    const { fetch, restart, goOffline, clock, api, server, post, look } = harness;
    goOffline();
    await fetch('/api/a', { ...MINE, gone: true });
    restart();
    await look();
    await clock.advance(3_600_000);
    await api.configure({ offlineMode: false });
    const keys: (string | null)[] = [];
    server((request) => {
      keys.push(request.headers.get('idempotency-key'));
      return ok();
    });
    await post('x', { path: '/api/other' });
    expect(keys).toContain(null);
  });

  // Chromium ends a fetch event that has been open for five minutes.
  test('C6 a newer request doesn’t overtake an entry that the replaced worker of an update has stored, and hasn’t lived to send', async () => {
    const harness = createHarness();
    const { server, fetch, api, clock } = harness;
    let answer: (response: Response) => void = () => {};
    server(() => new Promise((resolve) => void (answer = resolve)));
    await api.pause();
    void fetch('/api/notes', { method: 'POST', body: 'first' });
    await settle();
    const { killFirst, activate } = harness.update();
    activate();
    await api.status();
    answer(new Response(null, { status: 500 }));
    await settle();
    killFirst();
    await clock.advance(300);
    server(() => new Response(null, { status: 201 }));
    expect((await fetch('/api/notes', { method: 'POST', body: 'second' }))?.status).toBe(202);
  });

  test('E7 over six minutes later is a request of its own', async () => {
    const harness = createHarness();
    const { fetch, restart, goOffline, clock } = harness;
    goOffline();
    await fetch('/api/x', { ...MINE, gone: true });
    restart();
    await harness.api.status();
    await clock.advance(360_001);
    await fetch('/api/x', MINE);
    expect(await harness.api.entries()).toHaveLength(2);
  });

  test('and waits on for its answer doesn’t stop its lane', async () => {
    const { fetch, restart, server, clock, api } = createHarness();
    const waiting = { ...MINE, headers: { 'Holdfast-Mode': 'wait' } };
    server(() => new Response(null, { status: 503, headers: { 'Retry-After': '3600' } }));
    void fetch('/api/x', waiting);
    await settle();
    restart();
    void fetch('/api/x', waiting);
    await settle();
    expect((await fetch('/api/x', { method: 'POST', body: 'next' }))!.status).toBe(202);
    await clock.advance(5_000);
    expect(await api.entries()).toHaveLength(2);
  });

  test('and is on the wire doesn’t stop other lanes whose events may come again too', async () => {
    const harness = createHarness(AHEAD);
    const { fetch, restart, server, clock, log } = harness;
    server(() => 'hang');
    void fetch('/api/x', MINE);
    void fetch('/api/x', { method: 'POST', body: 'gone', headers: { 'Holdfast-Lane': 'b' } });
    await settle();
    restart();
    server(async (request) => ((await request.clone().text()) === 'mine' ? 'hang' : ok()));
    void fetch('/api/x', MINE);
    await harness.look();
    await clock.advance(4_000);
    expect(log.at(-1)).toContain('delivered');
  });

  test.each([
    ['its body', true],
    ['its fingerprint', false],
  ])('in time is known, however long %s takes', async (_name, slowBody) => {
    const harness = createHarness(AHEAD);
    const { fetch, restart, clock, slowDigest } = harness;
    const seen = keysSeen(harness);
    const headers = { 'Content-Type': 'text/plain' };
    void fetch('/api/x', { ...MINE, headers });
    await settle();
    restart();
    let body: BodyInit = MINE.body;
    if (slowBody) {
      const late = new TransformStream<Uint8Array, Uint8Array>();
      body = late.readable;
      clock.after(2_500, () => {
        const writer = late.writable.getWriter();
        void writer.write(new TextEncoder().encode(MINE.body)).then(() => writer.close());
      });
    } else slowDigest(() => new Promise((resolve) => void clock.after(2_500, resolve)));
    void fetch('/api/x', { method: 'POST', headers, body: body as string, ...(slowBody && { duplex: 'half' }) } as never);
    await clock.advance(60_000);
    expect(seen.keys.size).toBe(1);
    expect(seen.count()).toBe(2);
  });

  test('holds up no lane when the clock is set back', async () => {
    const harness = createHarness(AHEAD);
    const { fetch, restart, clock } = harness;
    const seen = keysSeen(harness);
    await clock.advance(7_200_000);
    void fetch('/api/x', MINE);
    await settle();
    restart();
    await harness.look();
    const { now } = clock;
    clock.now = () => now() - 3_600_000;
    await clock.advance(5_000);
    await harness.api.replay();
    await clock.advance(5_000);
    expect(seen.count()).toBe(2);
  });

  test('for a cancelled entry leaves it cancelled', async () => {
    const harness = createHarness(AHEAD);
    const { fetch, restart } = harness;
    const seen = keysSeen(harness);
    void fetch('/api/x', { ...MINE, headers: { 'Holdfast-Id': 'chosen' } });
    await settle();
    restart();
    expect(await harness.api.cancel('chosen')).toBe(true);
    const answer = await fetch('/api/x', { ...MINE, headers: { 'Holdfast-Id': 'chosen' } });
    expect(answer!.type).toBe('error');
    expect(seen.count()).toBe(1);
  });

  test('C6 doesn’t overtake an entry that came before it and was stored', async () => {
    const { fetch, restart, server, clock, log } = createHarness();
    server((_request, count) => (count === 0 ? later(clock, 400, 500) : count === 1 ? 'hang' : ok()));
    void fetch('/api/x', { method: 'POST', body: 'first' });
    await settle();
    void fetch('/api/x', MINE);
    await clock.advance(500);
    restart();
    expect((await fetch('/api/x', MINE))!.status).toBe(202);
    await clock.advance(60_000);
    expect(log.filter((line) => line.includes(' send ')).map((line) => line.split(' ')[2])).toEqual(['first', 'mine', 'first', 'mine']);
  });

  test('C6 doesn’t overtake an entry that stands behind another first send whose event may come again', async () => {
    const { fetch, restart, server, clock, log } = createHarness();
    server((_request, count) => (count === 1 ? later(clock, 400, 500) : count < 3 ? 'hang' : ok()));
    for (const body of ['first', 'stored', 'mine']) {
      void fetch('/api/x', { method: 'POST', body });
      await settle();
    }
    await clock.advance(500);
    restart();
    expect((await fetch('/api/x', MINE))!.status).toBe(202);
    await clock.advance(60_000);
    expect(log.filter((line) => line.includes(' send ')).map((line) => line.split(' ')[2]).slice(3)).toEqual(['first', 'stored', 'mine']);
  });

  test('gets the server’s own answer beside another one of its lane, as both were on the wire side by side', async () => {
    const { fetch, restart, server } = createHarness(AHEAD);
    server((_request, count) => (count < 2 ? 'hang' : ok()));
    const both = [MINE, { method: 'POST', body: 'other' }];
    for (const one of both) void fetch('/api/x', one);
    await settle();
    restart();
    const answers = await Promise.all(both.map((one) => fetch('/api/x', one)));
    expect(answers.map((answer) => answer!.status)).toEqual([201, 201]);
  });

  test('A11 gets the server’s own answer where it needs no token, and what waits in its lane is held for a token', async () => {
    const { fetch, restart, server, post, clock } = createHarness(AHEAD);
    server(() => Response.json({ code: 'token_expired' }, { status: 401 }));
    await post('held', { token: 'old' });
    await clock.advance(2_000);
    const signIn = { ...MINE, headers: { 'Holdfast-Auth': 'none' } };
    server(() => 'hang');
    void fetch('/api/x', signIn);
    await settle();
    restart();
    server(ok);
    expect((await fetch('/api/x', signIn))!.status).toBe(201);
  });

  const refused = { headers: { Authorization: 'Bearer old' } };
  const inVain: [reason: string, reply: (() => Response) | null, init?: { headers: Record<string, string> }][] = [
    ['offline', null],
    ['rate-limited', () => new Response(null, { status: 429, headers: { 'Retry-After': '600' } })],
    ['circuit-open', () => new Response(null, { status: 503 })],
    ['auth-expired', () => Response.json({ code: 'token_expired' }, { status: 401 }), refused],
  ];
  test.each(inVain)('C7 isn’t sent again where that’s known to be in vain (%s): its entry goes into the line', async (reason, reply, init) => {
    const harness = createHarness(AHEAD);
    const { fetch, restart, server, clock, api, log, goOffline } = harness;
    server(() => 'hang');
    void fetch('/api/x', { ...MINE, ...init });
    await settle();
    if (reply) {
      server(reply);
      await fetch('/api/y', { ...MINE, headers: { ...init?.headers, 'Holdfast-Lane': 'other' } });
    } else goOffline();
    await clock.advance(100);
    restart();
    server(ok);
    const answer = await fetch('/api/x', { ...MINE, ...init });
    expect([answer!.status, await answer!.json()]).toMatchObject([202, { reason }]);
    expect(log.filter((line) => line.includes(' send mine'))).toHaveLength(reply ? 2 : 1);
    expect(await api.entries()).toHaveLength(reply ? 2 : 1);
  });

  test('R14 asks the browser for a wake-up, as what it leaves in line may be all that waits', async () => {
    const { fetch, restart, goOffline, wakeUpsAsked } = createHarness();
    goOffline();
    await fetch('/api/x', { ...MINE, gone: true });
    restart();
    wakeUpsAsked.length = 0;
    expect((await fetch('/api/x', MINE))!.status).toBe(202);
    expect(wakeUpsAsked).toHaveLength(1);
  });

  test('an answer that no page takes holds up its lane for a second at most', async () => {
    const { fetch, server, clock, api, log } = createHarness(AHEAD);
    server((_request, count) => (count === 1 ? new Response(null, { status: 500 }) : ok()));
    await fetch('/api/x', { ...MINE, gone: true });
    expect((await fetch('/api/x', { method: 'POST', body: 'next' }))!.status).toBe(202);
    await clock.advance(2_000);
    expect(await api.entries()).toEqual([]);
    expect(log.filter((line) => line.includes(' send mine'))).toHaveLength(1);
  });

  test('is taken up although that can’t be written down', async () => {
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

  test('is waited for before its entry is replayed, for two seconds', async () => {
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

describe('R15 a request that fails', () => {
  test('quickly waits for the place of a slow one before it', async () => {
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

  test('quickly is stored once the slow one before it is on disk', async () => {
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

  test('quickly doesn’t wait for a slow one of another lane', async () => {
    const { fetch, server } = createHarness();
    server((_request, count) => (count === 0 ? 'hang' : new Response(null, { status: 500 })));
    void fetch('/api/x', { method: 'PUT', body: 'first' });
    const other = await fetch('/api/x', { method: 'PUT', body: 'second', headers: { 'Holdfast-Lane': 'b' } });
    expect(other!.status).toBe(202);
  });

  test('behind a slow one goes on when that gets through', async () => {
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

  test('keeps its place though its body takes long to be read', async () => {
    const { fetch, goOffline, api, clock } = createHarness();
    goOffline();
    const slow = new TransformStream<Uint8Array, Uint8Array>();
    void fetch('/api/first', { method: 'POST', body: slow.readable, duplex: 'half' } as never);
    void fetch('/api/second', MINE);
    await clock.advance(500);
    const writer = slow.writable.getWriter();
    void writer.write(new Uint8Array(1)).then(() => writer.close());
    await clock.advance(100);
    expect((await api.entries()).map(({ url }) => url.split('/').at(-1))).toEqual(['first', 'second']);
  });

  test('after a request whose body is never read is stored two seconds later', async () => {
    const { fetch, goOffline, clock } = createHarness();
    goOffline();
    const never = new TransformStream<Uint8Array, Uint8Array>();
    void fetch('/api/first', { method: 'POST', body: never.readable, duplex: 'half' } as never);
    let status = 0;
    void fetch('/api/second', MINE).then((answer) => (status = answer!.status));
    await clock.advance(2_000);
    expect(status).toBe(202);
  });

  test('in any way, one of forty side by side, is stored and sent in its order', async () => {
    const { fetch, server, clock, api, log } = createHarness();
    server((_request, count) => {
      if (count >= 40) return ok();
      if (count % 3 === 1) return new Response(null, { status: 500 });
      return later(clock, (count * 53) % 400, count % 3 === 0 ? 500 : 503);
    });
    const all = Array.from({ length: 40 }, (_, body) => fetch('/api/x', { method: 'POST', body: String(body) }));
    await clock.advance(5_000);
    for (const answer of await Promise.all(all)) expect(answer!.status).toBe(202);
    await clock.advance(120_000);
    expect(await api.entries()).toEqual([]);
    const replayed = log.flatMap((line) => / send (\d+)/.exec(line)?.[1] ?? []).slice(40);
    expect([...new Set(replayed)]).toEqual(all.map((_, body) => String(body)));
  });

  test('K5 a task id is free as soon as its request is answered', async () => {
    const { fetch, server, clock } = createHarness(AHEAD);
    server(ok);
    const headers = { 'Holdfast-Id': 'mine' };
    expect((await fetch('/api/x', { ...MINE, headers, gone: true }))!.status).toBe(201);
    const next = fetch('/api/x', { method: 'POST', body: 'next', headers });
    await clock.advance(1_000);
    expect((await next)!.status).toBe(201);
  });
});
