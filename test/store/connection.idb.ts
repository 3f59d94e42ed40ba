import { afterEach, expect, test } from 'vitest';
import { sizeOf } from '../../sw/pipeline/send/stored-request.js';
import { browserLocks } from '../../sw/platform/browser.js';
import { storedOutbox } from '../support/stored-outbox.js';
import { opened } from '../support/database.js';
import { NO_LIMITS, record } from '../support/records.js';

const { add } = IDBObjectStore.prototype;
const { transaction } = IDBDatabase.prototype;

afterEach(() => {
  IDBObjectStore.prototype.add = add;
  IDBDatabase.prototype.transaction = transaction;
});

const name = () => `connection-${crypto.randomUUID()}`;

const capture = (
  outbox: ReturnType<typeof storedOutbox>,
  id: string,
  body: ArrayBuffer | Blob | null = null,
  limits = NO_LIMITS,
) => {
  const { seq: _, ...draft } = record({ id, bodySize: sizeOf(body) });
  return outbox.capture({
    draft,
    body,
    limits,
    whenWaiting: 'refuse',
    isInFlight: () => false,
    decide: (entry) => ({ entry, events: [] }),
  });
};

/** The next `times` entries can't be written. */
function refuse(error: string, times: number): void {
  let left = times;
  IDBObjectStore.prototype.add = function (...args) {
    if (this.name === 'entries' && left-- > 0) throw new DOMException('no', error);
    return add.apply(this, args);
  };
}

/** Notes the transactions that are begun. */
function watched(): { stores: string[]; durability: string | undefined; mode: string }[] {
  const seen: { stores: string[]; durability: string | undefined; mode: string }[] = [];
  IDBDatabase.prototype.transaction = function (stores, mode = 'readonly', options) {
    const tx = transaction.call(this, stores, mode, options);
    seen.push({ stores: [...tx.objectStoreNames], durability: tx.durability, mode });
    return tx;
  };
  return seen;
}

test('D5 owed writes have strict durability', async () => {
  const seen = watched();
  const outbox = storedOutbox(opened(name()));
  await capture(outbox, 'a');
  await outbox.commit({ events: [{ type: 'online', at: 1 }] });
  const writes = seen.filter(({ mode }) => mode === 'readwrite');
  expect(writes.map(({ durability }) => durability)).toEqual(['strict', 'strict']);
});

test('a listing and a look at the heads read no body', async () => {
  const outbox = storedOutbox(opened(name()));
  await capture(outbox, 'a', new ArrayBuffer(8));
  const seen = watched();
  await outbox.list({ after: 0, limit: 10_000 });
  await outbox.heads();
  await outbox.start(1);
  expect(seen.length).toBeGreaterThan(2);
  expect(seen.flatMap(({ stores }) => stores)).not.toContain('bodies');
});

test('C11 a write on a full disk makes room once, and is tried once more', async () => {
  let calls = 0;
  const outbox = storedOutbox(opened(name(), async () => void calls++));
  refuse('QuotaExceededError', 1);
  expect(await capture(outbox, 'a')).toMatchObject({ kind: 'stored' });
  expect(calls).toBe(1);
  refuse('QuotaExceededError', 2);
  await expect(capture(outbox, 'b')).rejects.toMatchObject({ name: 'QuotaExceededError' });
  expect(calls).toBe(2);
  expect(await capture(outbox, 'c')).toMatchObject({ kind: 'stored' });
});

test('C11 a quota callback that never ends stops no write for long', async () => {
  const outbox = storedOutbox(opened(name(), () => new Promise(() => {})));
  refuse('QuotaExceededError', 1);
  const both = await Promise.all([capture(outbox, 'a'), capture(outbox, 'b')]);
  expect(both.map(({ kind }) => kind)).toEqual(['stored', 'stored']);
});

test.each<[string, (entry: Record<string, unknown>) => unknown]>([
  ['its figures', (entry) => ({ ...entry, retries: null })],
  ['everything but its place', ({ seq }) => ({ seq })],
])('C10 a record that has lost %s counts no longer once it’s removed', async (_what, damage) => {
  const connection = opened(name());
  const outbox = storedOutbox(connection);
  const limits = { maxEntries: 1, maxBytes: 10 };
  await capture(outbox, 'a', new ArrayBuffer(10), limits);
  await connection.write(async (tx) => {
    const entry = (await tx.objectStore('entries').get(1)) as unknown as Record<string, unknown>;
    await tx.objectStore('entries').put(damage(entry) as never);
  });
  await outbox.commit({ seq: 1, decide: () => ({ entry: null, events: [] }) });
  expect(await capture(outbox, 'b', new ArrayBuffer(10), limits)).toMatchObject({ kind: 'stored' });
});

test('a wait for a lock ends at once where nobody holds the lock, when its holder releases it, or at the deadline', async () => {
  expect(await browserLocks('').getsFree(name(), 1_000)).toBe(true);
  const held = name();
  let release = () => {};
  void navigator.locks.request(held, () => new Promise<void>((resolve) => (release = resolve)));
  expect(await browserLocks('').getsFree(held, 20)).toBe(false);
  const waiting = browserLocks('').getsFree(held, 5_000);
  release();
  expect(await waiting).toBe(true);
});

test('C11 a write that finds no room takes no other write down', async () => {
  let calls = 0;
  const outbox = storedOutbox(opened(name(), async () => void calls++));
  refuse('QuotaExceededError', 3);
  // While this one is being committed, the others gather for the next transaction.
  void outbox.commit({ events: [] });
  const together = await Promise.allSettled(['a', 'b', 'c'].map((id) => capture(outbox, id)));
  expect(together.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
  expect(calls).toBe(1);
});

test('D4 a lost connection is opened again, and its write is there once', async () => {
  const outbox = storedOutbox(opened(name()));
  refuse('UnknownError', 1);
  expect(await capture(outbox, 'a')).toMatchObject({ kind: 'stored' });
  expect(await outbox.list({ after: 0, limit: 10 })).toHaveLength(1);
});

test('C4 a Blob is stored as a Blob, and as its bytes where the browser keeps no Blob', async () => {
  const outbox = storedOutbox(opened(name()));
  const blob = new Blob(['large']);
  const { put } = IDBObjectStore.prototype;
  const first = await capture(outbox, 'a', blob);
  // WebKit, in an ephemeral session.
  IDBObjectStore.prototype.put = function (value: unknown, key) {
    if (value instanceof Blob) throw new DOMException('no Blobs here', 'UnknownError');
    return put.call(this, value, key);
  };
  const second = await capture(outbox, 'b', blob).finally(() => {
    IDBObjectStore.prototype.put = put;
  });
  const bodies = await Promise.all([first, second].map((one) => outbox.load((one as { seq: number }).seq)));
  expect(bodies.map((loaded) => loaded?.body?.constructor.name)).toEqual(['Blob', 'ArrayBuffer']);
  expect(await Promise.all(bodies.map((loaded) => new Response(loaded!.body).text()))).toEqual(['large', 'large']);
});
