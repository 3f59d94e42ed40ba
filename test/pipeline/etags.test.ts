import { describe, expect, test } from 'vitest';
import type { BackendOptions } from '../../sw/options.js';
import type { Backend } from '../../sw/pipeline/backend/backend.js';
import { createEtags, type Etags } from '../../sw/pipeline/drain/etags.js';
import { newBackendRecord } from '../../sw/policy/backend-record.js';
import { mergeJson } from '../../sw/policy/conflict.js';
import { createHarness, online, type Harness, type Reply } from '../support/harness.js';
import { memoryOutbox } from '../support/memory-outbox.js';
import { NO_LIMITS, record } from '../support/records.js';

const FOLLOW = { baseUrl: '/api', etags: 'follow' } as const;

/** A server that keeps versions, and counts up from 1. */
function versions() {
  const server = {
    now: new Map<string, number>(),
    seen: [] as string[],
    async reply(request: Request): Promise<Reply> {
      const { pathname } = new URL(request.url);
      const version = server.now.get(pathname) ?? 1;
      const condition = request.headers.get('if-match');
      const isGood = condition === null || condition === '*' || condition === `"${version}"`;
      server.seen.push(`${await request.text()} ${condition} ${isGood ? 200 : 412}`);
      if (isGood) server.now.set(pathname, version + 1);
      return Response.json({}, { status: isGood ? 200 : 412, headers: { ETag: `"${isGood ? version + 1 : version}"` } });
    },
  };
  return server;
}

const put = (harness: Harness, body: string, condition = '"1"', { path = '/api/notes/1', ...headers }: Record<string, string> = {}) =>
  harness.fetch(path, { method: 'PUT', body, headers: { 'Holdfast-Id': body, 'If-Match': condition, ...headers } });

async function offline(bodies: string[], options: BackendOptions = FOLLOW, given: Parameters<typeof createHarness>[0] = {}): Promise<Harness> {
  const harness = createHarness({ backends: [options], ...given });
  harness.goOffline();
  for (const body of bodies) await put(harness, body);
  return harness;
}

