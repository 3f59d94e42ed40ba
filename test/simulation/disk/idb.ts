/**
 * Stands in for the package `idb`, over the simulated disk: as much of it as the product and workbox use. The product's
 * own database is opened by a name that tells which process asks, as `connect` gives it through; any other one by its
 * name, in a turn of the process.
 */
import type { Process } from '../agenda.js';
import { PATIENCE_MS, type Connection } from './connections.js';
import { copy } from './copy.js';
import type { Disk } from './disk.js';
import { compareKeys, type Key, type KeyPath, type Query } from './keys.js';
import type { Row, Table } from './table.js';
import { Transaction } from './transaction.js';

export interface Host {
  process: Process;
  disk: Disk;
  /** The databases that it knows beside its own, by name. */
  beside?: ReadonlyMap<string, Disk>;
  /** By so many versions its release of the product is ahead of the one that is played. */
  isAheadBy?: number;
  /** When the opening that it has asked for last gets to the disk. */
  opensAt?: number;
  /** Called at each step that the process asks for: it may die over it. */
  port(what: string): void;
}

/** Who opens databases, by the name that it opens its own under. */
export const hosts = new Map<string, Host>();

interface Callbacks {
  upgrade?(db: unknown, oldVersion: number, newVersion: number, tx: unknown): void;
  blocked?(): void;
  blocking?(current: number, blocked: number, event: { target: { close(): void } }): void;
  terminated?(): void;
}

interface Place {
  host: Host;
  disk: Disk;
  isAheadBy: number;
}

function placeOf(name: string): Place {
  const own = hosts.get(name);
  if (own) return { host: own, disk: own.disk, isAheadBy: own.isAheadBy ?? 0 };
  const host = [...hosts.values()].find(({ process, disk }) => process === disk.agenda.current);
  const disk = host?.beside?.get(name);
  if (!host || !disk) throw new DOMException(`nobody opens ${name}`, 'NotFoundError');
  return { host, disk, isAheadBy: 0 };
}

/** There's nothing around a store here: a write throws at once where the transaction has finished, as IndexedDB's own does. */
export const unwrap = <T>(wrapped: T): T => wrapped;

export async function openDB(name: string, version?: number, callbacks: Callbacks = {}): Promise<unknown> {
  const { host, disk, isAheadBy } = placeOf(name);
  const { process } = host;
  host.port('open');
  const takesMs = disk.chances.step('open');
  if (takesMs > PATIENCE_MS) disk.wasBroken = true;
  // A process's openings come in its own order.
  const at = Math.max(disk.agenda.now + takesMs, host.opensAt ?? 0);
  host.opensAt = at;
  await disk.agenda.wait(at - disk.agenda.now, process);
  if (disk.faults.unopened > 0) {
    disk.faults.unopened--;
    disk.wasBroken = true;
    throw new DOMException('Internal error opening backing store', 'UnknownError');
  }
  return new Promise((resolve, reject) => {
    const connection: Connection = {
      process,
      isClosing: false,
      underWay: 0,
      madeWayFor: 0,
      blocking: (from, to) => callbacks.blocking?.(from, to, { target: db }),
      terminated: () => callbacks.terminated?.(),
    };
    const db = databaseOf(host, disk, connection);
    const upgrade = (from: number, to: number) => {
      const tx = new Transaction(disk, connection, new Set(disk.tables.keys()), 'versionchange', host.port);
      disk.begin(tx);
      const createObjectStore = (store: string, options: object) => storeOf(tx, tx.createTable(store, options));
      callbacks.upgrade?.({ ...db, createObjectStore }, from, to, transactionOf(tx));
      return tx;
    };
    disk.connections.open({
      connection,
      version: version === undefined ? undefined : version + isAheadBy,
      upgrade,
      blocked: () => callbacks.blocked?.(),
      opened: () => resolve(db),
      failed: reject,
    });
  });
}

function databaseOf({ process, port }: Host, disk: Disk, connection: Connection) {
  const begin = (stores: string | readonly string[], mode: 'readonly' | 'readwrite' = 'readonly') => {
    if (connection.isClosing) throw new DOMException('The database connection is closing', 'InvalidStateError');
    port(mode);
    const tx = new Transaction(disk, connection, new Set(typeof stores === 'string' ? [stores] : stores), mode, port);
    if (process.isAlive) disk.begin(tx);
    return transactionOf(tx);
  };
  const writing = async <T>(store: string, write: (target: ReturnType<typeof storeOf>) => Promise<T>): Promise<T> => {
    const tx = begin(store, 'readwrite');
    const [result] = await Promise.all([write(tx.store), tx.done]);
    return result;
  };
  return {
    transaction: begin,
    objectStoreNames: { contains: (store: string) => disk.tables.has(store) },
    get: (store: string, key: Key) => begin(store).store.get(key),
    getAll: (store: string, query?: Query, limit?: number) => begin(store).store.getAll(query, limit),
    getAllFromIndex: (store: string, index: string, query?: Query) => begin(store).store.index(index).getAll(query),
    put: (store: string, value: unknown) => writing(store, (target) => target.put(value)),
    add: (store: string, value: unknown) => writing(store, (target) => target.add(value)),
    delete: (store: string, key: Key) => writing(store, (target) => target.delete(key)),
    close: () => disk.connections.close(connection),
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
    index: (name: string) => {
      if (!table.indexes.has(name)) throw new DOMException(`no index ${name} in ${table.name}`, 'NotFoundError');
      return sourceOf(tx, table, name);
    },
    createIndex: (name: string, path: KeyPath, { multiEntry = false }: { multiEntry?: boolean } = {}) => {
      tx.createIndex(table, name, path);
      if (multiEntry) table.multiEntry.add(name);
    },
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
