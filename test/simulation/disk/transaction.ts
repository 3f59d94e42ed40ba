import type { Process } from '../agenda.js';
import type { Connection } from './connections.js';
import type { Disk } from './disk.js';
import { sizeOf } from './copy.js';
import { keyAt, type Key, type KeyPath } from './keys.js';
import type { Table } from './table.js';

type TableOptions = Parameters<Disk['createTable']>[1];

export interface Change {
  store: string;
  key: Key;
  /** Undefined: it wasn't there. */
  before: unknown;
  /** Undefined: it isn't there any more. */
  after: unknown;
}

interface Waiting {
  run(): unknown;
  resolve(value: unknown): void;
  reject(reason: unknown): void;
}

/** A connection that's lost over a transaction is lost within this, in milliseconds. */
const LOSS_MS = 15;

export type TransactionState = 'waiting' | 'active' | 'committing' | 'durable' | 'done';

/** One transaction. It writes in place, and takes it back when it's aborted. */
export class Transaction {
  readonly process: Process;
  state: TransactionState = 'waiting';
  error: DOMException | null = null;
  readonly done: Promise<void>;
  readonly changes: Change[] = [];
  /** Whoever has begun it has always something more to do. */
  isEndless = false;
  /** Called when it's on disk, or isn't and won't be. */
  onEnd: (isDurable: boolean) => void = () => {};
  /** What takes the changes of an upgrade's to the stores themselves back. */
  #undo: (() => void)[] = [];
  #generators = new Map<Table, number>();
  #queue: Waiting[] = [];
  #busy: Waiting | null = null;
  #wantsCommit = false;
  #settle!: { resolve(): void; reject(reason: unknown): void };

