import { describe, expect, test } from 'vitest';
import { clientWins, serverWins } from '../../sw/policy/conflict.js';
import type { BackendOptions } from '../../sw/options.js';
import { joinKey } from '../../sw/protocol/ids.js';
import { createHarness, ORIGIN, type Reply } from '../support/harness.js';
import { settle } from '../support/virtual-clock.js';

/** A harness with a backend, and what its server was asked, in order. Made offline, a thing is `/notes` with a temporary id. */
function made(backend: Omit<BackendOptions, 'baseUrl'>, reply: (line: string) => Reply) {
  const harness = createHarness({ backends: [{ baseUrl: '/api', ...backend }] });
  const asked: string[] = [];
  harness.server(async (request) => {
    const tag = request.headers.get('if-match');
    const line = `${request.method} ${request.url.slice(ORIGIN.length + 4)} ${await request.clone().text()}${tag === null ? '' : ` for ${tag}`}`.trim();
    asked.push(line);
    return reply(line);
  });
  const ask = (method: string, path: string, body: string | null, headers: Record<string, string> = {}) =>
    harness.fetch(`/api${path}`, { method, ...(body !== null && { body }), headers: { 'Content-Type': 'application/json', ...headers } });
  const online = async () => {
    harness.goOnline();
    await harness.api.wake('online');
    await harness.clock.advance(60_000);
  };
  return { harness, asked, ask, online };
}

const TEMP = { 'Holdfast-Provides': 'temp-1', 'Holdfast-Id': 'provider' };
const created = () => Response.json({ id: 7 }, { status: 201 });
const stale = () => new Response('{"title":"theirs"}', { status: 412, headers: { 'Content-Type': 'application/json', ETag: '"2"' } });

