import type { Received } from '../support/api-server.js';
import { expect, test } from './fixtures.js';
import { onDisk } from '../support/on-disk.js';
import type { Page } from './page.js';

const MB = 1024 * 1024;

/** Bytes that don't repeat where a page or a chunk ends. */
const bytes = (size: number): Buffer => Buffer.from(Uint8Array.from({ length: size }, (_, at) => (at * at) >> 3));

const postBytes = (page: Page, size: number): Promise<number> =>
  page.evaluate(async (size) => {
    const body = Uint8Array.from({ length: size }, (_, at) => (at * at) >> 3);
    return (await fetch('/api/photo', { method: 'POST', body })).status;
  }, size);

const postForm = (page: Page, size: number): Promise<number> =>
  page.evaluate(async (size) => {
    const form = new FormData();
    form.append('title', 'Eiche – 樹');
    form.append('photo', new File([Uint8Array.from({ length: size }, (_, at) => (at * at) >> 3)], 'oak.bin', { type: 'image/x-oak' }));
    return (await fetch('/api/photo', { method: 'POST', body: form })).status;
  }, size);

/** Reads a form as a server does. */
async function readForm({ body, headers }: Received): Promise<unknown> {
  const form = await new Response(new Uint8Array(body), { headers: { 'Content-Type': headers['content-type'] ?? '' } }).formData();
  const photo = form.get('photo') as File;
  const { name, type } = photo;
  return { title: form.get('title'), name, type, size: photo.size, isWhole: bytes(photo.size).equals(Buffer.from(await photo.arrayBuffer())) };
}

const theForm = (size: number) => ({ title: 'Eiche – 樹', name: 'oak.bin', type: 'image/x-oak', size, isWhole: true });

for (const size of [1, 2 * MB]) {
  test(`C4 a body of ${size} bytes is an ArrayBuffer on disk, as WebKit keeps no Blob here, and arrives byte for byte`, async ({ open, page, server }) => {
    const app = await open();
    await server.unlisten();
    expect(await postBytes(page, size)).toBe(202);
    const bodies = (await onDisk(page)).filter(({ store }) => store === 'bodies');
    expect(bodies).toMatchObject([{ text: expect.stringMatching(`^ArrayBuffer ${size} `) as unknown }]);
    await server.listen();
    await app.heard('delivered');
    expect(server.received.map(({ body }) => body.equals(bytes(size)))).toEqual([true]);
  });
}

test('a Blob can’t be kept in this session, so that the test of ArrayBuffers is about something', async ({ page, server }) => {
  await page.goto(server.origin);
  const said = await page.evaluate(async () => {
    const db = await new Promise<IDBDatabase>((resolve, reject) => {
      const opening = indexedDB.open('bare');
      opening.onupgradeneeded = () => opening.result.createObjectStore('all', { autoIncrement: true });
      opening.onsuccess = () => resolve(opening.result);
      opening.onerror = () => reject(opening.error);
    });
    const tx = db.transaction('all', 'readwrite');
    tx.objectStore('all').add(new Blob(['x'.repeat(100_000)]));
    return new Promise<string>((resolve) => {
      tx.oncomplete = () => resolve('kept');
      tx.onabort = () => resolve(tx.error?.name ?? 'aborted');
    });
  });
  expect(said).toBe('UnknownError');
});

for (const size of [100, 2 * MB]) {
  test(`C4 a multipart upload with a file of ${size} bytes arrives whole, at once and when it’s sent again`, async ({ open, page, server }) => {
    const app = await open();
    expect(await postForm(page, size)).toBe(201);
    await server.unlisten();
    expect(await postForm(page, size)).toBe(202);
    await server.listen();
    await app.heard('delivered');
    expect(await Promise.all(server.received.map(readForm))).toEqual([theForm(size), theForm(size)]);
  });
}

test('C4 bodies of other kinds are sent again as they were', async ({ open, page, server }) => {
  const app = await open();
  await server.unlisten();
  await page.evaluate(async () => {
    const post = (body: BodyInit) => fetch('/api/notes', { method: 'POST', body });
    await post('text – 樹');
    await post(new URLSearchParams({ a: '1', b: 'x y' }));
    await post(new Blob(['of a blob'], { type: 'text/x-blob' }));
    await post(new Uint8Array([0, 1, 255]));
    await fetch('/api/notes', { method: 'DELETE' });
  });
  await server.listen();
  await app.heard('delivered', 5);
  expect(server.received.map(({ method, body, headers }) => [method, headers['content-type'], body.toString('latin1')])).toEqual([
    ['POST', 'text/plain;charset=UTF-8', Buffer.from('text – 樹').toString('latin1')],
    ['POST', 'application/x-www-form-urlencoded;charset=UTF-8', 'a=1&b=x+y'],
    ['POST', 'text/x-blob', 'of a blob'],
    ['POST', undefined, '\0\x01\xff'],
    ['DELETE', undefined, ''],
  ]);
});
