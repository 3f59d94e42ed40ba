import type { Process } from '../agenda.js';
import type { Disk, LossError } from './disk.js';
import type { Transaction } from './transaction.js';

/** One that a process has open. */
export interface Connection {
  readonly process: Process;
  /** No transaction is begun on it any more: the process has closed it, or it was lost. */
  isClosing: boolean;
  /** Transactions whose end its process hasn't heard of. */
  underWay: number;
  /** The version that it has been asked to make way for. */
  madeWayFor: number;
  /** `versionchange`: somebody wants to upgrade the database. */
  blocking(from: number, to: number): void;
  /** `close`: it was lost, and not closed by its process. */
  terminated(): void;
}

/** An opening that's under way. */
export interface Opening {
  connection: Connection;
  /** Undefined: whichever there is. */
  version: number | undefined;
  /** Begins the upgrade, in a turn of the process. */
  upgrade(from: number, to: number): Transaction;
  /** `blocked`: everybody has heard of it, and somebody still has the database open. */
  blocked(): void;
  opened(): void;
  failed(error: DOMException): void;
}

/** An opening that takes longer than this may have failed for its process, in milliseconds; and one that waits for others. */
export const PATIENCE_MS = 9_000;
const WAITING_MS = 1_000;

/**
 * Who has a database open, and who waits for it: one opening after the other, and an upgrade when nobody else has it
 * open. https://w3c.github.io/IndexedDB/#open-a-database-connection
 */
export class Connections {
  readonly all = new Set<Connection>();
  /** When connections were lost. */
  readonly lostAt: number[] = [];
  #waiting: Opening[] = [];
  #upgrading: Opening | null = null;

  constructor(readonly disk: Disk) {}

  open(opening: Opening): void {
    this.#waiting.push(opening);
    this.look();
    if (!this.#waiting.includes(opening)) return;
    // Somebody has it open, or upgrades it.
    this.disk.agenda.in(WAITING_MS, opening.connection.process, () => {
      if (this.#waiting.includes(opening)) this.disk.wasBroken = true;
    });
  }

  close(connection: Connection): void {
    connection.isClosing = true;
    this.look();
  }

  /** The connection is gone, and its process hears nothing of it. */
  vanish(connection: Connection): void {
    this.lostAt.push(this.disk.agenda.now);
    this.close(connection);
  }

  /** The connection is gone, with what was under way on it; its process hears of it. */
  lose(connection: Connection, error: LossError): void {
    if (connection.isClosing) return;
    this.lostAt.push(this.disk.agenda.now);
    connection.isClosing = true;
    this.disk.agenda.in(0, connection.process, () => {
      for (const transaction of this.disk.transactionsOn(connection)) transaction.breakOff(new DOMException('Connection is closing.', error));
      connection.terminated();
      this.look();
    });
  }

  loseAll(error: LossError): void {
    for (const connection of this.all) this.lose(connection, error);
  }

  /** What it had under way has ended already. */
  died(process: Process): void {
    for (const connection of this.all) if (connection.process === process) this.all.delete(connection);
    if (this.#upgrading?.connection.process === process) this.#upgrading = null;
    this.look();
  }

  /** Whoever hears in this turn of what has ended does so before anything is opened. */
  lookAfterTurn(): void {
    if (this.#waiting.length > 0) this.disk.agenda.atTurnEnd(() => this.look());
  }

  /** Goes on with the next opening, if it can. */
  look(): void {
    const { disk } = this;
    while (!this.#upgrading) {
      const opening = this.#waiting[0];
      if (!opening) return;
      const { connection, version = disk.version || 1 } = opening;
      if (connection.process.isAlive && version > disk.version && !this.#isAlone(opening, version)) return;
      this.#waiting.shift();
      if (!connection.process.isAlive) continue;
      if (version < disk.version) {
        disk.wasBroken = true;
        opening.failed(new DOMException('The requested version is less than the existing version', 'VersionError'));
      } else if (version === disk.version) this.#opened(opening);
      else this.#upgrade(opening, version);
    }
  }

  #opened(opening: Opening): void {
    this.all.add(opening.connection);
    opening.opened();
  }

  /** Whether nobody else has it open; whoever has is asked to make way. */
  #isAlone(opening: Opening, version: number): boolean {
    const { agenda, chances, version: from } = this.disk;
    let heardIn: number | null = null;
    for (const connection of this.all) {
      if (connection.isClosing && connection.underWay === 0) this.all.delete(connection);
      else if (!connection.isClosing && connection.madeWayFor < version) {
        connection.madeWayFor = version;
        const ms = chances.step('message');
        heardIn = Math.max(heardIn ?? 0, ms);
        agenda.in(ms, connection.process, () => {
          if (!connection.isClosing) connection.blocking(from, version);
        });
      }
    }
    const { process } = opening.connection;
    if (heardIn !== null) agenda.in(heardIn, process, () => this.#waiting.includes(opening) && opening.blocked());
    return this.all.size === 0;
  }

  #upgrade(opening: Opening, version: number): void {
    const { disk } = this;
    this.#upgrading = opening;
    const { process } = opening.connection;
    const ended = (isDurable: boolean) => {
      if (this.#upgrading !== opening) return;
      if (isDurable) disk.version = version;
      if (isDurable && process.isAlive) this.all.add(opening.connection);
      this.#upgrading = null;
      this.look();
    };
    const begin = () => {
      const transaction = opening.upgrade(disk.version, version);
      transaction.onEnd = ended;
      // It was aborted at once.
      if (transaction.state === 'done') ended(false);
      transaction.done.then(
        () => opening.opened(),
        () => opening.failed(new DOMException('The upgrade was aborted', 'AbortError')),
      );
    };
    if (disk.agenda.current === process) begin();
    else disk.agenda.in(0, process, begin);
  }
}