describe('what is made offline, with several of its rules at once', () => {
  test('M2 M6 a request that onConflict has changed goes out with the real id as well', async () => {
    const { harness, asked, ask, online } = made({ onConflict: clientWins }, (line) => (line.startsWith('POST') ? created() : line.endsWith('for "1"') ? stale() : new Response(null, { status: 204 })));
    harness.goOffline();
    await ask('POST', '/notes', '{}', TEMP);
    await ask('PUT', '/notes/temp-1', '{"id":"temp-1"}', { 'If-Match': '"1"' });
    await online();
    expect(asked).toEqual(['POST /notes {}', 'PUT /notes/7 {"id":7} for "1"', 'PUT /notes/7 {"id":7} for "2"']);
  });

  test('M2 M6 a body that onConflict gives has its temporary ids replaced', async () => {
    const onConflict = () => ({ body: '{"note":"temp-1","merged":true}', headers: { 'If-Match': '"2"' } });
    const { harness, asked, ask, online } = made({ onConflict }, (line) => (line.startsWith('POST') ? created() : line.endsWith('for "1"') ? stale() : new Response(null, { status: 204 })));
    harness.goOffline();
    await ask('POST', '/notes', '{}', TEMP);
    await ask('PUT', '/notes/temp-1', '{"id":"temp-1"}', { 'If-Match': '"1"' });
    await online();
    expect(asked.at(-1)).toBe('PUT /notes/7 {"note":7,"merged":true} for "2"');
  });

  test('M3 M6 what names the temporary id of a write that onConflict has given up is a dead letter', async () => {
    const { harness, ask, online } = made({ onConflict: serverWins }, () => stale());
    harness.goOffline();
    await ask('POST', '/notes', '{}', { ...TEMP, 'If-Match': '"1"' });
    await ask('PUT', '/notes/temp-1', '{}');
    await online();
    expect(await harness.api.entries()).toMatchObject([{ state: 'dead', reason: 'provider-gone' }]);
  });

  describe('M5 a thing that’s made, changed and deleted offline', () => {
    const MERGE = { 'Content-Type': 'application/merge-patch+json' };
    /** A worker that's offline, and a POST that waits. */
    async function offline(more: Omit<BackendOptions, 'baseUrl'> = {}) {
      const given = made({ coalesce: true, ...more }, (line) => (line.startsWith('POST') ? created() : new Response(null, { status: 204 })));
      given.harness.goOffline();
      await given.ask('POST', '/notes', '{}', TEMP);
      return given;
    }

    test('is nothing to the server, whatever was written to it between', async () => {
      const { harness, asked, ask, online } = await offline();
      await ask('PUT', '/notes/temp-1', `{"text":"${'x'.repeat(9_000)}"}`);
      const waiting = ask('PATCH', '/notes/temp-1', '[]', { 'Content-Type': 'application/json-patch+json', 'Holdfast-Mode': 'wait' });
      await settle();
      expect((await ask('DELETE', '/notes/temp-1', null))!.status).toBe(204);
      expect(await harness.api.entries()).toEqual([]);
      expect((await waiting)!.type).toBe('error');
      const told = harness.events.flatMap((event) => (event.type === 'queued' ? [] : 'method' in event ? [`${event.type} ${event.method}`] : []));
      expect(told.sort()).toEqual(['cancelled PATCH', 'cancelled POST', 'cancelled PUT', 'coalesced PATCH', 'coalesced POST', 'coalesced PUT']);
      for (const event of harness.events.filter(({ type }) => type === 'coalesced')) expect(event).toMatchObject({ discarded: true, newer: { method: 'DELETE' } });
      expect(await harness.api.settled('provider')).toMatchObject({ state: 'cancelled' });
      expect((await harness.outbox.overview([joinKey('', `${ORIGIN}/api`)], () => false)).counts).toMatchObject([{ pending: 0, dead: 0 }]);
      await online();
      expect(asked).toEqual([]);
    });

    test('is nothing after a restart, either, and its lane goes on', async () => {
      const { harness, asked, ask, online } = await offline();
      await ask('PATCH', '/notes/temp-1', '{"done":true}', MERGE);
      harness.restart();
      await ask('DELETE', '/notes/temp-1', null);
      await ask('PUT', '/lists/1', '{}');
      await online();
      expect(asked).toEqual(['PUT /lists/1 {}']);
    });

    test('goes out, with what names it in another lane', async () => {
      const { harness, asked, ask, online } = await offline();
      await ask('POST', '/tags', '{"note":"temp-1"}', { 'Holdfast-Lane': 'tags' });
      await ask('DELETE', '/notes/temp-1', null);
      await online();
      expect([...asked].sort()).toEqual(['DELETE /notes/7', 'POST /notes {}', 'POST /tags {"note":7}']);
      expect(await harness.api.entries()).toEqual([]);
    });

    test.each<[string, (ask: Awaited<ReturnType<typeof offline>>['ask']) => Promise<unknown>, string[]]>([
      ['names the thing from another lane', (ask) => ask('POST', '/tags', '{"note":"temp-1"}', { 'Holdfast-Lane': 'tags' }), ['POST /tags {"note":7}']],
      ['names the thing elsewhere', (ask) => ask('PUT', '/favourites/temp-1', '{}'), ['PUT /favourites/7 {}']],
      ['makes something of the thing', (ask) => ask('POST', '/notes/temp-1', '{}'), ['POST /notes/7 {}']],
      ['stands between, though it names something else', (ask) => ask('PUT', '/lists/1', '{}'), ['PUT /lists/1 {}']],
      ['stands between of another user', (ask) => ask('PUT', '/lists/1', '{}', { 'Holdfast-Auth': 'none' }), ['PUT /lists/1 {}']],
      ['provides an id itself', (ask) => ask('PUT', '/notes/temp-1', '{}', { 'Holdfast-Provides': 'temp-2' }), ['PUT /notes/7 {}']],
      ['is a change of another user’s', (ask) => ask('PATCH', '/notes/temp-1', '{}', { 'Holdfast-Auth': 'none' }), ['PATCH /notes/7 {}']],
    ])('goes out where a write %s', async (_, between, expected) => {
      const { harness, asked, ask, online } = await offline();
      await ask('PATCH', '/notes/temp-1', '{"done":true}', MERGE);
      await between(ask);
      await ask('DELETE', '/notes/temp-1', null);
      expect(harness.events.some(({ type }) => type === 'coalesced')).toBe(false);
      await online();
      expect([...asked].sort()).toEqual(['POST /notes {}', 'PATCH /notes/7 {"done":true}', ...expected, 'DELETE /notes/7'].sort());
      expect(await harness.api.entries()).toEqual([]);
    });

    test('goes out where its POST was sent before, as the server may refuse to delete it, and the change would be lost', async () => {
      const { harness, asked, ask, online } = await offline();
      await ask('PATCH', '/notes/temp-1', '{"done":true}', MERGE);
      harness.server(() => new Response(null, { status: 503 }));
      harness.goOnline();
      await harness.api.wake('online');
      await settle();
      harness.goOffline();
      await ask('DELETE', '/notes/temp-1', null);
      expect(await harness.api.entries()).toMatchObject([{ sends: 1 }, { sends: 0 }, { sends: 0 }]);
      harness.server(async (request) => {
        asked.push(request.method);
        return request.method === 'DELETE' ? new Response(null, { status: 409 }) : created();
      });
      await online();
      expect(asked).toEqual(['POST', 'PATCH', 'DELETE']);
    });

    test('M3 is for a function that discards any two, too, which leaves a dead letter of what else names it', async () => {
      const { harness, ask } = await offline({ coalesce: (_, { body }) => (body === 'undo' ? 'discard' : null) });
      await ask('POST', '/tags', '{"note":"temp-1"}', { 'Holdfast-Lane': 'tags' });
      expect((await ask('PUT', '/undo', 'undo'))!.status).toBe(204);
      expect(await harness.api.entries()).toMatchObject([{ state: 'dead', reason: 'provider-gone' }]);
    });

    test('is nothing where the app’s function says so later, and goes out where that says something else', async () => {
      for (const [merged, expected] of [['discard', []], [null, ['POST /notes {}', 'PATCH /notes/7 {}', 'DELETE /notes/7']], [{}, ['POST /notes {}', 'PATCH /notes/7 {}', 'DELETE /notes/7']]] as const) {
        const { asked, ask, online } = await offline({ coalesce: async ({ method }, newer) => (newer.method === 'DELETE' && method === 'POST' ? merged : null) });
        await ask('PATCH', '/notes/temp-1', '{}', MERGE);
        await ask('DELETE', '/notes/temp-1', null);
        await online();
        expect(asked).toEqual(expected);
      }
    });
  });

  test('M2 M5 writes that are coalesced await what either of them names', async () => {
    const { harness, asked, ask, online } = made({ coalesce: true }, (line) => (line.startsWith('POST') ? created() : new Response(null, { status: 204 })));
    harness.goOffline();
    await ask('POST', '/notes', '{}', TEMP);
    await ask('PUT', '/lists/1', '{"notes":[]}');
    await ask('PUT', '/lists/1', '{"notes":["temp-1"]}');
    await online();
    expect(asked).toEqual(['POST /notes {}', 'PUT /lists/1 {"notes":[7]}']);
  });

  test('M3 D1 the event of a provider that does the work of two, when it comes again and waits for its answer, holds up nothing that names the id', async () => {
    const { harness, asked, ask, online } = made({ coalesce: (older, newer) => (older.method === newer.method ? {} : null) }, created);
    const older = { method: 'POST', body: '{}', headers: { 'Holdfast-Provides': 'temp-1', 'Holdfast-Mode': 'wait' } };
    harness.goOffline();
    void harness.fetch('/api/notes', { ...older, gone: true });
    await settle();
    await ask('POST', '/notes', '{"title":"mine"}');
    harness.restart();
    const again = harness.fetch('/api/notes', older);
    await settle();
    expect((await ask('PUT', '/notes/temp-1', '{}'))!.status).toBe(202);
    await online();
    expect((await again)!.status).toBe(201);
    expect(asked).toEqual(['POST /notes {"title":"mine"}', 'PUT /notes/7 {}']);
  });

  test('M2 a dead letter whose URL is edited awaits what the new URL names, and what its body names', async () => {
    const { harness, asked, ask, online } = made({}, (line) => (line.startsWith('POST') ? created() : line.includes('/wrong') ? new Response(null, { status: 404 }) : new Response(null, { status: 204 })));
    harness.goOffline();
    await ask('POST', '/notes', '{}', TEMP);
    await ask('POST', '/notes', '{}', { 'Holdfast-Provides': 'temp-2' });
    await ask('PUT', '/wrong', '{"note":"temp-2"}', { 'Holdfast-Id': 'put' });
    await online();
    expect(await harness.api.edit('put', { url: '/api/notes/temp-1' })).toBe(true);
    await harness.api.retry('put');
    await harness.clock.advance(60_000);
    expect(asked.slice(2)).toEqual(['PUT /wrong {"note":7}', 'PUT /notes/7 {"note":7}']);
  });

  test('M7 versions are those of the real address', async () => {
    let version = 1;
    const { harness, asked, ask, online } = made({ etags: 'follow' }, (line) => (line.startsWith('POST') ? created() : new Response(null, { status: 204, headers: { ETag: `"${++version}"` } })));
    harness.goOffline();
    await ask('POST', '/notes', '{}', TEMP);
    for (const title of ['a', 'b']) await ask('PUT', '/notes/temp-1', `{"title":"${title}"}`, { 'If-Match': '"1"' });
    await online();
    expect(asked.slice(1)).toEqual(['PUT /notes/7 {"title":"a"} for "1"', 'PUT /notes/7 {"title":"b"} for "2"']);
  });
});
