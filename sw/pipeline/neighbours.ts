import type { Locks } from '../ports.js';

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
  /** None lives any more, and what they have left on disk has been read. */
  gone(): void;
}

/** @param instance names this worker */
export function createNeighbours(locks: Pick<Locks, 'held'>, instance: string): Neighbours {
  let areGone = false;
  return {
    mayBe: () => !areGone,
    any: async () => !areGone && (await locks.held(WORKER_LOCKS)).some((name) => name !== workerLock(instance)),
    gone: () => void (areGone = true),
  };
}
