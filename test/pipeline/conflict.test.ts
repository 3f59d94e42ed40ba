import { describe, expect, test } from 'vitest';
import type { BackendOptions } from '../../sw/options.js';
import { clientWins, mergeJson, serverWins } from '../../sw/policy/conflict.js';
import { createHarness, online, type Harness, type Reply } from '../support/harness.js';

type OnConflict = NonNullable<BackendOptions['onConflict']>;

/** A server that keeps a note with its version, and refuses what was made for another version. */
function notes(note: Record<string, unknown> = { title: 'theirs', tag: 'red' }) {
  const server = {
    note,
    version: 7,
    /** Of each request: the condition, the key, and the body. */
    seen: [] as [string | null, string | null, string][],
    paths: [] as string[],
    async reply(request: Request): Promise<Reply> {
      const [condition, body] = [request.headers.get('if-match'), await request.text()];
      server.paths.push(new URL(request.url).pathname);
      server.seen.push([condition, request.headers.get('idempotency-key'), body]);
      if (condition === `"${server.version}"` || condition === '*' || condition === null) {
        server.note = JSON.parse(body) as Record<string, unknown>;
        server.version++;
        return Response.json(server.note, { headers: { ETag: `"${server.version}"` } });
      }
      return Response.json(server.note, { status: 412, headers: { ETag: `"${server.version}"` } });
    },
  };
  return server;
}

const put = (harness: Harness, body: unknown, { id = 'a', method = 'PUT', ...headers }: Record<string, string> = {}) =>
  harness.fetch('/api/notes/1', { method, body: JSON.stringify(body), headers: { 'Holdfast-Id': id, 'Content-Type': 'application/json', 'If-Match': '"1"', ...headers } });

/** A worker whose entry `a` was made offline for version 1 of a note. */
async function offline(onConflict?: OnConflict, options: Partial<BackendOptions> = {}): Promise<Harness> {
  const harness = createHarness({ backends: [{ baseUrl: '/api', ...(onConflict && { onConflict }), ...options }] });
  harness.goOffline();
  await put(harness, { title: 'ours' });
  return harness;
}

const events = ({ events: all }: Harness) => all.filter(({ type }) => !['queued', 'sending', 'online'].includes(type));
const text = (body: ArrayBuffer | null | undefined) => (body ? new TextDecoder().decode(body) : null);

