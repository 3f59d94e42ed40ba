import type { Locks } from '../../ports.js';

/** Prefix of the locks that workers keep while they live. */
const WORKER_LOCKS = 'holdfast:worker:';

/** The lock that a worker keeps while it lives. */
export const workerLock = (worker: string): string => WORKER_LOCKS + worker;

/** Other living workers: those that an update is about to end, or has ended a moment ago. */
export interface Neighbours {
  /** Whether any other worker lives. Never rejects: where the locks can't be asked, another worker may live. */
  any(): Promise<boolean>;
  /** Whether any other worker may live. Once none does, none comes: pages give their requests to the newest worker alone. */
  mayBe(): boolean;
  /** Notes that no other worker lives any more, and that the events which they left on disk have been read. */
  gone(): void;
  /** Notes that this worker is the active one from now on: what was seen of others before doesn't count, as the older worker may have been started since. */
  activated(): void;
  /** Whether another worker may have stored an entry since the heads were read, or have an entry on the wire: so may the newer one, once an update has replaced this worker. */
  mayHaveStored(): boolean;
  /** Whether this worker alone writes to the outbox, and knows what others have left there. */
  isAlone(): boolean;
  /** Runs a reading of the heads. If no other worker lived before the reading, none has stored an entry after it. */
  reading<T>(read: () => Promise<T>): Promise<T>;
}

/**
 * @param workerId names this worker
 * @param isActive whether this worker is the active one: a newer one may write beside a replaced one
 */
export function createNeighbours(locks: Pick<Locks, 'held'>, workerId: string, isActive: () => boolean): Neighbours {
  let areGone = false;
  let areHeadsKnown = false;
  const isAnother = (name: string) => name !== workerLock(workerId);
  const any = async () => !areGone && locks.held(WORKER_LOCKS).then((names) => names.some(isAnother), () => true);
  return {
    mayBe: () => !areGone,
    any,
    gone: () => void (areGone = true),
    activated: () => void (areGone = areHeadsKnown = false),
    mayHaveStored: () => !(areHeadsKnown && isActive()),
    isAlone: () => areGone && areHeadsKnown && isActive(),
    async reading(read) {
      const areLiving = !areHeadsKnown && (await any());
      const heads = await read();
      areHeadsKnown ||= !areLiving;
      return heads;
    },
  };
}
