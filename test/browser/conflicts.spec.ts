import { chromiumOnly, expect, FAST, test } from '../support/fixtures.js';
import type { ApiServer } from '../support/api-server.js';

/** A server that keeps notes with their versions, and refuses what was made for another version. */
function versions(server: ApiServer): Map<string, { version: number; note: Record<string, unknown> }> {
  const notes = new Map<string, { version: number; note: Record<string, unknown> }>();
  server.reply(({ path, headers, text }) => {
    const kept = notes.get(path) ?? { version: 1, note: {} };
    const isGood = headers['if-match'] === `"${kept.version}"`;
    const now = isGood ? { version: kept.version + 1, note: JSON.parse(text) as Record<string, unknown> } : kept;
    notes.set(path, now);
    return { status: isGood ? 200 : 412, headers: { ETag: `"${now.version}"` }, body: now.note };
  });
  return notes;
}

test('M6 M7 edits made offline of one version follow each other, and are merged with what others changed meanwhile', async ({ open, server }) => {
  const app = await open({ options: `backends: [{ baseUrl: '/api', etags: 'follow', onConflict: holdfast.mergeJson, ${FAST} }]` });
  const notes = versions(server);
  await server.unlisten();
  const edit = (path: string, note: object) => app.post(JSON.stringify(note), { method: 'PUT', path, headers: { 'If-Match': '"1"', 'Content-Type': 'application/json' } });
  for (const title of ['one', 'two', 'three']) await edit('/api/notes/ours', { title });
  await edit('/api/notes/shared', { title: 'ours' });
  notes.set('/api/notes/shared', { version: 5, note: { title: 'theirs', tag: 'blue' } });
  await server.listen();
  await app.call((sync) => sync.replay());
  await app.empty();
  const { dead } = await app.call((sync) => sync.status());
  expect(dead).toBe(0);
  expect(notes.get('/api/notes/ours')).toEqual({ version: 4, note: { title: 'three' } });
  expect(notes.get('/api/notes/shared')).toEqual({ version: 6, note: { title: 'ours', tag: 'blue' } });
  expect(server.received.map(({ headers }) => headers['if-match'])).toEqual(['"1"', '"2"', '"3"', '"1"', '"5"']);
  expect(new Set(server.received.map(({ headers }) => headers['idempotency-key'])).size).toBe(5);
});

test('M7 D1 a worker that’s killed between two edits of one version leaves the version on disk', chromiumOnly('Firefox stops a worker once it has nothing to do'), async ({ open, server }) => {
  const app = await open({ options: `backends: [{ baseUrl: '/api', etags: 'follow', replayAhead: 1, networkTimeoutMs: 0, ${FAST} }]` });
  const notes = versions(server);
  await server.unlisten();
  for (const title of ['one', 'two']) await app.post(JSON.stringify({ title }), { method: 'PUT', path: '/api/notes/1', headers: { 'If-Match': '"1"' } });
  let isHeldUp = true;
  const kept = { version: 1, note: {} as Record<string, unknown> };
  notes.set('/api/notes/1', kept);
  server.reply(({ headers, text }) => {
    if (isHeldUp && text.includes('two')) return 'hang';
    const isGood = headers['if-match'] === `"${kept.version}"`;
    if (isGood) Object.assign(kept, { version: kept.version + 1, note: JSON.parse(text) as Record<string, unknown> });
    return { status: isGood ? 200 : 412, headers: { ETag: `"${kept.version}"` } };
  });
  await server.listen();
  await app.call((sync) => void sync.replay());
  await server.arrived(2);
  isHeldUp = false;
  await app.stopWorker();
  await app.call((sync) => sync.replay());
  await app.empty();
  expect(kept).toEqual({ version: 3, note: { title: 'two' } });
  expect((await app.call((sync) => sync.status())).dead).toBe(0);
});
