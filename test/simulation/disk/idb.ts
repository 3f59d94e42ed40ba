/**
 * Stands in for the package `idb`, over the simulated disk: as much of it as the store uses. A database is opened by a
 * name that tells which process asks, as `connect` gives it through.
 */
import type { Process } from '../agenda.js';
import { copy } from './copy.js';
import type { Disk } from './disk.js';
import { compareKeys, type Key, type Query } from './keys.js';
import type { Row, Table } from './table.js';
import { Transaction } from './transaction.js';

export interface Host {
  process: Process;
  disk: Disk;
  /** Called at each step that the process asks for: it may die over it. */
  port(what: string): void;
  /** The connections that it has open, so that they can be lost. */
  connections: Set<Connection>;
}

/** Who opens databases, by the name that it opens them under. */
export const hosts = new Map<string, Host>();

interface Callbacks {
  upgrade?(db: unknown, oldVersion: number, newVersion: number, tx: unknown): void;
  blocking?(current: number, blocked: number, event: { target: { close(): void } }): void;
  terminated?(): void;
}

export interface Connection {
  terminated(): void;
  isLost: boolean;
}

export async function openDB(name: string, version: number, callbacks: Callbacks = {}): Promise<unknown> {
  const host = hosts.get(name);
  if (!host) throw new DOMException(`nobody opens ${name}`, 'NotFoundError');
  const { disk, process } = host;
  host.port('open');
  await disk.agenda.wait(disk.chances.step('open'), process);
  if (disk.faults.unopened > 0) {
    disk.faults.unopened--;
    disk.hasFailed = true;
    throw new DOMException('Internal error opening backing store', 'UnknownError');
  }
  if (disk.version > version) throw new DOMException('a newer version has it', 'VersionError');
  const connection: Connection = { isLost: false, terminated: () => callbacks.terminated?.() };
  const db = databaseOf(host, connection);
  if (disk.version < version) {
    const old = disk.version;
    const tx = new Transaction(disk, process, new Set(STORES), 'versionchange', host.port);
    disk.begin(tx);
    const facade = transactionOf(tx);
    callbacks.upgrade?.({ createObjectStore: (store: string, options: object) => storeOf(tx, disk.createTable(store, options)) }, old, version, facade);
    await tx.done;
    disk.version = version;
  }
  host.connections.add(connection);
  return db;
}

const STORES = ['entries', 'bodies', 'tallies', 'settlements', 'backends', 'settings', 'checkpoints', 'journal'];

function databaseOf(host: Host, connection: Connection) {
  const { disk, process, port } = host;
  const begin = (stores: string | readonly string[], mode: 'readonly' | 'readwrite' = 'readonly') => {
    if (connection.isLost) throw new DOMException('The database connection is closing', 'InvalidStateError');
    port(mode);
    const tx = new Transaction(disk, process, new Set(typeof stores === 'string' ? [stores] : stores), mode, port);
    if (process.isAlive) disk.begin(tx);
    return transactionOf(tx);
  };
  return {
    transaction: begin,
    get: (store: string, key: Key) => begin(store).store.get(key),
    getAll: (store: string, query?: Query, limit?: number) => begin(store).store.getAll(query, limit),
    close: () => {},
  };
}

function transactionOf(tx: Transaction) {
  const objectStore = (name: string) => storeOf(tx, tx.table(name));
  return {
    get error() {
      return tx.error;
    },
    done: tx.done,
    objectStore,
    get store() {
      return objectStore([...tx.scope][0]!);
    },
    commit: () => tx.commit(),
    abort: () => tx.abort(),
  };
}

/** What a store and an index have in common. */
function sourceOf(tx: Transaction, table: Table, index: string | null) {
  const ask = <T>(what: string, run: () => T) => tx.request(`${what} ${table.name}`, run);
  const rows = (query: Query, limit?: number) => table.rows(query, index, limit);
  const openCursor = (query?: Query, direction: 'next' | 'prev' = 'next') =>
    ask('cursor', () => cursorOf(tx, table, direction === 'prev' ? rows(query).toReversed() : rows(query), 0));
  return {
    get: (key: Query) => ask('get', () => copy(rows(key, 1)[0]?.value)),
    getKey: (key: Query) => ask('get', () => rows(key, 1)[0]?.primaryKey),
    getAll: (query?: Query, limit?: number) => ask('getAll', () => rows(query, limit).map(({ value }) => copy(value))),
    getAllKeys: (query?: Query, limit?: number) => ask('getAllKeys', () => rows(query, limit).map(({ primaryKey }) => primaryKey)),
    count: (query?: Query) => ask('count', () => rows(query).length),
    openCursor,
    openKeyCursor: openCursor,
  };
}

function storeOf(tx: Transaction, table: Table) {
  const write = <T>(what: string, run: () => T) => {
    if (tx.mode === 'readonly') throw new DOMException('it only reads', 'ReadOnlyError');
    return tx.request(`${what} ${table.name}`, run);
  };
  const source = sourceOf(tx, table, null);
  return {
    ...source,
    index: (name: string) => sourceOf(tx, table, name),
    createIndex: (name: string, path: string | string[]) => void table.indexes.set(name, path),
    put: (given: unknown, key?: Key) => {
      // It's copied when it's asked for, not when the request runs.
      const value = copy(given, tx.disk.onText);
      return write('put', () => tx.put(table, value, key));
    },
    add: (given: unknown, key?: Key) => {
      const value = copy(given, tx.disk.onText);
      return write('add', () => tx.put(table, value, key, true));
    },
    delete: (query: Query) => write('delete', () => table.rows(query).forEach(({ primaryKey }) => tx.delete(table, primaryKey))),
    async *[Symbol.asyncIterator]() {
      for (let cursor = await source.openCursor(); cursor; cursor = await cursor.continue()) yield cursor;
    },
  };
}

interface Cursor extends Row {
  continue(key?: Key): Promise<Cursor | null>;
  update(value: unknown): Promise<Key>;
  delete(): Promise<void>;
}

/** The rows are those of the opening: the store writes nothing that its cursor is still to come to. */
function cursorOf(tx: Transaction, table: Table, rows: readonly Row[], at: number): Cursor | null {
  const row = rows[at];
  if (!row) return null;
  return {
    ...row,
    value: copy(row.value),
    continue: (key) =>
      tx.request(`continue ${table.name}`, () => {
        const next = rows.findIndex((other, index) => index > at && (key === undefined || compareFrom(other.key, key)));
        return next === -1 ? null : cursorOf(tx, table, rows, next);
      }),
    update: (given) => {
      const value = copy(given, tx.disk.onText);
      return tx.request(`update ${table.name}`, () => tx.put(table, value, table.keyPath === null ? row.primaryKey : undefined));
    },
    delete: () => tx.request(`delete ${table.name}`, () => tx.delete(table, row.primaryKey)),
  };
}

const compareFrom = (key: Key, from: Key): boolean => compareKeys(key, from) >= 0;
