import type { Setup } from '../actions.js';
import type { Agenda, Process } from '../agenda.js';
import type { Chances } from '../chance.js';
import { Connections, type Connection } from './connections.js';
import { copy, sizeOf } from './copy.js';
import type { Key } from './keys.js';
import { Table } from './table.js';
import { Transaction, type Change } from './transaction.js';

/** What requests and transactions end with when their connection is lost: in Chromium and WebKit, and by the standard. */
export type LossError = 'UnknownError' | 'AbortError';

/** What goes wrong with the storage. */
export interface DiskFaults {
  /** Commits to come that find the disk full: they're refused if they write anything, whatever they remove. */
  full: number;
  /** How many bytes there may be. A commit that finds less room than it writes is refused, whatever it removes. */
  quota: number;
  /** Openings to come that fail. */
  unopened: number;
  /** All connections are lost over the next transaction, or the next commit of a write; null for none. */
  lost: { over: 'transaction' | 'commit'; error: LossError } | null;
}

/** One committed transaction: what it has changed, in the order of its writes. */
export interface Committed {
  process: Process;
  changes: readonly Change[];
}

/**
 * A database on disk. Transactions see each other as the standard says: one that writes has its stores for itself, in
 * the order in which they were begun. What a worker has asked to commit when it dies is there or isn't.
 */
export class Disk {
  readonly tables = new Map<string, Table>();
  readonly connections = new Connections(this);
  readonly faults: DiskFaults = { full: 0, quota: Infinity, unopened: 0, lost: null };
  version = 0;
  /** Called when a transaction is on disk. */
  readonly onCommit: ((committed: Committed) => void)[] = [];
  /** Called with each text that's written. */
  onText: ((text: string) => void) | undefined;
  /** An opening, or a connection, has failed in this run. */
  wasBroken = false;
  /** A commit has found the disk full in this run. */
  wasFull = false;
  /** Commits so far. */
  commits = 0;
  #transactions: Transaction[] = [];

  constructor(
    readonly agenda: Agenda,
    readonly chances: Chances,
    readonly setup: Pick<Setup, 'keepsBlobs'>,
  ) {}

  /** A write or an opening has failed in this run. */
  get hasFailed(): boolean {
    return this.wasBroken || this.wasFull;
  }

  /** About how many bytes there are. */
  get bytes(): number {
    return [...this.tables.values()].reduce((bytes, table) => bytes + sizeOf([...table.values()]), 0);
  }

  begin(transaction: Transaction): void {
    this.#transactions.push(transaction);
    this.pump();
  }

  /** Starts what nothing is in the way of any more. */
  pump(): void {
    const before: Transaction[] = [];
    for (const transaction of this.#transactions) {
      const isBlocked = before.some((other) => transaction.conflictsWith(other));
      if (!isBlocked && transaction.state === 'waiting') transaction.start();
      before.push(transaction);
    }
  }

  end(transaction: Transaction): void {
    this.#transactions = this.#transactions.filter((other) => other !== transaction);
    this.pump();
  }

  /** The process has died: what it had under way is rolled back, or, where a commit was asked for, it may be there. */
  died(process: Process): void {
    for (const transaction of this.#transactions.filter((one) => one.process === process)) transaction.die();
    this.connections.died(process);
  }

  transactionsOn(connection: Connection): Transaction[] {
    return this.#transactions.filter((transaction) => transaction.connection === connection);
  }

  /** What's on disk in a store, as it is. Not to be changed. */
  all<T>(store: string): T[] {
    return [...(this.tables.get(store)?.values() ?? [])] as T[];
  }

  get(store: string, key: Key): unknown {
    return copy(this.tables.get(store)?.get(key));
  }

  createTable(name: string, { keyPath = null, autoIncrement = false }: { keyPath?: string | null; autoIncrement?: boolean } = {}): Table {
    const table = new Table(name, keyPath, autoIncrement);
    this.tables.set(name, table);
    return table;
  }
}
