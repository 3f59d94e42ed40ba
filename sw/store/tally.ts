import { readEntry, type EntryRecord } from '../policy/entry-record.js';
import type { Limits } from '../ports.js';
import { NOTHING, unawaited, type Tally, type WriteTransaction } from './schema.js';

type Counted = Pick<EntryRecord, 'backend' | 'bodySize'>;

/** The tallies that a transaction has read or changed already: many captures share a transaction. */
const known = new WeakMap<WriteTransaction, Map<string, Tally>>();

/** The tallies as the last transaction left them; empty when another worker may have changed them since, or nobody knows. */
export interface LastTallies {
  sums: ReadonlyMap<string, Tally>;
}

/** Begins a transaction's tallies with the last ones, where no other worker writes. */
export function beginTallies(tx: WriteTransaction, last: LastTallies, isAlone: boolean): void {
  if (known.has(tx)) return;
  const sums = new Map(isAlone ? last.sums : []);
  known.set(tx, sums);
  last.sums = new Map();
  tx.done.then(
    () => void (isAlone && (last.sums = sums)),
    () => {},
  );
}

/** A backend's tally in a transaction, with the transaction's own changes. */
export async function tallyOf(tx: WriteTransaction, backend: string): Promise<Tally> {
  const tallies = known.get(tx) ?? new Map<string, Tally>();
  known.set(tx, tallies);
  const tally = tallies.get(backend) ?? (await tx.objectStore('tallies').get(backend)) ?? NOTHING;
  tallies.set(backend, tally);
  return tally;
}

/** Updates the tally when `before` becomes `after`; null for an entry that isn't there. */
export async function count(tx: WriteTransaction, before: Counted | null, after: Counted | null): Promise<void> {
  if (before?.backend === after?.backend && before?.bodySize === after?.bodySize) return;
  for (const [counted, sign] of [[before, -1], [after, 1]] as const) {
    if (!counted) continue;
    const { backend, bodySize } = counted;
    const { entries, bytes } = await tallyOf(tx, backend);
    const tally = { entries: Math.max(0, entries + sign), bytes: Math.max(0, bytes + sign * bodySize) };
    known.get(tx)!.set(backend, tally);
    unawaited(tx.objectStore('tallies').put(tally, backend));
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
  known.get(tx)!.set(backend, tally);
  unawaited(tx.objectStore('tallies').put(tally, backend));
  return tally;
}
