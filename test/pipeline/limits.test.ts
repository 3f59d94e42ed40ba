import { describe, expect, test } from 'vitest';
import type { BackendOptions } from '../../sw/options.js';
import { createHarness } from '../support/harness.js';
import { settle } from '../support/virtual-clock.js';

const DAY = 86_400_000;
const ok = () => new Response(null, { status: 201 });
const down = () => new Response('down', { status: 503 });
const lane = (request: Request) => request.headers.get('x-lane') ?? '';
const inLane = (name: string) => ({ headers: { 'X-Lane': name } });
const sent = (log: string[]) => log.flatMap((line) => / send (\S+)/.exec(line)?.[1] ?? []);

const limited = (limits: BackendOptions['limits'], more: Partial<BackendOptions> = {}) =>
  createHarness({ backends: [{ baseUrl: '/api', lane, limits: limits!, ...more }] });

describe('C10 a request over a limit', () => {
  test('isn’t stored: its page gets the true failure, and the fullness is told', async () => {
    const { server, post, api, events, clock, goOnline, goOffline } = limited({ maxEntries: 2 });
    server(down);
    expect((await post('a', inLane('1'))).status).toBe(202);
    goOffline();
    expect((await post('b', inLane('2'))).status).toBe(202);
    goOnline();
    server(() => 'drop');
    const refused = await post('c', inLane('3'));
    expect(refused.type).toBe('error');
    expect(events.at(-1)).toMatchObject({ type: 'outbox-full', limit: 'maxEntries', method: 'POST' });
    expect(events.filter(({ type }) => type === 'outbox-full')).toHaveLength(1);
    server(ok);
    await api.wake('online');
    await clock.advance(120_000);
    expect(await api.entries()).toEqual([]);
    expect((await post('d')).status).toBe(201);
  });

  test('gets the server’s own failure to its page', async () => {
    const { server, post } = limited({ maxEntries: 1 });
    server(() => new Response('busy', { status: 500 }));
    expect((await post('a', inLane('1'))).status).toBe(202);
    const answer = await post('b', inLane('2'));
    expect([answer.status, await answer.text()]).toEqual([500, 'busy']);
  });

  test('is sent although the circuit is open', async () => {
    const { server, post, log } = limited({ maxEntries: 1 });
    server(down);
    await post('a', inLane('1'));
    server(ok);
    // The circuit is open.
    expect((await post('b', inLane('2'))).status).toBe(201);
    expect(sent(log)).toEqual(['a', 'b']);
  });

  test('C6 isn’t sent past a waiting entry of its lane', async () => {
    const { server, post, log, clock } = limited({ maxEntries: 1 });
    server(() => new Response(null, { status: 500 }));
    await post('a', inLane('1'));
    server(ok);
    expect((await post('b', inLane('1'))).type).toBe('error');
    expect((await post('c', inLane('2'))).status).toBe(201);
    await clock.advance(10_000);
    expect(sent(log)).toEqual(['a', 'c', 'a']);
  });

  test('is known by the bytes of all bodies together', async () => {
    const { server, post, events, api } = limited({ maxBytes: 10 });
    server(down);
    expect((await post('123456')).status).toBe(202);
    expect((await post('12345')).type).toBe('error');
    expect(events.at(-1)).toMatchObject({ type: 'outbox-full', limit: 'maxBytes' });
    expect((await post('1234')).status).toBe(202);
    expect(await api.entries()).toHaveLength(2);
  });

  test('is stored where it replaces an entry that makes room for it', async () => {
    const { server, post, api } = limited({ maxEntries: 1, maxBytes: 6 });
    server(down);
    await post('123456', { headers: { 'Holdfast-Id': 'mine' } });
    const replaced = await post('654321', { headers: { 'Holdfast-Id': 'mine', 'Holdfast-Replace': '1' } });
    expect(replaced.status).toBe(202);
    expect(await api.entries()).toHaveLength(1);
  });

  test('isn’t stored beside a dead letter, which counts until it’s discarded', async () => {
    const { server, post, api, clock } = limited({ maxEntries: 1 });
    server((_request, count) => new Response(null, { status: count === 0 ? 500 : 422 }));
    await post('a', { headers: { 'Holdfast-Id': 'mine' } });
    await clock.advance(5_000);
    expect(await api.entries()).toMatchObject([{ state: 'dead' }]);
    server(() => new Response(null, { status: 500 }));
    expect((await post('b')).status).toBe(500);
    await api.discard('mine');
    expect((await post('c')).status).toBe(202);
  });

  test('goes on without its write-ahead: the server’s answer counts, and the fullness is told once', async () => {
    const { server, post, events } = limited({ maxEntries: 1 }, { capture: 'write-ahead' });
    server(() => new Response('busy', { status: 500 }));
    await post('a', inLane('1'));
    expect(await (await post('b', inLane('2'))).text()).toBe('busy');
    expect(events.filter(({ type }) => type === 'outbox-full')).toHaveLength(1);
  });

  test('C11 a request goes to the server where the storage fails, whatever waits', async () => {
    const { server, post, events, outbox } = limited({});
    server(down);
    await post('a');
    server(ok);
    outbox.capture = () => Promise.reject(new DOMException('lost', 'UnknownError'));
    expect((await post('b')).status).toBe(201);
    expect(events.at(-1)).toMatchObject({ type: 'storage-failed', error: 'UnknownError' });
  });

  test('C11 a full disk is told as outbox-full', async () => {
    const { server, post, events, outbox } = limited({});
    server(down);
    outbox.capture = () => Promise.reject(new DOMException('full', 'QuotaExceededError'));
    expect(await (await post('a')).text()).toBe('down');
    expect(events.at(-1)).toMatchObject({ type: 'outbox-full', limit: 'quota' });
  });
});

