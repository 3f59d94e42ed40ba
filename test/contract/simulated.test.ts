import { vi } from 'vitest';
import { openConnection } from '../../sw/store/connection.js';
import { storedCheckpoints } from '../../sw/store/checkpoints.js';
import { storedOutbox } from '../support/stored-outbox.js';
import { openDB } from '../simulation/disk/idb.js';
import { freshDisk, useSimulatedDisk } from '../support/simulated-disk.js';
import { checkpointsContract } from './checkpoints.js';
import { databaseContract } from './database.js';
import { sharedDatabaseContract } from './shared-database.js';
import { outboxContract } from './outbox.js';

vi.mock('idb', () => import('../simulation/disk/idb.js'));

useSimulatedDisk();

function fresh() {
  const { name, clock } = freshDisk();
  return openConnection({ name, clock, makeRoom: async () => {} });
}

checkpointsContract('on the simulated disk', () => storedCheckpoints(fresh()));
outboxContract('on the simulated disk', () => storedOutbox(fresh()));
outboxContract('on the simulated disk, of a worker that is alone', () => storedOutbox(fresh(), { isAlone: () => true }));
databaseContract('on the simulated disk', openDB as never, () => freshDisk().name);
sharedDatabaseContract('on the simulated disk', fresh);
