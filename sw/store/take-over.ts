import { readEntry, turnOf, type EntryRecord } from '../policy/entry-record.js';
import { writesTo, type WriteTransaction } from './schema.js';
import { count } from './tally.js';

/** All keys that begin with a backend's key and a `|`: they sort before that key and a `}`. */
export const keysOf = (backend: string): IDBKeyRange => IDBKeyRange.bound(`${backend}|`, `${backend}}`);

/** The keys of a backend's notes of versions, among its checkpoints: no task id has a space. */
export const etagKey = (backend: string, name: string): string => `${backend}|etag ${name}`;
export const etagKeys = (backend: string): IDBKeyRange => IDBKeyRange.bound(etagKey(backend, ''), etagKey(backend, '\uffff'));

/** All entries of a backend, in the index `standing`. */
export const standingOf = (backend: string): IDBKeyRange => IDBKeyRange.bound([backend], [backend, []]);

/** Makes what belongs to a backend's former key the backend's own: entries, settlements, checkpoints, and its record where there's none yet. */
export async function takeOver(tx: WriteTransaction, from: string, { key: to, baseUrl }: Pick<EntryRecord, 'key' | 'baseUrl'>): Promise<void> {
  const [entries, settlements] = [tx.objectStore('entries'), tx.objectStore('settlements')];
  const [checkpoints, backends] = [tx.objectStore('checkpoints'), tx.objectStore('backends')];
  const renamed = (key: string) => to + key.slice(from.length);
  for (const seq of await entries.index('standing').getAllKeys(standingOf(from))) {
    const entry = readEntry(await entries.get(seq), seq);
    // A damaged record says nothing of its backend for sure.
    if ('damaged' in entry) continue;
    const moved = { ...entry, backend: to, baseUrl, key: renamed(entry.key) };
    writesTo(tx, 'entries').put({ ...moved, ...(moved.turn && { turn: turnOf(moved) }) });
    await count(tx, entry, moved);
  }
  for (const seq of await settlements.index('key').getAllKeys(keysOf(from))) {
    const settlement = await settlements.get(seq);
    if (settlement && 'key' in settlement) writesTo(tx, 'settlements').put({ ...settlement, key: renamed(settlement.key) });
  }
  for (const key of await checkpoints.getAllKeys(keysOf(from))) {
    const value = await checkpoints.get(key);
    if (value !== undefined) writesTo(tx, 'checkpoints').put(value, renamed(key));
    writesTo(tx, 'checkpoints').delete(key);
  }
  for (const given of await tx.objectStore('ids').getAll()) if (given.backend === from) writesTo(tx, 'ids').put({ ...given, backend: to });
  const record = await backends.get(from);
  if (!record) return;
  if (!(await backends.get(to))) writesTo(tx, 'backends').put({ ...record, key: to });
  writesTo(tx, 'backends').delete(from);
}
