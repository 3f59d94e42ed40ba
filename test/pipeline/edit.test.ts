import { describe, expect, test } from 'vitest';
import { createHarness } from '../support/harness.js';

const refusal = () => new Response(JSON.stringify({ error: 'title is too long' }), { status: 422 });
const down = () => new Response('down', { status: 503 });
const text = (bytes: ArrayBuffer | undefined) => new TextDecoder().decode(bytes);

/** A dead letter `a`: stored for a 503, refused at replay. */
async function withDeadLetter(options?: Parameters<typeof createHarness>[0], init: { token?: string; headers?: Record<string, string> } = {}) {
  const harness = createHarness(options);
  harness.server(down);
  await harness.post('{"title":"long"}', { ...init, headers: { 'Holdfast-Id': 'a', 'Content-Type': 'application/json', ...init.headers } });
  harness.server(refusal);
  await harness.clock.advance(120_000);
  return harness;
}

describe('V1 edit', () => {
  test('V1 changes a dead letter’s body and headers, which go out when it’s retried', async () => {
    const { api, server, clock } = await withDeadLetter();
    expect(await api.edit('a', { body: { title: 'short' }, headers: { 'X-Note': 'mended' } })).toBe(true);
    expect(await api.entry('a')).toMatchObject({ state: 'dead', bodySize: 17, headers: { 'x-note': 'mended', 'content-type': 'application/json' } });
    const seen: unknown[] = [];
    server(async (request) => {
      seen.push([await request.text(), request.headers.get('x-note'), request.headers.get('content-type')]);
      return new Response(null, { status: 201 });
    });
    expect(await api.retry('a')).toBe(true);
    await clock.advance(1000);
    expect(seen).toEqual([['{"title":"short"}', 'mended', 'application/json']]);
    expect((await api.settled('a'))?.state).toBe('delivered');
  });

  test('C13 gives another key to a request that the server has refused', async () => {
    const { api } = await withDeadLetter();
    const before = (await api.entry('a'))!.idempotencyKey;
    await api.edit('a', { body: 'x' });
    const after = (await api.entry('a'))!.idempotencyKey;
    expect(after).toMatch(/^".+"$/);
    expect(after).not.toBe(before);
  });

  test('V1 changes no byte by an empty patch, and takes the body away by a body of null', async () => {
    const { api } = await withDeadLetter();
    await api.edit('a', {});
    expect(text((await api.body('a'))?.bytes)).toBe('{"title":"long"}');
    await api.edit('a', { body: null });
    expect(await api.body('a')).toBeNull();
    expect((await api.entry('a'))?.bodySize).toBe(0);
  });

  test.each([
    ['text', 'ä', [0xc3, 0xa4]],
    ['an ArrayBuffer', new Uint8Array([0, 255]).buffer, [0, 255]],
    ['a view of a part', new Uint8Array([9, 0, 255, 9]).subarray(1, 3), [0, 255]],
    ['an array', [1], [0x5b, 0x31, 0x5d]],
  ] as const)('V1 takes %s for a body', async (_, body, bytes) => {
    const { api } = await withDeadLetter();
    await api.edit('a', { body });
    expect([...new Uint8Array((await api.body('a'))!.bytes)]).toEqual(bytes);
  });

  test('V1 gives a JSON body its type where there was none', async () => {
    const { api } = await withDeadLetter();
    await api.edit('a', { headers: { 'content-type': null } });
    await api.edit('a', { body: [1] });
    expect((await api.entry('a'))?.headers['content-type']).toBe('application/json');
  });

  test('V1 changes no waiting entry, and no entry that isn’t there', async () => {
    const { api, post, server } = await withDeadLetter();
    server(down);
    await post('b', { headers: { 'Holdfast-Id': 'b' } });
    expect([await api.edit('b', { body: 'x' }), await api.edit('nobody', { body: 'x' })]).toEqual([false, false]);
    expect(text((await api.body('b'))?.bytes)).toBe('b');
  });

  test('V1 changes no dead letter that’s retried at the same time, as it’s on its way', async () => {
    const { api, server } = await withDeadLetter();
    server(down);
    const [retried, edited] = await Promise.all([api.retry('a'), api.edit('a', { body: 'too late' })]);
    expect([retried, edited]).toEqual([true, false]);
    expect(text((await api.body('a'))?.bytes)).toBe('{"title":"long"}');
  });

  test.each([
    ['no patch', null, /patch.*headers, a body, a URL/],
    ['an unknown field', { method: 'PUT' }, /patch\.method/],
    ['a URL of another backend', { url: 'https://other.example/api/notes' }, /patch\.url.*under https:\/\/app\.example\/api/],
    ['a URL that’s none', { url: 'https://' }, /patch\.url/],
    ['a number for a body', { body: 7 }, /patch\.body.*text, bytes/],
    ['a Blob for a body', { body: new Blob(['x']) }, /patch\.body.*plain object/],
    ['a Map for a body', { body: new Map([[1, 2]]) }, /patch\.body.*plain object/],
    ['a string for headers', { headers: 'x' }, /patch\.headers/],
    ['a header that’s no string', { headers: { a: 1 } }, /patch\.headers\.a/],
    ['a token', { headers: { Authorization: 'Bearer x' } }, /never stored/],
    ['a directive', { headers: { 'Holdfast-Mode': 'wait' } }, /never reaches the network/],
    ['a header that HTTP forbids', { headers: { 'a b': 'x' } }, /HTTP allows/],
    ['a value in two lines', { headers: { a: 'x\r\nb: y' } }, /HTTP allows/],
  ])('V1 refuses %s, and changes nothing', async (_, patch, message) => {
    const { api } = await withDeadLetter();
    const before = await api.entry('a');
    await expect(api.edit('a', patch as never)).rejects.toThrow(message);
    expect(await api.entry('a')).toEqual(before);
  });

  test('C10 refuses a body over the backend’s limit', async () => {
    const { api } = await withDeadLetter({ backends: [{ baseUrl: '/api', limits: { maxBytes: 20 } }] });
    await expect(api.edit('a', { body: 'x'.repeat(21) })).rejects.toThrow(/patch\.body.*20 bytes/);
  });

  test('A15 refuses to change another user’s dead letter, as that user would be sent as its author', async () => {
    const owner = (token: string | null) => token && token.slice(0, 3);
    const { api } = await withDeadLetter({ backends: [{ baseUrl: '/api', owner }] }, { token: 'ann-1' });
    expect(await api.edit('a', { headers: { 'x-a': '1' } })).toBe(true);
    await api.provideToken('bob-1');
    await expect(api.edit('a', { body: 'bob was here' })).rejects.toThrow(/another user/);
    await api.provideToken('ann-2');
    expect(await api.edit('a', { body: 'ann was here' })).toBe(true);
  });
});