describe('versions', () => {
  test('M7 edits made offline for one version are delivered one after the other', async () => {
    const server = versions();
    const harness = await offline(['a', 'b', 'c']);
    await online(harness, server.reply);
    expect(server.seen).toEqual(['a "1" 200', 'b "2" 200', 'c "3" 200']);
    expect((await harness.api.status()).dead).toBe(0);
  });

  test('M7 without the option each goes out as the page made it, and nothing is noted', async () => {
    const server = versions();
    const outbox = memoryOutbox();
    const harness = await offline(['a', 'b'], { baseUrl: '/api' }, { store: () => ({ ...outbox, etags: () => Promise.reject(new Error('read')) }) });
    await online(harness, server.reply);
    expect(server.seen).toEqual(['a "1" 200', 'b "1" 412']);
    expect(await outbox.etags('|https%3A%2F%2Fapp.example%2Fapi')).toEqual([]);
  });

  test('M7 a worker that’s killed between two deliveries leaves the version on disk', async () => {
    const server = versions();
    const harness = await offline(['a', 'b', 'c']);
    await online(harness, (request, count) => (count === 1 ? 'hang' : server.reply(request)));
    harness.restart();
    await harness.look();
    await harness.clock.advance(1_000);
    expect(server.seen).toEqual(['a "1" 200', 'b "2" 200', 'c "3" 200']);
  });

  test('M7 another’s change between our deliveries is a conflict', async () => {
    const server = versions();
    const harness = await offline(['a', 'b', 'c']);
    await online(harness, (request, count) => {
      if (count === 1) server.now.set('/api/notes/1', 9);
      return server.reply(request);
    });
    expect(server.seen).toEqual(['a "1" 200', 'b "2" 412', 'c "2" 412']);
    expect((await harness.api.entry('b'))?.headers['if-match']).toBe('"1"');
  });

  test('M7 another version than the delivered one’s stays what it is', async () => {
    const server = versions();
    const harness = await offline(['a']);
    await put(harness, 'b', '"0"');
    await put(harness, 'c', '*');
    await put(harness, 'd', '"1"', { path: '/api/notes/2' });
    await online(harness, server.reply);
    expect(server.seen).toEqual(['a "1" 200', 'b "0" 412', 'c * 200', 'd "1" 200']);
  });

  test('M7 another user’s delivery isn’t our own', async () => {
    const server = versions();
    const owner = (token: string | null) => token && token.slice(0, 3);
    const harness = createHarness({ backends: [{ ...FOLLOW, owner }] });
    harness.goOffline();
    await put(harness, 'a', '"1"', { Authorization: 'Bearer ann-1' });
    await put(harness, 'b', '"1"', { Authorization: 'Bearer bob-1' });
    await harness.api.provideToken('ann-1');
    await online(harness, server.reply);
    await harness.api.provideToken('bob-1');
    await harness.clock.advance(1_000);
    expect(server.seen).toEqual(['a "1" 200', 'b "1" 412']);
  });

  test('M7 what’s made after the delivery goes out as the page made it', async () => {
    const server = versions();
    const harness = await offline(['a']);
    await online(harness, server.reply);
    harness.goOffline();
    await put(harness, 'b');
    await online(harness, server.reply);
    expect(server.seen).toEqual(['a "1" 200', 'b "1" 412']);
  });

  test('M6 M7 what’s merged with a newer version isn’t followed: the next edit is merged, too', async () => {
    let note: Record<string, unknown> = { title: 'theirs', tag: 'red' };
    let version = 7;
    const conditions: string[] = [];
    const harness = createHarness({ backends: [{ ...FOLLOW, onConflict: mergeJson }] });
    harness.goOffline();
    await put(harness, '{"title":"one"}', '"1"', { 'Holdfast-Id': 'a' });
    await put(harness, '{"title":"two"}', '"1"', { 'Holdfast-Id': 'b' });
    await online(harness, async (request) => {
      const condition = request.headers.get('if-match')!;
      conditions.push(condition);
      const isGood = condition === `"${version}"`;
      if (isGood) {
        note = (await request.json()) as typeof note;
        version++;
      }
      return Response.json(note, { status: isGood ? 200 : 412, headers: { ETag: `"${version}"` } });
    });
    expect(conditions).toEqual(['"1"', '"7"', '"1"', '"8"']);
    expect(note).toEqual({ title: 'two', tag: 'red' });
  });

  test('M7 a delivery that says no version takes the note back', async () => {
    const server = versions();
    const harness = await offline(['a', 'b', 'c']);
    await online(harness, async (request, count) => {
      const answer = (await server.reply(request)) as Response;
      return count === 1 ? new Response(null, { status: 204 }) : answer;
    });
    expect(server.seen).toEqual(['a "1" 200', 'b "2" 200', 'c "1" 412']);
  });

  test('M7 a delivery counts though the notes can’t be read', async () => {
    const server = versions();
    const outbox = memoryOutbox();
    let isBroken = false;
    const harness = await offline(['a'], FOLLOW, { store: () => ({ ...outbox, etags: async (key) => (isBroken ? Promise.reject(new Error('read')) : outbox.etags(key)) }) });
    await harness.api.cancel('a');
    isBroken = true;
    await harness.fetch('/api/notes/1', { method: 'PUT', body: 'b' });
    await online(harness, server.reply);
    expect(server.seen).toEqual(['b null 200']);
    expect((await harness.api.status()).waiting).toBe(0);
  });

  test('M7 keeps a thousand notes of a backend, and takes the oldest from the disk', async () => {
    const outbox = memoryOutbox();
    const backend = { record: newBackendRecord('|x'), config: { key: '|x' } } as Backend;
    const url = (at: number) => `https://app.example/api/notes/${at}`;
    const { seq: _, ...draft } = record();
    const stored = (await outbox.capture({ draft, body: null, limits: NO_LIMITS, whenWaiting: 'refuse', isInFlight: () => false })) as { seq: number };
    let now = 0;
    const delivered = async (etags: Etags, at: number) => {
      const { request, ...entry } = record();
      const answer = { status: 200, headers: { etag: '"2"' }, body: null, truncated: false };
      const changes = await etags.delivered(backend, { ...entry, request: { ...request, url: url(at) } }, '"1"', answer);
      await outbox.commit({ seq: stored.seq, backend: backend.record, etags: changes, decide: () => null });
    };
    const clock = { now: () => now++, after: () => () => {} };
    const etags = createEtags({ clock, outbox });
    for (let at = 0; at < 1_002; at++) await delivered(etags, at);
    // Another worker knows the notes from the disk.
    await delivered(createEtags({ clock, outbox }), 1_002);
    const kept = (await outbox.etags('|x')).map((note) => note.url);
    expect(kept).toHaveLength(1_000);
    expect([kept.includes(url(2)), kept.includes(url(3)), kept.includes(url(1_002))]).toEqual([false, true, true]);
  });
});
