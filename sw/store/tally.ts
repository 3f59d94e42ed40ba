import { readEntry, type EntryRecord } from '../policy/entry-record.js';
import type { Limits } from '../ports.js';
import { knownTo } from './known.js';
import { NOTHING, writesTo, type Tally, type WriteTransaction } from './schema.js';

type Counted = Pick<EntryRecord, 'backend' | 'bodySize'>;

/** A backend's tally in a transaction, with the transaction's own changes. */
export async function tallyOf(tx: WriteTransaction, backend: string): Promise<Tally> {
  const { sums } = knownTo(tx);
  const tally = sums.get(backend) ?? (await tx.objectStore('tallies').get(backend)) ?? NOTHING;
  // Meanwhile another write of the transaction may have read the tally, and changed it.
  if (!sums.has(backend)) sums.set(backend, tally);
  return sums.get(backend)!;
}

function setTally(tx: WriteTransaction, backend: string, tally: Tally): void {
  const { sums, changed } = knownTo(tx);
  sums.set(backend, tally);
  changed.add(backend);
}

/** Writes the tallies that a transaction has changed, each once. Called before the commit. */
export function writeTallies(tx: WriteTransaction): void {
  const { sums, changed } = knownTo(tx);
  for (const backend of changed) writesTo(tx, 'tallies').put(sums.get(backend)!, backend);
}

/** Updates the tally when `before` becomes `after`; null for an entry that isn't there. */
export async function count(tx: WriteTransaction, before: Counted | null, after: Counted | null): Promise<void> {
  if (before?.backend === after?.backend && before?.bodySize === after?.bodySize) return;
  for (const [counted, sign] of [[before, -1], [after, 1]] as const) {
    if (!counted) continue;
    const { backend, bodySize } = counted;
    const { entries, bytes } = await tallyOf(tx, backend);
    setTally(tx, backend, { entries: Math.max(0, entries + sign), bytes: Math.max(0, bytes + sign * bodySize) });
  }
}

/** The limit that `added` would break, or null. `inPlaceOf` is the entry that `added` replaces. */
export async function limitReached(
  tx: WriteTransaction,
  added: Counted,
  inPlaceOf: Counted | null,
  { maxEntries, maxBytes }: Limits,
): Promise<keyof Limits | null> {
  const broken = ({ entries, bytes }: Tally): keyof Limits | null => {
    if (!inPlaceOf && entries >= maxEntries) return 'maxEntries';
    return bytes - (inPlaceOf?.bodySize ?? 0) + added.bodySize > maxBytes ? 'maxBytes' : null;
  };
  if (!broken(await tallyOf(tx, added.backend))) return null;
  // The entries are counted before one is refused, as a damaged record leaves the tally wrong when it goes.
  return broken(await recount(tx, added.backend));
}

async function recount(tx: WriteTransaction, backend: string): Promise<Tally> {
  const index = tx.objectStore('entries').index('standing');
  let tally = NOTHING;
  for (const entry of await index.getAll(IDBKeyRange.bound([backend], [backend, []]))) {
    const { bodySize } = readEntry(entry, entry.seq);
    tally = { entries: tally.entries + 1, bytes: tally.bytes + bodySize };
  }
  setTally(tx, backend, tally);
  return tally;
}
