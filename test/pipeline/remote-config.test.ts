import { describe, expect, test } from 'vitest';
import { createHarness, type Harness, type Reply } from '../support/harness.js';
import { settle } from '../support/virtual-clock.js';

const ok = () => new Response(null, { status: 201 });
const expired = () => Response.json({ code: 'token_expired' }, { status: 401 });
const MINUTE = 60_000;

interface Switched {
  harness: Harness;
  /** How often the configuration was asked for. */
  asked(): number;
  say(reply: Reply | (() => Reply)): void;
  serve(reply: () => Reply): void;
}

/** A worker whose backend has its switches at /config. */
async function switched(first: Reply | (() => Reply)): Promise<Switched> {
  const harness = createHarness({ backends: [{ baseUrl: '/api', remoteConfig: '/config' }] });
  let config = first;
  let serve: () => Reply = ok;
  let count = 0;
  harness.server((request) => {
    if (!request.url.endsWith('/config')) return serve();
    count++;
    return typeof config === 'function' ? config() : config;
  });
  await harness.api.configure({});
  await settle();
  return {
    harness,
    asked: () => count,
    say: (reply) => (config = reply),
    serve: (reply) => (serve = reply),
  };
}

const json = (body: unknown) => () => Response.json(body);
const switches = async ({ api }: Harness) => {
  const { autoRetry, offlineMode } = (await api.status()).backends[0]!;
  return { autoRetry, offlineMode };
};

describe('A14 the remote configuration', () => {
  test('takes a missing key for false', async () => {
    for (const [body, result] of [
      [{ autoRetry: true, offlineMode: true }, { autoRetry: true, offlineMode: true }],
      [{ autoRetry: true }, { autoRetry: true, offlineMode: false }],
      [{ offlineMode: true, more: 1 }, { autoRetry: false, offlineMode: true }],
      [{}, { autoRetry: false, offlineMode: false }],
    ] as const) {
      const { harness } = await switched(json(body));
      expect(await switches(harness)).toEqual(result);
    }
  });

  test('leaves both switches on until there’s a good answer', async () => {
    const { harness } = await switched('drop');
    expect(await switches(harness)).toEqual({ autoRetry: true, offlineMode: true });
  });

  test.each<[string, () => Reply]>([
    ['no answer', () => 'drop'],
    ['a 500', () => new Response('', { status: 500 })],
    ['a page for an answer', () => new Response('<!doctype html>')],
    ['a list for an answer', () => Response.json([])],
    ['null for an answer', () => Response.json(null)],
    ['a string for a boolean', () => Response.json({ autoRetry: 'yes', offlineMode: true })],
    ['more than 16 KiB', () => Response.json({ autoRetry: true, offlineMode: true, more: 'x'.repeat(17_000) })],
    ['a body that never ends', () => new Response(new ReadableStream({ start: (stream) => stream.enqueue(new TextEncoder().encode('{}')) }))],
    ['no end of waiting', () => 'hang'],
  ])('with %s is told as no good, and its last good answer counts', async (_name, bad) => {
    const { harness, say } = await switched(json({ autoRetry: true }));
    say(bad);
    await harness.api.configure({});
    await harness.clock.advance(10_000);
    expect(await switches(harness)).toEqual({ autoRetry: true, offlineMode: false });
    expect(harness.printed.join()).toContain('the remote configuration of https://app.example/api is no good');
    harness.restart();
    expect(await switches(harness)).toEqual({ autoRetry: true, offlineMode: false });
  });

  test('is asked for every 15 minutes, and by a worker that starts later than that', async () => {
    const { harness, asked } = await switched(json({ autoRetry: true, offlineMode: true }));
    expect(asked()).toBe(1);
    await harness.clock.advance(14 * MINUTE);
    expect(asked()).toBe(1);
    await harness.clock.advance(MINUTE);
    expect(asked()).toBe(2);
    harness.restart();
    await harness.post('x');
    expect(asked()).toBe(2);
    harness.restart();
    await harness.clock.advance(16 * MINUTE);
    await harness.post('y');
    expect(asked()).toBe(3);
  });

  test('isn’t asked for again at once after a failure', async () => {
    const { harness, asked } = await switched('drop');
    const first = asked();
    for (const name of ['a', 'b', 'c']) await harness.post(name);
    expect(asked()).toBe(first);
  });

  test('is asked for once by two calls at the same time', async () => {
    const { harness, asked, say } = await switched(json({ autoRetry: true, offlineMode: true }));
    let answer = () => {};
    say((() => new Promise<Response>((resolve) => (answer = () => resolve(Response.json({}))))) as never);
    await Promise.all([harness.api.configure({}), harness.api.configure({}), harness.api.status()]);
    await settle();
    answer();
    await settle();
    expect(asked()).toBe(2);
  });

  test('isn’t written over a backend’s record that can’t be read', async () => {
    const { harness, say } = await switched(json({}));
    await harness.api.signOut();
    harness.restart();
    const { start } = harness.outbox;
    harness.outbox.start = () => Promise.reject(new Error('not now'));
    say(json({ autoRetry: true }));
    await harness.activate();
    harness.outbox.start = start;
    expect((await start(1)).backends).toMatchObject([{ signedOut: { user: null }, remote: { autoRetry: false } }]);
  });

  test('from another URL doesn’t count any more', async () => {
    const { harness } = await switched(json({}));
    const record = (await harness.outbox.start(1)).backends[0]!;
    await harness.outbox.commit({ backend: { ...record, remote: { ...record.remote!, url: 'https://app.example/old' } } });
    harness.restart();
    harness.server(() => 'hang');
    expect(await switches(harness)).toEqual({ autoRetry: true, offlineMode: true });
  });

  test('at a wrong URL fails at install', () => {
    for (const remoteConfig of ['', 'ftp://x.example/', 'http://', 7] as string[])
      expect(() => createHarness({ backends: [{ baseUrl: '/api', remoteConfig }] })).toThrow(/option "backends\[0\]\.remoteConfig"/);
  });
});

