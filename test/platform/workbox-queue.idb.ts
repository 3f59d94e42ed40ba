import { expect, test } from 'vitest';
import { QueueStore } from 'workbox-background-sync/lib/QueueStore.js';
import { workboxQueue } from '../../sw/platform/workbox-queue.js';

/** Has a queue of workbox's own with two rows. */
async function owing(name: string): Promise<void> {
  const store = new QueueStore(name);
  for (const url of ['/a', '/b']) await store.pushEntry({ requestData: { url, method: 'POST', headers: {} }, timestamp: 1 } as never);
}

/** The next transaction finds its connection lost. No browser loses one on demand. */
function loseConnection(): void {
  const { transaction } = IDBDatabase.prototype;
  IDBDatabase.prototype.transaction = () => {
    IDBDatabase.prototype.transaction = transaction;
    throw new DOMException('The database connection is closing', 'InvalidStateError');
  };
}

test('B1 rows are removed over a new connection when the first one is lost', async () => {
  await owing('lost');
  const queue = (await workboxQueue('lost'))!;
  const ids = (await queue.rows()).map(({ id }) => id);
  loseConnection();
  expect(await queue.remove(ids)).toEqual(new Set(ids));
  expect(await queue.rows()).toEqual([]);
  queue.close();
});

test('B1 rows that have gone together with a lost connection count as removed', async () => {
  await owing('gone');
  const queue = (await workboxQueue('gone'))!;
  const [first, second] = (await queue.rows()).map(({ id }) => id);
  await queue.remove([first!]);
  loseConnection();
  expect(await queue.remove([first!, second!])).toEqual(new Set([first, second]));
  queue.close();
});

test('B1 rows that workbox has taken meanwhile don’t count as removed', async () => {
  await owing('taken');
  const queue = (await workboxQueue('taken'))!;
  const [first, second] = (await queue.rows()).map(({ id }) => id);
  await new QueueStore('taken').shiftEntry();
  expect(await queue.remove([first!, second!])).toEqual(new Set([second]));
  queue.close();
});
