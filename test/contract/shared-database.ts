import { describe, expect, test } from 'vitest';
import { checkpointKey } from '../../sw/policy/base-url.js';
import { newBackendRecord } from '../../sw/policy/backend-record.js';
import { storedCheckpoints } from '../../sw/store/checkpoints.js';
import type { Connection } from '../../sw/store/connection.js';
import { storedOutbox } from '../../sw/store/outbox.js';
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
  });
}
