import { describe, expect, test } from 'vitest';
import { clientWins, serverWins } from '../../sw/policy/conflict.js';
import type { BackendOptions } from '../../sw/options.js';
import { createHarness, ORIGIN, type Reply } from '../support/harness.js';

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

  test('M3 M5 what names the temporary id of a POST that was discarded with its DELETE is a dead letter', async () => {
    const { harness, asked, ask } = made({ coalesce: true }, () => created());
    harness.goOffline();
    await ask('POST', '/notes', '{}', TEMP);
    await ask('POST', '/tags', '{"note":"temp-1"}', { 'Holdfast-Lane': 'tags' });
    await ask('DELETE', '/notes/temp-1', null);
    expect(await harness.api.entries()).toMatchObject([{ state: 'dead', reason: 'provider-gone' }]);
    expect(asked).toEqual([]);
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
