import { expect, test } from 'vitest';
import { storedOutbox } from '../support/stored-outbox.js';
import { opened } from '../support/database.js';
import { NO_LIMITS, record } from '../support/records.js';

async function outboxWith(damage: (stored: Record<string, unknown>) => unknown) {
  const connection = opened(`damage-${crypto.randomUUID()}`);
  const outbox = storedOutbox(connection);
  for (const id of ['a', 'b', 'c']) {
    const { seq: _, ...draft } = record({ id, lane: id });
    await outbox.capture({
      draft,
      body: null,
      limits: NO_LIMITS,
      whenWaiting: 'refuse',
      isInFlight: () => false,
      decide: (entry) => ({ entry, events: [] }),
    });
  }
  await connection.write(async (tx) => {
    const stored = (await tx.objectStore('entries').get(2)) as unknown as Record<string, unknown>;
    await tx.objectStore('entries').put(damage(stored) as never);
  });
  return outbox;
}

test('C12 a damaged record neither hides the others nor makes a listing throw', async () => {
  const outbox = await outboxWith((stored) => ({ ...stored, request: 'gone', retries: null }));
  expect((await outbox.list({ after: 0, limit: 10 })).map((entry) => entry.reason)).toEqual([
    'unreachable',
    'unreadable',
    'unreachable',
  ]);
  expect((await outbox.heads()).map((entry) => entry.lane).sort()).toEqual(['a', 'b', 'c']);
  expect(await outbox.find('b')).toMatchObject([{ reason: 'unreadable' }]);
});

test('C12 a record that lost everything but its place is listed', async () => {
  const outbox = await outboxWith(({ seq }) => ({ seq }));
  expect(await outbox.list({ after: 0, limit: 10 })).toHaveLength(3);
  expect(await outbox.heads()).toHaveLength(2);
});

test('D4 a lost connection is opened again, and its work repeated', async () => {
  const name = `lost-${crypto.randomUUID()}`;
  const connection = opened(name);
  const outbox = storedOutbox(connection);
  await connection.read(async (db) => db.close());
  await outbox.commit({ events: [{ type: 'online', at: 1 }] });
  await connection.read(async (db) => db.close());
  expect(await outbox.journal()).toEqual([{ type: 'online', at: 1 }]);
});
