import { openDB } from 'idb';
import type { StoredRequest } from '../policy/entry-record.js';
import type { Body, OldQueue } from '../ports.js';
import { restoreRequest } from './transport.js';

/** The database of workbox-background-sync 4 to 7: `workbox-background-sync/lib/QueueDb.js`. */
const DATABASE = 'workbox-background-sync';
const STORE = 'requests';

interface Row {
  id: number;
  timestamp: number;
  /** Missing from a damaged row. */
  requestData?: StoredRequest & { body?: Body };
}

/**
 * The rows of a workbox queue, read straight from its database. Workbox's own `Queue` isn't used: without Background Sync
 * it begins to send when it's made, and it removes a row from the disk to give it. Null where there's no such database;
 * none is made.
 */
export async function workboxQueue(name: string): Promise<OldQueue | null> {
  let isMissing = false;
  const found = await openDB(DATABASE, undefined, {
    upgrade(_db, _oldVersion, _newVersion, tx) {
      isMissing = true;
      tx.done.catch(() => {});
      tx.abort();
    },
  }).catch((error: unknown) => {
    if (isMissing) return null;
    throw error;
  });
  if (!found) return null;
  let db = found;
  const hasRows = db.objectStoreNames.contains(STORE);
  return {
    async rows() {
      const rows = hasRows ? ((await db.transaction(STORE).store.index('queueName').getAll(name)) as Row[]) : [];
      return rows.map(({ id, timestamp, requestData }) => ({
        id,
        at: timestamp,
        what: `${requestData?.method} ${requestData?.url}`,
        // A row without a request throws here, and so stops no other one.
        request() {
          const { body = null, ...data } = requestData!;
          // workbox gives every request but a GET a body, and then can't make a HEAD of it.
          return restoreRequest(data, data.method === 'HEAD' ? null : body);
        },
      }));
    },
    async remove(ids) {
      const removed = async () => {
        const tx = db.transaction(STORE, 'readwrite');
        const rows = await Promise.all(
          ids.map(async (id) => {
            const isThere = (await tx.store.getKey(id)) !== undefined;
            if (isThere) await tx.store.delete(id);
            return isThere ? [id] : [];
          }),
        );
        await tx.done;
        return rows.flat();
      };
      try {
        return new Set(await removed());
      } catch {
        // A lost connection leaves open whether the rows are removed. Rows that are gone by now count as removed: their entries are rather sent twice than lost.
        db.close();
        db = await openDB(DATABASE);
        await removed();
        return new Set(ids);
      }
    },
    close: () => db.close(),
  };
}
