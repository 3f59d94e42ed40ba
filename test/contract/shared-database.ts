import { describe, expect, test } from 'vitest';
import { checkpointKey } from '../../sw/policy/base-url.js';
import { newBackendRecord } from '../../sw/policy/backend-record.js';
import { storedCheckpoints } from '../../sw/store/checkpoints.js';
import type { Connection } from '../../sw/store/connection.js';
import { storedOutbox } from '../support/stored-outbox.js';
import { record } from '../support/records.js';

/** What outbox and checkpoints in one database do to each other. */
export function sharedDatabaseContract(name: string, create: () => Connection): void {
  describe(`outbox and checkpoints in one database: ${name}`, () => {
    test('A16 K3 a sweep takes the checkpoints of its backend, and of no other', async () => {
      const connection = create();
      const checkpoints = storedCheckpoints(connection);
      const { backend: key, baseUrl } = record();
      const keys = [
        { baseUrl, taskId: 'feed' },
        { baseUrl, taskId: 'zz' },
        { baseUrl, taskId: 'feed', namespace: 'shop' },
        { baseUrl: `${baseUrl}2`, taskId: 'feed' },
        { baseUrl: `${baseUrl}/v2`, taskId: 'feed' },
        { baseUrl: 'https://other.example', taskId: 'feed' },
      ].map((parts) => checkpointKey(parts));
      for (const one of keys) await checkpoints.save(one, '7');
      await storedOutbox(connection).sweep({ backend: newBackendRecord(key), events: [], decide: () => null, forget: null });
      expect(await Promise.all(keys.map((one) => checkpoints.load(one)))).toEqual([null, null, '7', '7', '7', '7']);
    });

    test('L4 what is taken over from a former backend brings its checkpoints along', async () => {
      const connection = create();
      const checkpoints = storedCheckpoints(connection);
      const [old, now] = [record({ baseUrl: 'https://app.example/v1' }), record({ baseUrl: 'https://app.example/v2' })];
      const [from, to, other] = [old.baseUrl, now.baseUrl, 'https://app.example/v10'].map((baseUrl) => checkpointKey({ baseUrl, taskId: 'feed' })) as [string, string, string];
      for (const key of [from, other]) await checkpoints.save(key, key);
      await storedOutbox(connection).takeOver(old.backend, { key: now.backend, baseUrl: now.baseUrl });
      expect(await Promise.all([from, to, other].map((key) => checkpoints.load(key)))).toEqual([null, from, other]);
    });

    test('S1 V1 a worker that an update has replaced changes neither checkpoints nor settings any more, and still stores its own requests', async () => {
      const connection = create();
      const worker = { isReplaced: false };
      const refuseIfReplaced = () => {
        if (worker.isReplaced) throw new Error('replaced');
      };
      const [checkpoints, outbox] = [storedCheckpoints(connection, refuseIfReplaced), storedOutbox(connection, { refuseIfReplaced })];
      const key = checkpointKey({ baseUrl: record().baseUrl, taskId: 'feed' });
      await checkpoints.save(key, '7');
      await outbox.commit({ paused: false });
      const { seq: _, ...draft } = record();
      const asked = () => [
        outbox.commit({ events: [{ type: 'online', at: 1 }] }),
        checkpoints.save(key, '6'),
        checkpoints.clear(key),
        outbox.commit({ paused: true, events: [{ type: 'paused', at: 1 }] }),
        outbox.commit({ settings: { paused: false, offlineMode: false } }),
        outbox.capture({ draft, body: null, limits: { maxEntries: 1, maxBytes: 1 }, whenWaiting: 'refuse', isInFlight: () => false }),
      ];
      // The first write's transaction is under way when the worker is replaced; the others come after it.
      const writing = asked();
      worker.isReplaced = true;
      expect((await Promise.allSettled(writing)).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'rejected', 'rejected', 'fulfilled']);
      expect(await checkpoints.load(key)).toBe('7');
      expect((await outbox.start(1)).settings).toEqual({ paused: false });
      expect((await outbox.journal()).map(({ type }) => type)).toEqual(['online']);
    });
  });
}