describe('C10 an entry past its age', () => {
  test('is a dead letter, whatever it waits for, though nothing else happens', async () => {
    const harness = limited({});
    const { server, post, api, clock, events } = harness;
    server(() => Response.json({ code: 'token_expired' }, { status: 401 }));
    await post('held', { token: 'old' });
    await clock.advance(7 * DAY - 1);
    expect(await api.entries()).toMatchObject([{ state: 'held' }]);
    await clock.advance(1);
    expect(await api.entries()).toMatchObject([{ state: 'dead', reason: 'expired' }]);
    expect(events.at(-1)).toMatchObject({ type: 'failed', reason: 'expired', status: null });
  });

  test('is a dead letter with each old one behind it in its lane, and the young ones go on', async () => {
    const { server, post, api, clock, goOffline, goOnline, log } = limited({ maxAgeMs: 1000 });
    goOffline();
    for (const body of ['a', 'b']) await post(body);
    await clock.advance(600);
    await post('c');
    await clock.advance(600);
    expect((await api.entries()).map(({ state }) => state)).toEqual(['dead', 'dead', 'pending']);
    server(ok);
    goOnline();
    await api.wake('online');
    await clock.advance(0);
    expect(sent(log)).toEqual(['c']);
  });

  test('isn’t given up while it’s on the wire', async () => {
    const { server, post, api, clock, goOffline, goOnline, log } = limited({ maxAgeMs: 1000 });
    goOffline();
    await post('a');
    await clock.advance(500);
    let answer = () => {};
    server(() => new Promise((resolve) => (answer = () => resolve(ok()))));
    goOnline();
    await api.wake('online');
    await clock.advance(5000);
    answer();
    await clock.advance(0);
    expect(log.at(-1)).toContain('delivered');
  });

  test('isn’t mistaken for the request that takes its place while it’s being given up', async () => {
    const { post, api, clock, goOffline, outbox } = limited({ maxAgeMs: 1000 });
    goOffline();
    await post('a', { headers: { 'Holdfast-Id': 'mine' } });
    const { commit } = outbox;
    outbox.commit = async (given) => {
      if (clock.now() < 1000) return commit(given);
      outbox.commit = commit;
      await post('b', { headers: { 'Holdfast-Id': 'mine', 'Holdfast-Replace': '1' } });
      return commit(given);
    };
    await clock.advance(1000);
    await clock.advance(999);
    expect(await api.entries()).toMatchObject([{ id: 'mine', state: 'pending' }]);
    await clock.advance(1);
    expect(await api.entries()).toMatchObject([{ state: 'dead', reason: 'expired' }]);
  });

  test('is young again as a dead letter that’s retried', async () => {
    const { server, post, api, clock, goOffline, goOnline, log } = limited({ maxAgeMs: 1000 });
    goOffline();
    await post('a', { headers: { 'Holdfast-Id': 'mine' } });
    await clock.advance(1000);
    expect(await api.retry('mine')).toBe(true);
    await clock.advance(900);
    expect(await api.entries()).toMatchObject([{ state: 'pending', capturedAt: 0 }]);
    server(ok);
    goOnline();
    await api.wake('online');
    await settle();
    expect(log.at(-1)).toContain('delivered');
  });

  test('is never told as due for a send because its age ends', async () => {
    const { server, post, api } = limited({});
    server(() => Response.json({ code: 'token_expired' }, { status: 401 }));
    await post('held', { token: 'old' });
    expect((await api.status()).nextAttemptAt).toBeNull();
  });
});
