import { afterAll, beforeAll, vi } from 'vitest';
import { Agenda } from '../simulation/agenda.js';
import { createChances } from '../simulation/chance.js';
import { Disk } from '../simulation/disk/disk.js';
import { hosts } from '../simulation/disk/idb.js';
import { KeyRange } from '../simulation/disk/keys.js';

const agenda = new Agenda();
let isOver = false;
let passing: Promise<void>;
let databases = 0;

/** The virtual time of the disk, which nobody else drives. Each round has a turn, in which what was asked for before it gets under way. */
async function passTime(): Promise<void> {
  while (!isOver) {
    agenda.in(1, null, () => {});
    await agenda.run(agenda.now + 1);
  }
}

/** Lets a test file use the simulated disk; the file mocks `idb` by `simulation/disk/idb.js`. */
export function useSimulatedDisk(): void {
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
}

/** A disk of its own, under a name of its own. @param port called with each step that is asked of the disk */
export function freshDisk(port: (what: string) => void = () => {}) {
  const name = `database-${databases++}`;
  const process = { name, isAlive: true };
  const disk = new Disk(agenda, createChances(databases), { keepsBlobs: true });
  hosts.set(name, { process, disk, port });
  const clock = { after: (ms: number, task: () => void) => agenda.in(ms, process, task) };
  return { name, process, clock, disk };
}
