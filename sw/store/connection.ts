import { openDB } from 'idb';
import { isQuotaError } from '../policy/errors.js';
import type { Clock } from '../ports.js';
import { STORES, unawaited, upgrade, VERSION, type Database, type UpgradeTransaction, type WriteTransaction } from './schema.js';
import { writeTallies } from './tally.js';

export interface Connection {
  /** Runs a read. A connection that was lost is opened again and the read repeated. */
  read<T>(work: (db: Database) => Promise<T>): Promise<T>;
  /**
   * Runs a write and resolves when it's on disk. Writes that come while another is being committed
   * share the next transaction. `work` must await nothing but the transaction's own requests, and may
   * run twice: when a neighbour's failure took its transaction down, the disk was full, or the connection was lost. In
   * the last case what it did the first time may be on disk.
   *
   * @param whenFull makes the write in another way when the disk is full, and still is after room was made: in transactions of
   * `commit`'s, between which no other write comes
   * @throws QuotaExceededError when the disk is full, and still is after room was made
   */
  write<T>(work: (tx: WriteTransaction) => Promise<T>, whenFull?: (commit: Write) => Promise<T>): Promise<T>;
  /** Runs a write along with the next one, or by itself when none comes for a tenth of a second. */
  writeAlong(work: (tx: WriteTransaction) => Promise<void>): Promise<void>;
}

/** Runs a write in a transaction of its own. */
export type Write = <T>(work: (tx: WriteTransaction) => Promise<T>) => Promise<T>;

export interface ConnectionOptions {
  clock: Pick<Clock, 'after'>;
  /** Frees disk space that can be spared. Called once for a write that found the disk full. Must not reject. */
  makeRoom(): Promise<void>;
  /** The database's. */
  name: string;
}

/** The database doesn't open: a tab keeps an older version open, or the browser hangs. */
export class BlockedError extends Error {
  override name = 'BlockedError';
  override message = 'holdfast: the database does not open; a tab with an older version of it may have to be closed';
}

/**
 * An opening that takes longer counts as failed for now, as a page waits for it. In milliseconds. A slow device takes seconds:
 * a redelivered event that went without the database would be sent beside its own entry.
 */
const OPENING_MS = 10_000;

/** An opening that another connection blocks counts as failed after this, in milliseconds. */
const BLOCKED_MS = 2_000;

/** How long a write waits for another one to be made along with, in milliseconds. */
const ALONG_MS = 100;

/** How long the making of room may take, in milliseconds: every write waits for it. */
const ROOM_MS = 3_000;

interface Job {
  work(tx: WriteTransaction): Promise<unknown>;
  whenFull?: ((commit: Write) => Promise<unknown>) | undefined;
  resolve(value: unknown): void;
  reject(reason: unknown): void;
}