describe('a conflict', () => {
  test('M6 the hook sees the entry, the request with its body, and the answer', async () => {
    const seen: unknown[] = [];
    const harness = await offline(async ({ entry, request, answer }) => {
      seen.push(entry.id, entry.url, entry.inDoubt, request.method, request.headers.get('if-match'), request.headers.get('content-type'), await request.json(), answer);
      return null;
    });
    await online(harness, notes().reply);
    const headers = { 'content-type': 'application/json', etag: '"7"' };
    const answer = { status: 412, headers, body: { title: 'theirs', tag: 'red' } };
    expect(seen).toEqual(['a', 'https://app.example/api/notes/1', undefined, 'PUT', '"1"', 'application/json', { title: 'ours' }, answer]);
  });

  test('M6 a patch goes out in the entry’s place, under a fresh key, and is told', async () => {
    const server = notes();
    const harness = await offline(({ answer }) => ({ headers: { 'If-Match': answer.headers['etag']! }, body: { title: 'both' }, url: '2' }));
    await put(harness, { title: 'later' }, { id: 'b', 'Holdfast-Lane': 'default', 'If-Match': '*' });
    await online(harness, server.reply);
    expect(server.seen.map(([condition, , body]) => [condition, body])).toEqual([
      ['"1"', '{"title":"ours"}'],
      ['"7"', '{"title":"both"}'],
      ['*', '{"title":"later"}'],
    ]);
    expect(server.paths).toEqual(['/api/notes/1', '/api/notes/2', '/api/notes/1']);
    const [first, second] = server.seen.map(([, key]) => key);
    expect(second).toMatch(/^".+"$/);
    expect(second).not.toBe(first);
    expect(events(harness)).toMatchObject([
      { type: 'retrying', id: 'a', reason: 'conflict', attempt: 1, maxAttempts: 3, status: 412, delayMs: 0 },
      { type: 'delivered', id: 'a', status: 200 },
      { type: 'delivered', id: 'b' },
    ]);
  });

  test('M6 a body that’s large, or none, takes the old one’s place', async () => {
    const large = 'x'.repeat(10_000);
    for (const body of [large, null]) {
      const server: string[] = [];
      const harness = await offline(() => ({ body }));
      await online(harness, async (request, count) => {
        server.push(await request.text());
        return new Response(null, { status: count === 0 ? 409 : 200 });
      });
      expect(server).toEqual(['{"title":"ours"}', body ?? '']);
      expect((await harness.api.status()).waiting).toBe(0);
    }
  });

  test.each([409, 412, 428])('M6 a %i is a conflict', async (status) => {
    const harness = await offline(serverWins);
    await online(harness, () => new Response(null, { status }));
    expect((await harness.api.settled('a'))?.conflict).toBe(true);
  });

  test.each([400, 404, 422, 423])('M6 a %i is none', async (status) => {
    const harness = await offline(serverWins);
    await online(harness, () => new Response(null, { status }));
    expect(await harness.api.entry('a')).toMatchObject({ state: 'dead', reason: 'permanent' });
  });

  test('M6 discarded, the entry is gone, and settlement and event say why', async () => {
    const harness = await offline(serverWins);
    await online(harness, notes().reply);
    expect(await harness.api.entry('a')).toBeNull();
    const settlement = await harness.api.settled('a');
    expect(settlement).toMatchObject({ state: 'cancelled', conflict: true, status: 412, reason: null });
    expect(text(settlement!.body)).toBe('{"title":"theirs","tag":"red"}');
    expect(events(harness)).toMatchObject([{ type: 'cancelled', id: 'a', conflict: true, mayBeDelivered: false }]);
  });

  test('M6 a page that waits for a discarded entry gets the server’s answer', async () => {
    const harness = createHarness({ backends: [{ baseUrl: '/api', onConflict: serverWins }] });
    harness.goOffline();
    const waiting = put(harness, { title: 'ours' }, { 'Holdfast-Mode': 'wait' });
    await harness.clock.advance(10);
    await online(harness, notes().reply);
    const answer = (await waiting)!;
    expect([answer.status, await answer.json()]).toEqual([412, { title: 'theirs', tag: 'red' }]);
  });

  test.each([null, undefined])('M6 with %s, and without a hook, it’s a dead letter that keeps the server’s answer', async (said) => {
    for (const hook of [() => said, undefined]) {
      const harness = await offline(hook);
      await online(harness, notes().reply);
      expect(await harness.api.entry('a')).toMatchObject({ state: 'dead', reason: 'permanent', lastAnswer: { status: 412 } });
      expect(text((await harness.api.settled('a'))?.body)).toBe('{"title":"theirs","tag":"red"}');
    }
  });

  test('M6 three rounds at most, counted on disk, and three more once a person retries', async () => {
    let asked = 0;
    const harness = await offline(() => {
      asked++;
      return {};
    });
    const refuse = () => new Response(null, { status: 409 });
    await online(harness, () => (asked === 2 ? 'hang' : refuse()));
    expect(asked).toBe(2);
    // The worker dies over the send that follows the second round.
    harness.restart();
    harness.server(refuse);
    await harness.look();
    // The send over which the worker died may have been done, so a 409 has its five retries first.
    await harness.clock.advance(120_000);
    expect(asked).toBe(3);
    expect(await harness.api.entry('a')).toMatchObject({ state: 'dead', reason: 'permanent' });
    await harness.api.retry('a');
    await harness.clock.advance(120_000);
    expect(asked).toBe(6);
  });

  test('M6 a worker that dies over the changed request leaves it on disk, to be sent under its key', async () => {
    const server = notes();
    const harness = await offline(mergeJson);
    await online(harness, (request, count) => (count === 1 ? server.reply(request).then(() => 'hang') : server.reply(request)));
    harness.restart();
    server.version = 8;
    await harness.look();
    const [, second, third] = server.seen;
    expect(third).toEqual(second);
    expect(JSON.parse(second![2])).toEqual({ title: 'ours', tag: 'red' });
  });

  test('M6 a dead letter has the page’s own request, whatever the hook made of it', async () => {
    const harness = await offline(() => ({ headers: { 'If-Match': null, 'X-Note': 'mended' }, body: 'both' }));
    await online(harness, () => new Response(null, { status: 409 }));
    const entry = (await harness.api.entry('a'))!;
    expect([entry.state, entry.headers['if-match'], entry.headers['x-note'], text((await harness.api.body('a'))!.bytes)]).toEqual(['dead', '"1"', undefined, '{"title":"ours"}']);
    const sent: string[] = [];
    harness.server(async (request) => {
      sent.push(await request.text());
      return new Response(null, { status: 200 });
    });
    await harness.api.retry('a');
    await harness.clock.advance(10);
    expect(sent).toEqual(['{"title":"ours"}']);
  });

  test('M6 E5 a dead letter that may have been done as the hook had it is asked for so again, under its key', async () => {
    const seen: unknown[] = [];
    const harness = await offline(() => ({ body: 'both' }));
    await online(harness, async (request, count) => {
      seen.push([request.headers.get('idempotency-key'), await request.text()]);
      return new Response(null, { status: count === 0 ? 409 : 500 });
    });
    await harness.clock.advance(120_000);
    expect(await harness.api.entry('a')).toMatchObject({ state: 'dead', reason: 'retries-exhausted', inDoubt: true });
    await harness.api.retry('a');
    await harness.clock.advance(10);
    expect(seen.at(-1)).toEqual(seen[1]);
    expect(seen[1]).toEqual([expect.any(String), 'both']);
  });

  test('M6 a hook that throws makes a dead letter with its reason, and is told', async () => {
    const harness = await offline(() => {
      throw new Error('no such field');
    });
    await put(harness, {}, { id: 'b', 'If-Match': '"7"' });
    await online(harness, notes().reply);
    expect(await harness.api.entry('a')).toMatchObject({ state: 'dead', reason: 'on-conflict', lastAnswer: { status: 412 } });
    expect(harness.printed.some((line) => line.includes('onConflict') && line.includes('no such field'))).toBe(true);
    expect(events(harness)).toMatchObject([{ type: 'failed', id: 'a', reason: 'on-conflict', status: 412 }, { type: 'delivered', id: 'b' }]);
  });

  test.each([
    ['a string', 'retry'],
    ['a number', 7],
    ['a token', { headers: { Authorization: 'Bearer x' } }],
    ['a URL of another backend', { url: 'https://evil.example/api/notes' }],
    ['a method', { method: 'POST' }],
  ])('M6 %s is no patch, and makes a dead letter', async (_, said) => {
    const harness = await offline(() => said as never);
    await online(harness, notes().reply);
    expect(await harness.api.entry('a')).toMatchObject({ state: 'dead', reason: 'on-conflict' });
  });

  test('M6 C10 a body over the backend’s limit makes a dead letter', async () => {
    const harness = await offline(() => ({ body: 'x'.repeat(21) }), { limits: { maxBytes: 20 } });
    await online(harness, notes().reply);
    expect(await harness.api.entry('a')).toMatchObject({ state: 'dead', reason: 'on-conflict' });
  });

  test('M6 L3 a hook that never settles costs 30 s, and a cancel frees the lane at once', async () => {
    const harness = await offline(() => new Promise(() => {}));
    await put(harness, {}, { id: 'b' });
    await put(harness, {}, { id: 'c', 'If-Match': '"7"' });
    await online(harness, notes().reply);
    await harness.clock.advance(29_500);
    expect(await harness.api.entry('a')).toMatchObject({ state: 'dead', reason: 'on-conflict' });
    expect(await harness.api.cancel('b')).toBe(true);
    await harness.clock.advance(1);
    expect(events(harness).map((event) => 'id' in event && `${event.type} ${event.id}`)).toEqual(['failed a', 'cancelled b', 'delivered c']);
  });

  test('M6 a page’s own first send hears its conflict, and the hook isn’t asked', async () => {
    const harness = createHarness({ backends: [{ baseUrl: '/api', onConflict: serverWins }] });
    harness.server(notes().reply);
    expect((await put(harness, {}))?.status).toBe(412);
    expect(events(harness)).toEqual([]);
  });

  test('M6 E2 a 409 that says that the first attempt is under way isn’t a conflict', async () => {
    let asked = 0;
    const harness = await offline(() => {
      asked++;
      return null;
    });
    await online(harness, () => new Response(null, { status: 409, headers: { 'Retry-After': '1' } }));
    await harness.clock.advance(16 * 60_000);
    expect(asked).toBe(0);
    expect(await harness.api.entry('a')).toMatchObject({ state: 'dead', reason: 'retries-exhausted' });
  });

  test('M6 E2 a 409 after a lost answer has its five retries, and is a conflict then, in doubt', async () => {
    const asked: unknown[] = [];
    const harness = await offline(({ entry }) => {
      asked.push([harness.clock.now() > 60_000, entry.inDoubt]);
      return { headers: { 'If-Match': null } };
    });
    await online(harness, (_, count) => (count === 0 ? 'drop' : new Response(null, { status: count < 7 ? 409 : 200 })));
    await harness.clock.advance(120_000);
    expect(asked).toEqual([[true, true]]);
    expect((await harness.api.settled('a'))?.state).toBe('delivered');
  });
});