describe('V1 an entry by its seq', () => {
  /** A dead letter `a`, and a newer entry that waits under the same id. */
  async function withNamesake() {
    const harness = await withDeadLetter();
    harness.server(down);
    await harness.post('newer', { headers: { 'Holdfast-Id': 'a' } });
    const [old, newer] = await harness.api.entries();
    return { ...harness, old: old!, newer: newer! };
  }

  test('V1 is found where its id names a newer entry', async () => {
    const { api, old, newer } = await withNamesake();
    expect(old.key).toBe(newer.key);
    expect((await api.entry('a'))?.seq).toBe(newer.seq);
    expect((await api.entry(old.seq))?.seq).toBe(old.seq);
    expect(text((await api.body(old.seq))?.bytes)).toBe('{"title":"long"}');
    expect(text((await api.body(newer.seq))?.bytes)).toBe('newer');
    expect(await api.settled(old.seq)).toMatchObject({ seq: old.seq, status: 422 });
    expect(await api.settled(newer.seq)).toBeNull();
  });

  test('V1 is edited, retried, cancelled and discarded', async () => {
    const { api, old, newer } = await withNamesake();
    expect(await api.cancel(old.seq)).toBe(false);
    expect(await api.discard(newer.seq)).toBe(false);
    expect(await api.edit(old.seq, { body: 'edited' })).toBe(true);
    expect(text((await api.body(old.seq))?.bytes)).toBe('edited');
    expect(await api.cancel(newer.seq)).toBe(true);
    expect(await api.retry(old.seq)).toBe(true);
    expect((await api.entries()).map(({ seq, state }) => [seq, state])).toEqual([[old.seq, 'pending']]);
  });

  test.each([NaN, null, '', {}])('V1 isn’t named by %s', async (reference) => {
    const { api } = await withDeadLetter();
    await expect(api.entry(reference as never)).rejects.toThrow(/"id".*task id, a checkpoint key, or the seq/);
  });
});