describe('A14 the kill switch', () => {
  test('captures nothing, and lets no header of ours reach the network', async () => {
    const { harness, serve } = await switched(json({ autoRetry: true }));
    let seen: Headers | null = null;
    serve(() => new Response(null, { status: 503 }));
    const response = await harness.fetch('/api/x', { method: 'POST', body: 'x', headers: { 'Holdfast-Id': 'mine', 'X-Own': '1' } });
    expect(response?.status).toBe(503);
    harness.server((request) => ((seen = request.headers), 'drop'));
    await expect(harness.fetch('/api/x', { method: 'POST', body: 'x', headers: { 'Holdfast-Id': 'mine', 'X-Own': '1' } })).rejects.toThrow('fetch failed');
    expect([...seen!.keys()].filter((name) => name.startsWith('holdfast'))).toEqual([]);
    expect(seen!.get('x-own')).toBe('1');
    expect(await harness.api.entries()).toEqual([]);
  });

  test('lets a held outbox learn the token that the page uses', async () => {
    const { harness, serve } = await switched(json({ autoRetry: true, offlineMode: true }));
    serve(expired);
    await harness.post('a', { token: 'old' });
    await harness.api.configure({ offlineMode: false });
    serve(ok);
    expect((await harness.post('b', { token: 'new' })).status).toBe(201);
    await harness.clock.advance(0);
    expect(harness.log).toContain('0 delivered');
  });

  test('keeps a request from being stored that’s on the wire when it’s thrown', async () => {
    const { harness } = await switched(json({ autoRetry: true, offlineMode: true }));
    let answer = () => {};
    harness.server((request) => (request.url.endsWith('/config') ? Response.json({ autoRetry: true, offlineMode: true }) : new Promise((resolve) => (answer = () => resolve(new Response(null, { status: 503 }))))));
    const response = harness.fetch('/api/x', { method: 'POST', body: 'x' });
    await settle();
    await harness.api.configure({ offlineMode: false });
    answer();
    expect((await response)?.status).toBe(503);
    expect(await harness.api.entries()).toEqual([]);
  });

  test('lets stored entries be delivered', async () => {
    const { harness, say } = await switched(json({ autoRetry: true, offlineMode: true }));
    harness.goOffline();
    await harness.post('a');
    say(json({}));
    await harness.api.configure({});
    await settle();
    harness.goOnline();
    await harness.api.wake('online');
    await harness.clock.advance(0);
    expect(harness.log.at(-1)).toContain('delivered');
  });

  test('is thrown by configure, for a restarted worker too, and thrown back', async () => {
    const harness = createHarness();
    harness.server(() => new Response(null, { status: 503 }));
    await harness.api.configure({ offlineMode: false });
    harness.restart();
    expect((await harness.post('a')).status).toBe(503);
    await harness.api.configure({ offlineMode: true });
    expect((await harness.post('a')).status).toBe(202);
  });
});

describe('A14 autoRetry', () => {
  test('that’s switched off makes a JWT 401 permanent, in a drain that’s under way too', async () => {
    const harness = createHarness();
    harness.goOffline();
    for (const name of ['a', 'b']) await harness.post(name, { token: 'old' });
    const refusals: (() => void)[] = [];
    harness.server(() => new Promise((resolve) => refusals.push(() => resolve(expired()))));
    harness.goOnline();
    await harness.api.wake('online');
    await settle();
    await harness.api.configure({ autoRetry: false });
    refusals[0]!();
    await settle();
    refusals[1]!();
    await harness.clock.advance(0);
    expect(await harness.api.entries()).toMatchObject([
      { state: 'dead', reason: 'permanent' },
      { state: 'dead', reason: 'permanent' },
    ]);
  });

  test('is switched on by configure against what install said, and back to that by null', async () => {
    const harness = createHarness({ backends: [{ baseUrl: '/api', auth: { autoRetry: false } }] });
    harness.server(expired);
    expect((await harness.post('a', { token: 'old' })).status).toBe(401);
    await harness.api.configure({ autoRetry: true });
    expect((await harness.post('a', { token: 'old' })).status).toBe(202);
    // And back to what install said.
    await harness.api.configure({ autoRetry: null });
    expect(await switches(harness)).toEqual({ autoRetry: false, offlineMode: true });
  });

  test('that a server has switched off stays off', async () => {
    const { harness } = await switched(json({ offlineMode: true }));
    await harness.api.configure({ autoRetry: true });
    expect(await switches(harness)).toEqual({ autoRetry: false, offlineMode: true });
  });

  test('of a wrong value is refused by name', async () => {
    const { api } = createHarness();
    await expect(api.configure({ autoRetry: 'no' } as never)).rejects.toThrow(/option "autoRetry" is "no"; it must be true or false/);
    await expect(api.configure({ paused: true } as never)).rejects.toThrow(/option "paused"/);
    await expect(api.configure(null as never)).rejects.toThrow(/option "configuration"/);
  });
});
