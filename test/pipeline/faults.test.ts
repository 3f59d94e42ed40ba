import { describe, expect, test } from 'vitest';
import type { TestOutbox } from '../support/stored-outbox.js';
import { createHarness } from '../support/harness.js';
import { settle } from '../support/virtual-clock.js';
import { jwt } from '../support/records.js';

const ok = () => new Response(null, { status: 201 });
const expired = () => Response.json({ code: 'token_expired' }, { status: 401 });
const ann = jwt({ sub: 'ann' });
const bob = jwt({ sub: 'bob' });
const sent = (log: string[]) => log.flatMap((line) => / send (\S+)/.exec(line)?.[1] ?? []);
const count = (log: string[], word: string) => log.filter((line) => line.includes(word)).length;

/** The next write of that kind fails; those after it don't. */
function failOnce(outbox: TestOutbox, call: 'commit' | 'capture'): void {
  const real = outbox[call];
  Object.assign(outbox, {
    [call]: () => {
      Object.assign(outbox, { [call]: real });
      return Promise.reject(new DOMException('full', 'QuotaExceededError'));
    },
  });
}

describe('nothing is overtaken at capture', () => {
  test.each([false, true])('R16 a dead letter that blocks its lane blocks it for every user (worker restarted: %s)', async (restarted) => {
    const harness = createHarness({ backends: [{ baseUrl: '/api', onDead: 'block' }] });
    const { api, clock, log, server, post, goOffline, goOnline, restart } = harness;
    goOffline();
    await post('a', { token: ann });
    server(() => new Response(null, { status: 422 }));
    goOnline();
    await api.wake('online');
    await clock.advance(0);
    if (restarted) restart();
    server(ok);
    expect((await post('b', { token: bob })).status).toBe(202);
    expect((await post('c')).status).toBe(202);
    expect(sent(log)).toEqual(['a']);
  });

  test('R15 a newer request doesn’t overtake a Blob that’s written again as bytes, as the database doesn’t take it', async () => {
    const { clock, log, outbox, api, fetch, post, goOffline, goOnline } = createHarness();
    const { capture } = outbox;
    let secondTry = () => {};
    const refused = new Promise<void>((resolve) => (secondTry = resolve));
    Object.assign(outbox, {
      capture: async (order: Parameters<TestOutbox['capture']>[0]) => {
        if (order.body instanceof Blob) await refused;
        return capture.call(outbox, order);
      },
    });
    goOffline();
    const large = fetch('/api/notes', { method: 'POST', body: 'a'.repeat(70_000), headers: { 'Content-Type': 'application/octet-stream' } });
    const small = post('b');
    await settle();
    secondTry();
    await Promise.all([large, small]);
    goOnline();
    await api.wake('online');
    await clock.advance(0);
    expect(sent(log).map((body) => body[0])).toEqual(['a', 'b']);
  });

  test('C6 another user’s request doesn’t overtake a replay on the wire', async () => {
    const { api, log, server, post, goOffline, goOnline } = createHarness();
    goOffline();
    await post('a', { token: ann });
    server((_request, number) => (number === 0 ? new Promise(() => {}) : ok()));
    goOnline();
    void api.wake('online');
    await settle();
    expect((await post('b', { token: bob })).status).toBe(202);
    expect(sent(log)).toEqual(['a']);
  });

  test('C6 a request doesn’t overtake an entry that’s stored behind a write-ahead’s first send', async () => {
    const { log, server, post, fetch } = createHarness({ backends: [{ baseUrl: '/api', capture: 'write-ahead' }] });
    server((_request, number) =>
      number === 0 ? new Promise(() => {}) : number === 1 ? new Response(null, { status: 500 }) : ok(),
    );
    void fetch('/api/x', { method: 'POST', body: 'a' });
    await settle();
    expect((await post('b')).status).toBe(202);
    expect((await post('c')).status).toBe(202);
    expect(sent(log)).toEqual(['a', 'b']);
  });
});