describe('V1 body', () => {
  test('V1 gives the body with its type, or its beginning', async () => {
    const { api } = await withDeadLetter();
    const whole = await api.body('a');
    expect([text(whole?.bytes), whole?.contentType, whole?.size, whole?.truncated]).toEqual(['{"title":"long"}', 'application/json', 16, false]);
    const start = await api.body('a', { maxBytes: 4 });
    expect([text(start?.bytes), start?.size, start?.truncated]).toEqual(['{"ti', 16, true]);
    expect(await api.body('nobody')).toBeNull();
    await expect(api.body('a', { maxBytes: 0 })).rejects.toThrow(/maxBytes/);
  });
});

describe('V1 attempts', () => {
  test('V1 are kept of each send of an entry, the first one too', async () => {
    const { api } = await withDeadLetter();
    const { attempts, sends } = (await api.entry('a'))!;
    expect(attempts.map(({ status, reason }) => [status, reason])).toEqual([[503, 'server-error'], [422, 'permanent']]);
    expect(sends).toBe(2);
    expect(attempts[1]!.at).toBeGreaterThan(attempts[0]!.at);
  });

  test('V1 are kept of the last 20 sends of an entry', async () => {
    const { api, server, post, clock } = createHarness();
    server(() => 'drop');
    await post('a', { headers: { 'Holdfast-Id': 'a' } });
    await clock.advance(3_600_000);
    const { attempts, sends } = (await api.entry('a'))!;
    expect(sends).toBeGreaterThan(21);
    expect(attempts).toHaveLength(20);
    expect(attempts.every(({ status, reason }) => status === null && reason === 'unreachable')).toBe(true);
  });

  test('V1 include a send whose token was refused', async () => {
    const { api, server, post } = createHarness();
    server(() => new Response(null, { status: 401 }));
    await post('a', { token: 'old', headers: { 'Holdfast-Id': 'a' } });
    expect((await api.entry('a'))!.attempts).toMatchObject([{ status: 401, reason: 'auth-expired' }]);
  });
});

describe('V1 a view', () => {
  test('V1 is told to look again at an entry that’s edited or discarded', async () => {
    const { api, changed } = await withDeadLetter();
    await api.edit('a', { body: 'x' });
    await api.discard('a');
    expect(changed).toEqual([1, 1]);
  });

  test('V1 is told to look again at an entry that was refused behind a gate that had closed, as no event tells of it', async () => {
    const { api, server, post, changed, clock, goOffline, goOnline } = createHarness({ backends: [{ baseUrl: '/api', lane: ({ url }) => url }] });
    goOffline();
    await api.provideToken('old');
    for (const id of ['a', 'b']) await post(id, { path: `/api/${id}`, token: 'old', headers: { 'Holdfast-Id': id } });
    server(() => new Response(null, { status: 401 }));
    goOnline();
    await api.wake('online');
    await clock.advance(60_000);
    const entries = await api.entries();
    expect(entries.map(({ state, attempts }) => [state, attempts.at(-1)?.status])).toEqual([['held', 401], ['held', 401]]);
    expect(changed).toEqual([2]);
  });
});

describe('V4 URLs', () => {
  test('V4 are whole in the worker’s own hooks, so that a request can be made of them', async () => {
    const urls: string[] = [];
    const see = ({ url }: { url: string }) => void urls.push(url);
    const respond = (entry: { url: string }) => (see(entry), new Response(null, { status: 202 }));
    const { api, server, post, clock } = createHarness({ backends: [{ baseUrl: '/api', respond, beforeSend: (_request, entry) => see(entry) }] });
    server(down);
    await post('a', { path: '/api/notes?access_token=s3cret' });
    server(() => new Response(null, { status: 201 }));
    await clock.advance(60_000);
    expect(urls).toEqual(Array(2).fill('https://app.example/api/notes?access_token=s3cret'));
    expect(await api.entries()).toEqual([]);
  });

  test('V4 reach the server with a token in them, which is in no event, in no journal and in no listing', async () => {
    const { api, server, post, events, clock, log } = createHarness();
    server(down);
    await post('a', { path: '/api/notes?access_token=s3cret&page=2', headers: { 'Holdfast-Id': 'a' } });
    const urls: string[] = [];
    server((request) => {
      urls.push(request.url);
      return new Response(null, { status: 201 });
    });
    expect((await api.entry('a'))?.url).toMatch(/access_token=•••&page=2$/);
    await clock.advance(60_000);
    expect(urls).toEqual(['https://app.example/api/notes?access_token=s3cret&page=2']);
    expect(JSON.stringify([events, await api.journal(), log])).not.toContain('s3cret');
  });
});
