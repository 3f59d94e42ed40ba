import type { EntryRecord } from '../../policy/entry-record.js';
import type { Neighbours } from './neighbours.js';

/**
 * Which entries may have been sent without their record saying so. No send is written down before it's made, as that would
 * be a transaction for each: whoever finds the head of a turn doesn't know whether the worker before it died over its send.
 */
export interface Doubts {
  /** The heads of all turns, as this worker has found them at its start. */
  begin(heads: readonly Pick<EntryRecord, 'seq'>[]): void;
  /** The heads of all turns that this worker has no send of under way, as it finds them while it alone may drain. */
  found(heads: readonly Pick<EntryRecord, 'seq'>[]): void;
  /** Another worker, where one lives, may drain again. */
  released(): void;
  /** An entry was sent, and its record won't say so. */
  add(seq: number): void;
  /** The entry as it's on disk, with what isn't there. */
  on(entry: EntryRecord): EntryRecord;
  /** The disk knows by now, or another request has taken the entry's place. */
  end(seq: number): void;
}

/** @param workerId names this worker */
export function createDoubts(neighbours: Neighbours, workerId: string): Doubts {
  const seqs = new Set<number>();
  /** Another worker may have drained since the heads were read, and have died over a send. */
  let mayBeAnothers = false;
  const addAll = (heads: readonly Pick<EntryRecord, 'seq'>[]) => heads.forEach(({ seq }) => seqs.add(seq));
  const isIn = ({ seq, reason, asked }: EntryRecord) =>
    seqs.has(seq) || (reason === 'first-send' && asked !== null && asked.worker !== workerId);
  return {
    begin(heads) {
      addAll(heads);
      mayBeAnothers = neighbours.mayBe();
    },
    found(heads) {
      if (mayBeAnothers) addAll(heads);
      mayBeAnothers = false;
    },
    released: () => void (mayBeAnothers ||= neighbours.mayBe()),
    add: (seq) => void seqs.add(seq),
    on: (entry) => (isIn(entry) ? { ...entry, unheard: true } : entry),
    end: (seq) => void seqs.delete(seq),
  };
}
