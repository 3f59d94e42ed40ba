import { afterAll, beforeAll, vi } from 'vitest';
import { openConnection } from '../../sw/store/connection.js';
import { storedCheckpoints } from '../../sw/store/checkpoints.js';
import { storedOutbox } from '../../sw/store/outbox.js';
import { Agenda } from '../simulation/agenda.js';
import { createChances } from '../simulation/chance.js';
import { Disk } from '../simulation/disk/disk.js';
import { hosts, openDB } from '../simulation/disk/idb.js';
import { KeyRange } from '../simulation/disk/keys.js';
import { checkpointsContract } from './checkpoints.js';
import { databaseContract } from './database.js';
import { sharedDatabaseContract } from './shared-database.js';
import { outboxContract } from './outbox.js';

vi.mock('idb', () => import('../simulation/disk/idb.js'));

const agenda = new Agenda();
let isOver = false;
let passing: Promise<void>;

/** The virtual time, which nobody else drives here. Each round has a turn, in which what was asked for before it gets under way. */
async function passTime(): Promise<void> {
  while (!isOver) {
    agenda.in(1, null, () => {});
    await agenda.run(agenda.now + 1);
  }
}

beforeAll(() => {
  vi.stubGlobal('IDBKeyRange', KeyRange);
  passing = passTime();
});

afterAll(async () => {
  isOver = true;
  await passing;
  vi.unstubAllGlobals();
  hosts.clear();
});

let databases = 0;

/** A disk of its own, under a name of its own. */
function freshDisk() {
  const name = `contract-${databases++}`;
  const process = { name, isAlive: true };
  hosts.set(name, { process, disk: new Disk(agenda, createChances(databases), { keepsBlobs: true }), port: () => {} });
  return { name, process };
}

function fresh() {
  const { name, process } = freshDisk();
  return openConnection({ name, clock: { after: (ms, task) => agenda.in(ms, process, task) }, makeRoom: async () => {} });
}

checkpointsContract('on the simulated disk', () => storedCheckpoints(fresh()));
outboxContract('on the simulated disk', () => storedOutbox(fresh()));
databaseContract('on the simulated disk', openDB as never, () => freshDisk().name);
sharedDatabaseContract('on the simulated disk', fresh);