describe('a write that fails', () => {
  test('A1 a first send whose hold can’t be written gives its 401 to the page, and the hold of the next request is told', async () => {
    const { clock, log, server, post, outbox } = createHarness();
    server(expired);
    failOnce(outbox, 'capture');
    expect((await post('a', { token: 'old' })).status).toBe(401);
    expect((await post('b', { token: 'old' })).status).toBe(202);
    await clock.advance(60_000);
    expect(count(log, 'auth-required')).toBe(1);
  });

  test('A1 a hold that couldn’t be written for a write-ahead’s first send is told once, when it’s written', async () => {
    const { clock, log, server, post, outbox } = createHarness({ backends: [{ baseUrl: '/api', capture: 'write-ahead' }] });
    server((_request, number) => {
      if (number === 0) failOnce(outbox, 'commit');
      return expired();
    });
    expect((await post('a', { token: 'old' })).status).toBe(202);
    await clock.advance(60_000);
    expect(count(log, 'auth-required')).toBe(1);
  });

  test('A6 a release that can’t be written is an error to the caller, who may try again', async () => {
    const { api, clock, log, server, post, outbox } = createHarness();
    server(expired);
    await post('a', { token: 'old' });
    server(ok);
    failOnce(outbox, 'commit');
    await expect(api.provideToken('new')).rejects.toThrow('full');
    expect(await api.entries()).toMatchObject([{ state: 'held' }]);
    expect(await api.provideToken('new')).toBe('released');
    await clock.advance(0);
    expect(count(log, 'released')).toBe(1);
    expect(log.at(-1)).toContain('delivered');
  });

  test('A8 a hold whose write fails late doesn’t take back a release', async () => {
    const lane = (request: Request) => request.headers.get('x-lane') ?? '';
    const { api, clock, server, post, outbox, goOffline, goOnline } = createHarness({ backends: [{ baseUrl: '/api', lane }] });
    goOffline();
    for (const name of ['a', 'b']) await post(name, { token: 'old', headers: { 'X-Lane': name } });
    const refuse: (() => void)[] = [];
    server((request) =>
      request.headers.get('authorization') === 'Bearer old'
        ? new Promise((resolve) => refuse.push(() => resolve(expired())))
        : ok(),
    );
    goOnline();
    void api.wake('online');
    await settle();
    refuse[0]!();
    await settle();
    const { commit } = outbox;
    let fail = () => {};
    outbox.commit = () => {
      outbox.commit = commit;
      return new Promise((_resolve, reject) => (fail = () => reject(new Error('late'))));
    };
    refuse[1]!();
    await settle();
    expect(await api.provideToken('new')).toBe('released');
    fail();
    await clock.advance(60_000);
    expect(await api.entries()).toEqual([]);
  });

  test('D2 a drain that can’t read the outbox keeps its sends on the wire from another worker', async () => {
    const harness = createHarness();
    const { api, clock, log, server, post, outbox, goOffline, goOnline } = harness;
    goOffline();
    await post('a');
    server(() => 'hang');
    goOnline();
    await api.wake('online');
    await clock.advance(0);
    expect(sent(log)).toEqual(['a']);
    const { heads } = outbox;
    outbox.heads = () => Promise.reject(new DOMException('lost', 'UnknownError'));
    await api.wake('due');
    await clock.advance(10);
    outbox.heads = heads;
    harness.update().activate();
    void harness.look();
    await clock.advance(5_000);
    expect(sent(log)).toEqual(['a']);
  });

  test('R14 settlements that can’t be swept hold up no drain', async () => {
    const { api, clock, log, post, outbox, goOffline, goOnline } = createHarness();
    goOffline();
    await post('a');
    outbox.forgetSettlements = () => Promise.reject(new Error('no'));
    goOnline();
    await api.wake('connect');
    await clock.advance(0);
    expect(log.at(-1)).toContain('delivered');
  });
});

test('V1 no entry goes out after `paused` was told, however far its preparation is', async () => {
  let go = () => {};
  const beforeSend = () => new Promise<void>((resolve) => (go = resolve));
  const { api, clock, log, post, goOffline, goOnline } = createHarness({ backends: [{ baseUrl: '/api', beforeSend }] });
  goOffline();
  await post('a');
  goOnline();
  await api.wake('online');
  await settle();
  await api.pause();
  go();
  await clock.advance(0);
  expect(sent(log)).toEqual([]);
});

