import type { Tally, WriteTransaction } from './schema.js';

/** What a transaction knows of the disk, its own changes included, without reading it again: many writes share a transaction. */
export interface Known {
  readonly sums: Map<string, Tally>;
  /** The backends whose tally isn't written yet. */
  readonly changed: Set<string>;
  /** The last number that an entry was given; null where that isn't known. */
  lastSeq: number | null;
}

/** What the last transaction left; nothing when another worker may have written since, or nobody knows what was. */
export type LastKnown = Pick<Known, 'lastSeq'> & { sums: ReadonlyMap<string, Tally> };

export const NOTHING_KNOWN: LastKnown = { sums: new Map(), lastSeq: null };

const ofTransactions = new WeakMap<WriteTransaction, Known>();

export function knownTo(tx: WriteTransaction, { sums, lastSeq } = NOTHING_KNOWN): Known {
  const known = ofTransactions.get(tx) ?? { sums: new Map(sums), changed: new Set(), lastSeq };
  ofTransactions.set(tx, known);
  return known;
}

/** Begins a transaction with what the last one left, where no other worker writes. */
export function begin(tx: WriteTransaction, last: { known: LastKnown }, isAlone: boolean): void {
  if (ofTransactions.has(tx)) return;
  const known = knownTo(tx, isAlone ? last.known : undefined);
  last.known = NOTHING_KNOWN;
  tx.done.then(
    () => void (isAlone && (last.known = known)),
    () => {},
  );
}
