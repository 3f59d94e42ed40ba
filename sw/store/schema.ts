import { unwrap, type DBSchema, type IDBPDatabase, type IDBPTransaction } from 'idb';
import type { SyncEvent } from '../protocol/events.js';
import type { GivenId } from '../policy/given-ids.js';
import type { KeptSettlement, Remainder } from '../policy/settlement.js';
import { readEntry, type EntryRecord, type Turn } from '../policy/entry-record.js';
import type { Body } from '../ports.js';
import type { BackendRecord, Settings } from '../policy/backend-record.js';

/** Behind the registration's place. */
export const DATABASE = 'holdfast';
export const VERSION = 3;

/** The key in `settings` of a record that's there unless the outbox is paused: a full disk takes a removal, and no write. */
export const UNPAUSED = 'unpaused';

export interface Schema extends DBSchema {
  /** The requests still owed, in the order of capture, and the dead letters. */
  entries: {
    key: number;
    value: EntryRecord;
    indexes: { turn: Turn; standing: [backend: string, state: string]; id: string; key: string; asked: string; provides: string; awaits: number };
  };
  /** Bodies by `seq`, apart from their entries, so that a listing reads none of them. A small body is in its entry. */
  bodies: { key: number; value: Body };
  /** Tallies by backend, so that no capture must count the entries. */
  tallies: { key: string; value: Tally };
  settlements: { key: number | string; value: KeptSettlement | Remainder; indexes: { id: string; key: string; at: number; asked: string } };
  backends: { key: string; value: BackendRecord };
  settings: { key: string; value: Settings };
  checkpoints: { key: string; value: string };
  journal: { key: number; value: SyncEvent };
  /** The real ids of temporary ids, by the `seq` of the entry that provided them. */
  ids: { key: number; value: GivenId };
}

export const NOTHING: Tally = { entries: 0, bytes: 0 };

/** How much a backend has on disk, dead letters included. */
export interface Tally {
  entries: number;
  bytes: number;
}

export const STORES = [
  'entries',
  'bodies',
  'tallies',
  'settlements',
  'backends',
  'settings',
  'checkpoints',
  'journal',
  'ids',
] as const satisfies readonly (keyof Schema)[];

/** Without idb's shortcuts for transactions of one request: the classic script has them left out. */
export type Database = Pick<IDBPDatabase<Schema>, 'transaction' | 'createObjectStore' | 'close'>;
export type WriteTransaction = IDBPTransaction<Schema, typeof STORES, 'readwrite'>;
export type UpgradeTransaction = IDBPTransaction<Schema, typeof STORES, 'versionchange'>;

/** Upgrades the database. Each step must keep all data, and a released step must never change, as databases exist that it made. */
export async function upgrade(db: Database, oldVersion: number, tx: UpgradeTransaction): Promise<void> {
  if (oldVersion < 1) {
    const entries = db.createObjectStore('entries', { keyPath: 'seq', autoIncrement: true });
    // Only an entry in line has a `turn`. Among equal turns an index goes by primary key, so the first entry of
    // each turn is the oldest, and the heads are found without reading the queue.
    entries.createIndex('turn', 'turn');
    entries.createIndex('standing', ['backend', 'state']);
    entries.createIndex('id', 'id');
    entries.createIndex('key', 'key');
    db.createObjectStore('bodies');
    const settlements = db.createObjectStore('settlements', { keyPath: 'seq' });
    settlements.createIndex('id', 'id');
    settlements.createIndex('key', 'key');
    settlements.createIndex('at', 'at');
    db.createObjectStore('backends', { keyPath: 'key' });
    db.createObjectStore('settings');
    db.createObjectStore('checkpoints');
    db.createObjectStore('journal', { autoIncrement: true });
  }
  if (oldVersion < 2) {
    const entries = tx.objectStore('entries');
    // Few entries have an `asked`: those whose fetch event has no answer yet.
    entries.createIndex('asked', 'asked.worker');
    tx.objectStore('settlements').createIndex('asked', 'asked.worker');
    const tallies = db.createObjectStore('tallies');
    const sums = new Map<string, Tally>();
    for (let cursor = await entries.openCursor(); cursor; cursor = await cursor.continue()) {
      const { backend, bodySize } = readEntry(cursor.value, cursor.primaryKey);
      const { entries: count, bytes } = sums.get(backend) ?? NOTHING;
      sums.set(backend, { entries: count + 1, bytes: bytes + bodySize });
    }
    for (const [backend, tally] of sums) await tallies.put(tally, backend);
  }
  if (oldVersion < 3) {
    const settings = tx.objectStore('settings');
    if (!(await settings.get('settings'))?.paused) await settings.put({ paused: false }, UNPAUSED);
    // Only what names temporary ids, and what provides them, is in these.
    tx.objectStore('entries').createIndex('provides', 'provides');
    tx.objectStore('entries').createIndex('awaits', 'awaits', { multiEntry: true });
    db.createObjectStore('ids', { keyPath: 'seq' });
  }
}

/**
 * A store for writes that aren't awaited: if one fails, its transaction fails, and says why. They go around idb, whose promise costs
 * each of them two listeners and an event.
 */
export const writesTo = <Name extends StoreName>(tx: WriteTransaction, name: Name): Writes<Name> => unwrap(tx.objectStore(name as 'entries'));

type StoreName = (typeof STORES)[number];

interface Writes<Name extends StoreName> {
  put(value: Schema[Name]['value'], key?: Schema[Name]['key']): unknown;
  add(value: Schema[Name]['value']): unknown;
  delete(which: Schema[Name]['key'] | IDBKeyRange): unknown;
}

/** Leaves a promise's failure to others, who hear of it. */
export const unawaited = (work: Promise<unknown>): void => void work.catch(() => {});