test('A19 an entry keeps its own scheme, whatever a page says with the token', async () => {
  const seen: (string | null)[] = [];
  const harness = createHarness();
  const { clock, server, post, goOffline, goOnline, restart } = harness;
  goOffline();
  await post('a', { headers: { Authorization: 'bare-key' } });
  await clock.advance(30_000);
  restart();
  goOnline();
  server((request) => {
    seen.push(request.headers.get('authorization'));
    return ok();
  });
  await harness.api.provideToken('bare-key');
  await clock.advance(0);
  expect(seen).toEqual(['bare-key']);
});

describe('a full disk that takes no setting', () => {
  /** An outbox that's paused and owes `a`, and whose disk takes the settings once something was delivered. */
  async function paused() {
    const harness = createHarness();
    const { api, outbox, post, goOffline, goOnline } = harness;
    goOffline();
    await post('a');
    await api.pause();
    goOnline();
    await api.wake('online');
    let isFull = true;
    const { commit } = outbox;
    const full = () => Promise.reject(new DOMException('full', 'QuotaExceededError'));
    Object.assign(outbox, {
      commit: (one: Parameters<TestOutbox['commit']>[0]) => {
        if (isFull && one.paused === false) return full();
        isFull &&= one.seq === undefined || one.decide === undefined;
        return commit.call(outbox, one);
      },
    });
    return harness;
  }

  test('L12 `resume` sends first, which makes the room to write it', async () => {
    const { api, log, clock, server, restart } = await paused();
    server(ok);
    const resumed = api.resume();
    await clock.advance(1_000);
    await resumed;
    expect(sent(log)).toEqual(['a']);
    expect(count(log, 'resumed')).toBe(1);
    restart();
    expect(await api.status()).toMatchObject({ paused: false, waiting: 0 });
  });

  test('L12 `resume` is refused, and the outbox stays paused, where nothing could be sent', async () => {
    const { api, log, clock, goOffline } = await paused();
    goOffline();
    const resumed = expect(api.resume()).rejects.toThrow('full');
    await clock.advance(1_000);
    await resumed;
    expect(await api.status()).toMatchObject({ paused: true, waiting: 1 });
    expect(count(log, 'resumed')).toBe(0);
  });

  test('L12 V1 a `pause` that comes while `resume` sends is the last word', async () => {
    const { api, log, clock, server, outbox } = await paused();
    server(() => new Promise((resolve) => clock.after(100, () => resolve(ok()))));
    const resumed = api.resume();
    await clock.advance(50);
    const pausing = api.pause();
    await clock.advance(1_000);
    await Promise.all([resumed, pausing]);
    expect(sent(log)).toEqual(['a']);
    expect(await api.status()).toMatchObject({ paused: true });
    expect((await outbox.start(1)).settings).toMatchObject({ paused: true });
  });
});

describe('V1 a pause', () => {
  test('V1 stops replay at once, and for as long as the worker lives, where it can’t be written, which it says', async () => {
    const { api, log, clock, outbox, post, goOffline, goOnline } = createHarness();
    goOffline();
    await post('a');
    const { commit } = outbox;
    let fail = (_error: Error) => {};
    Object.assign(outbox, {
      commit: (one: Parameters<TestOutbox['commit']>[0]) => (one.paused ? new Promise((_, reject) => (fail = reject)) : commit.call(outbox, one)),
    });
    const pausing = expect(api.pause()).rejects.toThrow('broken');
    await clock.advance(0);
    goOnline();
    await api.wake('online');
    await clock.advance(60_000);
    expect(sent(log)).toEqual([]);
    fail(new DOMException('broken', 'UnknownError'));
    await pausing;
    await clock.advance(60_000);
    expect(await api.status()).toMatchObject({ paused: true });
    expect(sent(log)).toEqual([]);
    await api.resume();
    await clock.advance(0);
    expect(sent(log)).toEqual(['a']);
  });
});
