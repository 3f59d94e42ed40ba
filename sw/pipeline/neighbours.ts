import type { Locks } from '../ports.js';
import { WORKER_LOCKS, workerLock } from './unanswered.js';

/** The workers that live beside this one: those that an update is about to end, or has ended a moment ago. */
export interface Neighbours {
  /** Whether any lives. Once none does, none comes: pages give their requests to the newest worker alone. */
  any(): Promise<boolean>;
}

/** @param instance names this worker */
export function createNeighbours(locks: Pick<Locks, 'held'>, instance: string): Neighbours {
  let areGone = false;
  return {
    async any() {
      if (areGone) return false;
      const others = (await locks.held(WORKER_LOCKS)).filter((name) => name !== workerLock(instance));
      areGone = others.length === 0;
      return !areGone;
    },
  };
}
