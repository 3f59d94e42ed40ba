import type { DBSchema, IDBPDatabase, IDBPTransaction } from 'idb';
import type { Settlement } from '../protocol/api.js';
import type { SyncEvent } from '../protocol/events.js';
import type { EntryRecord, Turn } from '../policy/entry-record.js';
import type { BackendRecord, Settings } from '../ports.js';

export const DATABASE = 'holdfast';
export const VERSION = 1;

export interface Schema extends DBSchema {
  /** The requests still owed, in the order of capture, and the dead letters. */
  entries: {
    key: number;
    value: EntryRecord;
    indexes: { turn: Turn; standing: [backend: string, state: string]; id: string; key: string };
  };
  /** Their bodies by `seq`, apart, so that a listing reads none. */
  bodies: { key: number; value: ArrayBuffer };
  settlements: { key: number; value: Settlement; indexes: { id: string; key: string; at: number } };
  backends: { key: string; value: BackendRecord };
  settings: { key: string; value: Settings };
  checkpoints: { key: string; value: string };
  journal: { key: number; value: SyncEvent };
}

export const STORES = [
  'entries',
  'bodies',
  'settlements',
  'backends',
  'settings',
  'checkpoints',
  'journal',
] as const satisfies readonly (keyof Schema)[];

export type Database = IDBPDatabase<Schema>;
export type WriteTransaction = IDBPTransaction<Schema, typeof STORES, 'readwrite'>;

export function upgrade(db: Database, oldVersion: number): void {
  if (oldVersion < 1) {
    const entries = db.createObjectStore('entries', { keyPath: 'seq', autoIncrement: true });
    // Only what is in line has a `turn`. Among equal turns an index goes by primary key, so the first
    // of each (`nextunique`) is the oldest: the heads of all lanes without reading the queue.
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
}
