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
  });
}
