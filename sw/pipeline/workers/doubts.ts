import { isFirstSend, type EntryRecord } from '../../policy/entry-record.js';
import type { Neighbours } from './neighbours.js';

/**
 * Entries that may have been sent without their record saying so. A send isn't written before it's made, as each would
 * cost a transaction, and deliveries are written in lots: a worker that finds the first entries of a turn can't know
 * which of them an earlier worker has sent.
 */
export interface Doubts {
  /** Notes the beginnings of all turns at this worker's start. */
  begin(beginnings: readonly number[]): void;
  /** Reads and notes the beginnings of all turns again, if another worker may have drained since. This worker holds the drain's lock. */
  look(read: () => Promise<readonly number[]>): Promise<void>;
  /** Notes that the drain's lock is free: another living worker may drain. */
  released(): void;
  /** Notes that an entry was sent, and its record won't say so. */
  add(seq: number): void;
  /** The entry from the disk, marked as `unheard` when in doubt. */
  on(entry: EntryRecord): EntryRecord;
  /** Removes a doubt: the record says what happened, or another request has taken the entry's place. */
  end(seq: number): void;
}

/** @param workerId names this worker */
export function createDoubts(neighbours: Neighbours, workerId: string): Doubts {
  const seqs = new Set<number>();
  /** Another worker may have drained since the heads were read, and have died over a send. */
  let mayBeAnothers = false;
  const addAll = (found: readonly number[]) => found.forEach((seq) => seqs.add(seq));
  // A first send that isn't this worker's was a dead worker's: its event may be open, or closed.
  const isIn = (entry: EntryRecord) => seqs.has(entry.seq) || (isFirstSend(entry) && entry.asked?.worker !== workerId);
  return {
    begin(beginnings) {
      addAll(beginnings);
      mayBeAnothers = neighbours.mayBe();
    },
    async look(read) {
      if (!mayBeAnothers) return;
      addAll(await read());
      mayBeAnothers = false;
    },
    released: () => void (mayBeAnothers ||= neighbours.mayBe()),
    add: (seq) => void seqs.add(seq),
    on: (entry) => (isIn(entry) ? { ...entry, unheard: true } : entry),
    end: (seq) => void seqs.delete(seq),
  };
}