describe('the ready policies', () => {
  test('M6 clientWins overwrites the newer version', async () => {
    const server = notes();
    const harness = await offline(clientWins);
    await online(harness, server.reply);
    expect(server.note).toEqual({ title: 'ours' });
    expect(server.seen.map(([condition]) => condition)).toEqual(['"1"', '"7"']);
  });

  test('M6 mergeJson keeps what others have changed', async () => {
    const server = notes();
    const harness = await offline(mergeJson);
    await online(harness, server.reply);
    expect(server.note).toEqual({ title: 'ours', tag: 'red' });
  });

  test('M6 mergeJson merges once more where the version has changed meanwhile', async () => {
    const server = notes();
    const harness = await offline(mergeJson);
    await online(harness, async (request, count) => {
      // Somebody else writes between our first send and our second.
      if (count === 1) {
        server.note = { title: 'theirs again', tag: 'blue' };
        server.version++;
      }
      return server.reply(request);
    });
    expect(server.note).toEqual({ title: 'ours', tag: 'blue' });
    expect(events(harness).map(({ type }) => type)).toEqual(['retrying', 'retrying', 'delivered']);
  });

  test('M6 mergeJson leaves a conflict to a person where the server doesn’t show its version', async () => {
    const harness = await offline(mergeJson);
    await online(harness, () => Response.json({ error: 'conflict' }, { status: 412 }));
    expect(await harness.api.entry('a')).toMatchObject({ state: 'dead', reason: 'permanent' });
  });
});
