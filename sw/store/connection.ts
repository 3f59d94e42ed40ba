import { openDB } from 'idb';
import { DATABASE, STORES, upgrade, VERSION, type Database, type WriteTransaction } from './schema.js';

export interface Connection {
  /** Runs a read. A connection that was lost is opened again and the read repeated. */
  read<T>(work: (db: Database) => Promise<T>): Promise<T>;
  /**
   * Runs a write and resolves when it's on disk. Writes that come while another is being committed
   * share the next transaction. `work` must await nothing but the transaction's own requests, and may
   * run twice when a neighbour's failure took its transaction down.
   */
  write<T>(work: (tx: WriteTransaction) => Promise<T>): Promise<T>;
}

interface Job {
  work(tx: WriteTransaction): Promise<unknown>;
  resolve(value: unknown): void;
  reject(reason: unknown): void;
}

export function connect(name: string = DATABASE): Connection {
  let opening: Promise<Database> | undefined;
  let waiting: Job[] = [];
  let flushing = false;

  const open = (): Promise<Database> =>
    (opening ??= openDB(name, VERSION, {
      upgrade: (db, oldVersion) => upgrade(db as unknown as Database, oldVersion),
      // A newer worker wants to upgrade: let go, and leave the storage to it.
      blocking: (_current, _blocked, event) => {
        opening = undefined;
        (event.target as IDBDatabase).close();
      },
      terminated: () => {
        opening = undefined;
      },
    }).catch((error: unknown) => {
      opening = undefined;
      throw error;
    }) as Promise<Database>);

  /** WebKit drops connections in the background (https://bugs.webkit.org/show_bug.cgi?id=197050). */
  const again = async <T>(work: (db: Database) => Promise<T>): Promise<T> => {
    try {
      return await work(await open());
    } catch (error) {
      if (!(error instanceof DOMException) || !/^(InvalidState|Unknown)Error$/.test(error.name)) throw error;
      opening = undefined;
      return work(await open());
    }
  };

  const commit = (jobs: Job[]): Promise<unknown[]> =>
    again(async (db) => {
      const tx = db.transaction(STORES, 'readwrite', { durability: 'strict' });
      // An abort rejects it; the job's own error comes first and says more.
      tx.done.catch(() => {});
      const results: unknown[] = [];
      try {
        for (const job of jobs) results.push(await job.work(tx));
      } catch (error) {
        if (!tx.error) abort(tx);
        // On a quota abort Chromium fires `abort` only, so the reason is the transaction's.
        throw tx.error ?? error;
      }
      tx.commit();
      await tx.done;
      return results;
    });

  const flush = async () => {
    flushing = true;
    while (waiting.length > 0) {
      const jobs = waiting;
      waiting = [];
      try {
        const results = await commit(jobs);
        jobs.forEach((job, index) => job.resolve(results[index]));
      } catch (error) {
        if (jobs.length === 1) jobs[0]!.reject(error);
        // One bad write must not take its neighbours down.
        else for (const job of jobs) await commit([job]).then(([result]) => job.resolve(result), job.reject);
      }
    }
    flushing = false;
  };

  return {
    read: again,
    write: <T>(work: (tx: WriteTransaction) => Promise<T>) =>
      new Promise<T>((resolve, reject) => {
        waiting.push({ work, resolve: resolve as (value: unknown) => void, reject });
        if (!flushing) void flush();
      }),
  };
}

function abort(tx: WriteTransaction): void {
  try {
    tx.abort();
  } catch {
    // It has ended by itself.
  }
}