  constructor(
    readonly disk: Disk,
    readonly connection: Connection,
    readonly scope: Set<string>,
    readonly mode: 'readonly' | 'readwrite' | 'versionchange',
    /** Called at each step that the process asks for: it may die over it. */
    readonly port: (what: string) => void,
  ) {
    this.process = connection.process;
    connection.underWay++;
    this.done = new Promise<void>((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    this.done.catch(() => {});
    disk.agenda.atTurnEnd(() => this.#commitIfIdle());
  }

  conflictsWith(other: Transaction): boolean {
    if (this.mode === 'readonly' && other.mode === 'readonly') return false;
    for (const store of this.scope) if (other.scope.has(store)) return true;
    return false;
  }

  table(name: string): Table {
    const table = this.disk.tables.get(name);
    if (!table || !this.scope.has(name)) throw new DOMException(`no store ${name} in this transaction`, 'NotFoundError');
    return table;
  }

  /** Puts a request into the queue. Its result comes in a turn of the process. Throws at once where the transaction has finished. */
  request<T>(what: string, run: () => T): Promise<T> {
    if (this.state === 'done' || this.state === 'committing' || this.state === 'durable' || this.#wantsCommit)
      throw new DOMException(`${what}: the transaction has finished`, 'TransactionInactiveError');
    this.port(what);
    const result = new Promise<T>((resolve, reject) => this.#queue.push({ run, resolve: resolve as (value: unknown) => void, reject }));
    result.catch(() => {});
    if (this.process.isAlive) this.#next();
    return result;
  }

  start(): void {
    this.state = 'active';
    if (this.mode !== 'versionchange') this.#mayBeLost('transaction', LOSS_MS);
    this.#next();
  }

  #mayBeLost(over: 'transaction' | 'commit', withinMs: number): void {
    const { agenda, chances, connections, faults } = this.disk;
    const { lost } = faults;
    if (lost?.over !== over) return;
    faults.lost = null;
    agenda.in(chances.of('losses')() * withinMs, null, () => connections.loseAll(lost.error));
  }

  #next(): void {
    if (this.state !== 'active' || this.#busy) return;
    const waiting = this.#queue.shift();
    if (!waiting) {
      if (this.#wantsCommit) this.#commit();
      return;
    }
    this.#busy = waiting;
    const { agenda, chances } = this.disk;
    agenda.in(chances.step('request'), this.process, () => {
      this.#busy = null;
      if (this.state !== 'active') return;
      try {
        waiting.resolve(waiting.run());
      } catch (error) {
        waiting.reject(error);
        this.#abort(error as DOMException);
        return;
      }
      this.#next();
      agenda.atTurnEnd(() => this.#commitIfIdle());
    });
  }

  /** Nothing was asked for in the turn of the last result: it commits by itself. */
  #commitIfIdle(): void {
    if (this.isEndless) return;
    if (this.state === 'waiting' && this.#queue.length === 0) this.#wantsCommit = true;
    if (this.state === 'active' && !this.#busy && this.#queue.length === 0 && this.process.isAlive) this.#commit();
  }

  commit(): void {
    if (this.state === 'done' || this.state === 'committing' || this.#wantsCommit) throw new DOMException('it has ended', 'InvalidStateError');
    this.port('commit');
    if (!this.process.isAlive) return;
    this.#wantsCommit = true;
    this.#next();
  }

  #commit(): void {
    this.state = 'committing';
    const { agenda, chances, faults } = this.disk;
    if (this.mode === 'readonly') return this.#finish();
    // Chromium counts what a transaction writes, and not what it removes: a removal alone is taken.
    const hasWritten = this.changes.some(({ after }) => after !== undefined);
    if (hasWritten && (faults.full > 0 || this.#exceeds(faults.quota))) {
      if (faults.full > 0) faults.full--;
      this.disk.wasFull = true;
      return this.#abort(new DOMException('the disk is full', 'QuotaExceededError'));
    }
    if (this.mode === 'readwrite') this.#mayBeLost('commit', 1);
    agenda.in(chances.step('commit'), null, () => {
      if (this.state !== 'committing') return;
      this.#makeDurable();
      agenda.in(chances.step('commit'), this.process, () => this.#tell(null));
    });
  }

  #exceeds(quota: number): boolean {
    // The changes are in place already, so what they have removed is added again.
    return quota < Infinity && this.disk.bytes + this.changes.reduce((bytes, { before }) => bytes + sizeOf(before), 0) > quota;
  }

  #makeDurable(): void {
    this.state = 'durable';
    this.disk.commits++;
    if (this.changes.length > 0) for (const look of this.disk.onCommit) look({ process: this.process, changes: this.changes });
    this.#ended(true);
  }

  #ended(isDurable: boolean): void {
    this.state = 'done';
    this.onEnd(isDurable);
    this.disk.end(this);
  }

  /** Its process hears of its end. */
  #tell(error: DOMException | null): void {
    this.connection.underWay--;
    if (error) this.#settle.reject(error);
    else this.#settle.resolve();
    this.disk.connections.lookAfterTurn();
  }

  #finish(): void {
    this.#ended(true);
    this.#tell(null);
  }

  abort(): void {
    if (this.state === 'done' || this.state === 'durable') throw new DOMException('it has ended', 'InvalidStateError');
    this.#abort(null);
  }

  #abort(error: DOMException | null): void {
    if (this.state === 'done') return;
    this.#rollBack();
    this.error = error;
    const reason = error ?? new DOMException('The transaction was aborted', 'AbortError');
    for (const waiting of [this.#busy, ...this.#queue.splice(0)]) waiting?.reject(reason);
    this.disk.agenda.in(0, this.process, () => this.#tell(reason));
    this.#ended(false);
  }

  /** Its process has died. */
  die(): void {
    if (this.state === 'committing' && this.disk.chances.of('commit of the dead')() < 0.5) return this.#makeDurable();
    this.#rollBack();
    this.#ended(false);
  }

  /** Its connection is lost. What was being committed may be on disk, and its process hears of a failure all the same. */
  breakOff(error: DOMException): void {
    if (this.state !== 'committing' || this.disk.chances.of('commit of the lost')() < 0.5) return this.#abort(error);
    this.error = error;
    this.disk.agenda.in(0, this.process, () => this.#tell(error));
    this.#makeDurable();
  }

  createTable(name: string, options: TableOptions): Table {
    this.#mustGoOn();
    const table = this.disk.createTable(name, options);
    this.scope.add(name);
    this.#undo.push(() => this.disk.tables.delete(name));
    return table;
  }

  createIndex(table: Table, name: string, path: KeyPath): void {
    this.#mustGoOn();
    table.indexes.set(name, path);
    this.#undo.push(() => table.indexes.delete(name));
  }

  #mustGoOn(): void {
    if (this.state === 'done') throw new DOMException('the upgrade has ended', 'InvalidStateError');
  }

  #rollBack(): void {
    for (const { store, key, before } of this.changes.toReversed()) {
      const table = this.disk.tables.get(store)!;
      if (before === undefined) table.delete(key);
      else table.put(key, before);
    }
    for (const [table, next] of this.#generators) table.nextKey = next;
    this.changes.length = 0;
    for (const undo of this.#undo.toReversed()) undo();
  }

  /** @param value nobody else's: it isn't copied */
  put(table: Table, value: unknown, given?: Key, isNew = false): Key {
    const own = table.keyPath === null ? given : keyAt(value, table.keyPath);
    let key = own;
    if (table.autoIncrement) {
      if (!this.#generators.has(table)) this.#generators.set(table, table.nextKey);
      if (key === undefined) {
        key = table.nextKey++;
        if (table.keyPath !== null) (value as Record<string, unknown>)[table.keyPath] = key;
      } else if (typeof key === 'number' && key >= table.nextKey) table.nextKey = Math.floor(key) + 1;
    }
    if (key === undefined) throw new DOMException('there is no key', 'DataError');
    if (isNew && table.has(key)) throw new DOMException('the key is there already', 'ConstraintError');
    if (value instanceof Blob && !this.disk.setup.keepsBlobs) throw new DOMException('Error preparing Blob/File data to be stored in object store', 'UnknownError');
    this.#change(table, key, value);
    return key;
  }

  delete(table: Table, key: Key): void {
    if (table.has(key)) this.#change(table, key, undefined);
  }

  #change(table: Table, key: Key, after: unknown): void {
    this.changes.push({ store: table.name, key, before: table.get(key), after });
    if (after === undefined) table.delete(key);
    else table.put(key, after);
  }
}
