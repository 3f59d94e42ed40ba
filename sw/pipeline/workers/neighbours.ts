import type { Locks } from '../../ports.js';

/** What the names of the locks begin with that workers keep while they live. */
const WORKER_LOCKS = 'holdfast:worker:';

/** The lock that a worker keeps while it lives. */
export const workerLock = (worker: string): string => WORKER_LOCKS + worker;

/** The workers that live beside this one: those that an update is about to end, or has ended a moment ago. */
export interface Neighbours {
  /** Whether any lives. */
  any(): Promise<boolean>;
  /** Whether any may. Once none does, none comes: pages give their requests to the newest worker alone. */
  mayBe(): boolean;
  /** None lives any more, and the events that they have left on disk have been read. */
  gone(): void;
  /** Whether one may have stored something since the heads were read. */
  mayHaveStored(): boolean;
  /** Runs a reading of the heads. Once none lives before it, nobody else has stored anything after it. */
  reading<T>(read: () => Promise<T>): Promise<T>;
}

/** @param workerId names this worker */
export function createNeighbours(locks: Pick<Locks, 'held'>, workerId: string): Neighbours {
  let areGone = false;
  let areHeadsKnown = false;
  const any = async () => !areGone && (await locks.held(WORKER_LOCKS)).some((name) => name !== workerLock(workerId));
  return {
    mayBe: () => !areGone,
    any,
    gone: () => void (areGone = true),
    mayHaveStored: () => !areHeadsKnown,
    async reading(read) {
      const areLiving = !areHeadsKnown && (await any().catch(() => true));
      const heads = await read();
      areHeadsKnown ||= !areLiving;
      return heads;
    },
  };
}
