import { expect, test } from 'vitest';
import { storedOutbox } from '../support/stored-outbox.js';
import { opened } from '../support/database.js';
import { firstVersion } from '../support/first-version.js';
import { NO_LIMITS, record } from '../support/records.js';

const { asked: _asked, ...old } = record({ seq: 7, id: 'old', bodySize: 5 });
const OLD = { ...old, writer: null };

const name = () => `upgrade-${crypto.randomUUID()}`;

const capture = (outbox: ReturnType<typeof storedOutbox>, id: string, maxEntries = Infinity) => {
  const { seq: _, ...draft } = record({ id });
  return outbox.capture({
    draft,
    body: null,
    limits: { ...NO_LIMITS, maxEntries },
    whenWaiting: 'refuse',
    isInFlight: () => false,
    decide: (entry) => ({ entry, events: [] }),
  });
};

test('D3 an upgrade keeps every entry with its body, and counts it', async () => {
  const database = name();
  (await firstVersion(database, OLD)).close();
  const outbox = storedOutbox(opened(database));
  expect(await outbox.heads()).toMatchObject([{ seq: 7, id: 'old', asked: null }]);
  const { body } = (await outbox.load(7))!;
  expect(await new Response(body).text()).toBe('owed!');
  expect(await capture(outbox, 'second', 1)).toEqual({ kind: 'full', limit: 'maxEntries' });
  expect(await capture(outbox, 'second', 2)).toMatchObject({ kind: 'stored', seq: 8 });
});

test.each([[undefined, false], [{ paused: false }, false], [{ paused: true, offlineMode: false }, true]])('D3 V1 an upgrade keeps the settings %j', async (settings, paused) => {
  const database = name();
  const first = await firstVersion(database);
  if (settings) {
    const tx = first.transaction('settings', 'readwrite');
    tx.objectStore('settings').put(settings, 'settings');
    await new Promise((resolve) => (tx.oncomplete = resolve));
  }
  first.close();
  expect((await storedOutbox(opened(database)).start(1)).settings).toEqual({ ...settings, paused });
});

test('D3 an upgrade that breaks off leaves the stored entries as they were', async () => {
  const database = name();
  (await firstVersion(database, OLD)).close();
  const { createIndex } = IDBObjectStore.prototype;
  IDBObjectStore.prototype.createIndex = () => {
    throw new DOMException('broken', 'UnknownError');
  };
  await expect(storedOutbox(opened(database)).heads()).rejects.toThrow();
  IDBObjectStore.prototype.createIndex = createIndex;
  expect(await storedOutbox(opened(database)).heads()).toMatchObject([{ seq: 7, id: 'old' }]);
});

test('D3 C11 an upgrade that another connection blocks fails soon, and succeeds once that connection is closed', async () => {
  const database = name();
  const older = await firstVersion(database, OLD);
  const outbox = storedOutbox(opened(database));
  const refused = async (asking: Promise<unknown>) => {
    const began = performance.now();
    await expect(asking).rejects.toMatchObject({ name: 'BlockedError' });
    return performance.now() - began;
  };
  const first = await refused(outbox.heads());
  // The first call has waited for a while; a later one doesn't wait again.
  expect(await refused(capture(outbox, 'x'))).toBeLessThan(first / 2);
  older.close();
  await expect.poll(() => capture(outbox, 'x').then(({ kind }) => kind, ({ name }: Error) => name)).toBe('stored');
  expect(await outbox.heads()).toHaveLength(1);
});

test('D3 a newer worker’s upgrade isn’t held up by an older worker, which loses nothing', async () => {
  const database = name();
  const outbox = storedOutbox(opened(database));
  await outbox.commit({ events: [{ type: 'online', at: 1 }] });
  const upgraded = await new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(database, 99);
    request.onsuccess = () => resolve(request.result);
    request.onblocked = () => reject(new Error('blocked'));
  });
  await expect(outbox.journal()).rejects.toThrow(/version/i);
  expect(upgraded.objectStoreNames.contains('journal')).toBe(true);
  upgraded.close();
});
