import { expect, test } from '../support/fixtures.js';

test('M1 M2 M3 M4 a thing is made, edited, tagged and deleted offline, and all of it goes out with the id that the server gives', async ({ open, server, page }) => {
  server.reply(({ method, path }) => (method === 'POST' && path === '/api/notes' ? { status: 201, body: { id: 7 } } : { status: 204 }));
  const app = await open();
  await server.unlisten();
  const json = { 'Content-Type': 'application/json' };
  const form = 'a=1&note=temp-1';
  await app.post('{"title":"Milk"}', { headers: { ...json, 'Holdfast-Provides': 'temp-1' } });
  await app.post('{ "id":"temp-1", "size":12345678901234567890 }', { method: 'PUT', path: '/api/notes/temp-1', headers: { ...json, 'Holdfast-Lane': 'edits' } });
  await app.post(form, { path: '/api/tags?of=temp-1', headers: { 'Content-Type': 'application/x-www-form-urlencoded' } });
  await app.post('', { method: 'DELETE', path: '/api/notes/temp-1' });
  expect(await page.evaluate(() => window.sync.resolve('temp-1'))).toBeNull();
  expect((await app.call((sync) => sync.entries())).map(({ reason }) => reason)).toEqual([expect.any(String), 'awaits-id', 'awaits-id', 'awaits-id']);
  await server.listen();
  await app.call((sync) => sync.replay());
  await app.empty();
  const [first, ...rest] = server.received.map(({ method, path, text }) => `${method} ${path} ${text}`);
  expect(first).toBe('POST /api/notes {"title":"Milk"}');
  expect(rest.sort()).toEqual(['DELETE /api/notes/7 ', 'POST /api/tags?of=7 a=1&note=7', 'PUT /api/notes/7 { "id":7, "size":12345678901234567890 }']);
  expect(await page.evaluate(() => window.sync.resolve('temp-1'))).toBe(7);
  expect(await app.types()).toContain('resolved');
  // A page that still shows the temporary id goes on using it, online.
  await app.post('x', { method: 'PUT', path: '/api/notes/temp-1/body', headers: { 'Content-Type': 'text/plain' } });
  expect(server.received.at(-1)!.path).toBe('/api/notes/7/body');
});

test('M2 a multipart form with a file keeps its file byte for byte, and names the thing by its real id', async ({ open, server, page }) => {
  server.reply(({ path }) => (path === '/api/notes' ? { status: 201, headers: { Location: '/api/notes/n-1' } } : { status: 201 }));
  const app = await open();
  await server.unlisten();
  await app.post('{}', { headers: { 'Content-Type': 'application/json', 'Holdfast-Provides': 'temp-2' } });
  await page.evaluate(async () => {
    const form = new FormData();
    form.append('note', 'temp-2');
    form.append('file', new Blob([Uint8Array.from({ length: 200_000 }, (_, at) => at % 256)]), 'temp-2.bin');
    await fetch('/api/files', { method: 'POST', body: form });
  });
  await server.listen();
  await app.call((sync) => sync.replay());
  await app.empty();
  const { body, text } = server.received.find(({ path }) => path === '/api/files')!;
  expect(text).toContain('name="note"\r\n\r\nn-1\r\n');
  expect(text).toContain('filename="temp-2.bin"');
  const start = body.indexOf('\r\n\r\n', body.indexOf('temp-2.bin')) + 4;
  expect(body.subarray(start, start + 200_000).equals(Buffer.from(Uint8Array.from({ length: 200_000 }, (_, at) => at % 256)))).toBe(true);
});

test('M4 a page tells the id that an answer lacks, and hears the event like every other page', async ({ open, server, page }) => {
  server.reply({ status: 204 });
  const app = await open();
  await server.unlisten();
  await app.post('{}', { headers: { 'Content-Type': 'application/json', 'Holdfast-Provides': 'temp-1' } });
  await app.post('x', { method: 'PUT', path: '/api/notes/temp-1', headers: { 'Content-Type': 'text/plain' } });
  await server.listen();
  await app.call((sync) => sync.replay());
  await expect.poll(async () => (await app.call((sync) => sync.entries())).map(({ reason }) => reason)).toEqual(['no-id']);
  expect(await page.evaluate(() => window.sync.resolve('temp-1', 9))).toBe(9);
  await app.empty();
  expect(server.received.at(-1)!.path).toBe('/api/notes/9');
  expect((await app.events()).findLast(({ type }) => type === 'resolved')).toMatchObject({ temporaryId: 'temp-1', realId: 9 });
});