export function openConnection({ clock, makeRoom, name }: ConnectionOptions): Connection {
  let db: Database | null = null;
  let opening: Promise<Database> | null = null;
  /** Rejects when the opening under way has taken too long, so that reads and writes don't wait for it any more. */
  let tooLate: Promise<never>;
  let waiting: Job[] = [];
  /** Writes that wait to be made along with others. */
  let along: Job[] = [];
  let stopTimer = () => {};
  let flushing = false;

  const letGo = () => {
    db = opening = null;
  };

  const startOpening = async (): Promise<Database> => {
    let giveUp = () => {};
    tooLate = new Promise((_, reject) => {
      giveUp = () => reject(new BlockedError());
    });
    const stop = clock.after(OPENING_MS, giveUp);
    try {
      db = (await openDB(name, VERSION, {
        upgrade: (base, oldVersion, _newVersion, tx) => {
          const whole = upgrade(base as unknown as Database, oldVersion, tx as unknown as UpgradeTransaction);
          // A failed upgrade is aborted as a whole: the opening fails and says why, and the old data stays.
          whole.catch(() => abort(tx));
          tx.done.catch(() => {});
        },
        blocked: () => void clock.after(BLOCKED_MS, giveUp),
        // A newer worker wants to upgrade, so this connection closes.
        blocking: (_current, _blocked, event) => {
          letGo();
          (event.target as IDBDatabase).close();
        },
        terminated: letGo,
      })) as unknown as Database;
      return db;
    } catch (error) {
      letGo();
      throw error;
    } finally {
      stop();
    }
  };

  /** The connection. A late opening isn't repeated, but used when it comes: another would only queue up behind it. */
  const open = async (): Promise<Database> => db ?? Promise.race([(opening ??= startOpening()), tooLate]);

  /**
   * WebKit drops connections in the background (https://bugs.webkit.org/show_bug.cgi?id=197050). What was under way ends with
   * an UnknownError there and in Chromium, and with an AbortError by the standard (https://w3c.github.io/IndexedDB/#closing-connection).
   */
  const again = async <T>(work: (db: Database) => Promise<T>): Promise<T> => {
    try {
      return await work(await open());
    } catch (error) {
      if (!(error instanceof DOMException) || !/^(InvalidState|Unknown|Abort)Error$/.test(error.name)) throw error;
      letGo();
      return work(await open());
    }
  };

  const commit = (jobs: Pick<Job, 'work'>[]): Promise<unknown[]> =>
    again(async (db) => {
      const tx = db.transaction(STORES, 'readwrite', { durability: 'strict' });
      // An abort also rejects `done`; the job's own error comes first and says more.
      tx.done.catch(() => {});
      const results: unknown[] = [];
      try {
        for (const job of jobs) results.push(await job.work(tx));
        writeTallies(tx);
        tx.commit();
        await tx.done;
      } catch (error) {
        if (!tx.error) abort(tx);
        // The transaction's error says more for an unawaited write, and for a quota abort in Chromium.
        throw tx.error ?? error;
      }
      return results;
    });

  const atMost = (ms: number, work: Promise<void>): Promise<void> =>
    new Promise((resolve) => {
      const stop = clock.after(ms, resolve);
      void work.finally(stop).then(resolve);
    });

  const commitInRoom = (jobs: Job[]): Promise<unknown[]> =>
    commit(jobs).catch(async (error: unknown) => {
      if (!isQuotaError(error)) throw error;
      await atMost(ROOM_MS, makeRoom());
      return commit(jobs);
    });

  const alone: Write = async (work) => (await commit([{ work }]))[0] as never;

  const instead =
    ({ whenFull }: Job) =>
    (error: unknown): Promise<unknown> => {
      if (!whenFull || !isQuotaError(error)) throw error;
      return whenFull(alone);
    };

  const flush = async () => {
    flushing = true;
    while (waiting.length > 0) {
      // Writes of the same turn of the event loop share the transaction.
      await Promise.resolve();
      const jobs = [...waiting, ...along];
      waiting = [];
      along = [];
      stopTimer();
      try {
        const results = await commitInRoom(jobs);
        jobs.forEach((job, index) => job.resolve(results[index]));
      } catch (error) {
        // Each write runs alone now, so that a bad one fails alone.
        for (const job of jobs) await (jobs.length > 1 ? alone(job.work) : Promise.reject(error)).catch(instead(job)).then(job.resolve, job.reject);
      }
    }
    flushing = false;
  };

  const write: Connection['write'] = (work, whenFull) =>
    new Promise((resolve, reject) => {
      waiting.push({ work, whenFull, resolve: resolve as (value: unknown) => void, reject });
      if (!flushing) void flush();
    });

  return {
    read: again,
    write,
    writeAlong: (work) =>
      new Promise((resolve, reject) => {
        along.push({ work, resolve: resolve as (value: unknown) => void, reject });
        // A write of nothing takes them along.
        if (along.length === 1) stopTimer = clock.after(ALONG_MS, () => unawaited(write(async () => {})));
      }),
  };
}

function abort(tx: { abort(): void }): void {
  try {
    tx.abort();
  } catch {
    // The transaction has ended by itself.
  }
}
