import { expect, FAST, test } from '../support/fixtures.js';

test('M5 twenty saves of a draft, made while the server is down, are one request with the newest state, and whoever waits for the first hears its answer', async ({ open, server }) => {
  const app = await open({ options: `backends: [{ baseUrl: '/api', coalesce: true, ${FAST} }]` });
  await server.unlisten();
  // What's in its way has been tried, and nothing behind it has.
  expect((await app.post('first')).status).toBe(202);
  const given = await app.page.evaluate(async () => {
    const save = (text: string, headers = {}) => fetch('/api/notes/1', { method: 'PUT', body: JSON.stringify({ text }), headers: { 'Content-Type': 'application/json', ...headers } });
    const ids = new Set<string>();
    for (let count = 1; count <= 19; count++) ids.add(((await (await save(`save ${count}`)).json()) as { id: string }).id);
    const waiting = save('save 20', { 'Holdfast-Mode': 'wait' });
    Object.assign(window, { waiting });
    return [...ids];
  });
  expect(given).toHaveLength(1);
  await app.heard('coalesced', 19);
  // A merge patch is folded in.
  await app.post('{"done":true}', { path: '/api/notes/1', method: 'PATCH', headers: { 'Content-Type': 'application/merge-patch+json' } });
  expect(await app.entries()).toMatchObject([{ method: 'POST' }, { method: 'PUT', id: given[0], sends: 0 }]);

  server.reply({ status: 201 });
  await server.listen();
  await app.empty();
  expect(server.bodies()).toEqual(['first', '{"text":"save 20","done":true}']);
  expect(await app.page.evaluate(async () => (await (window as unknown as { waiting: Promise<Response> }).waiting).status)).toBe(201);
  expect(await app.call(async (sync, id: string) => (await sync.settled(id)).state, given[0])).toBe('delivered');
});
