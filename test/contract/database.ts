import type { IDBPDatabase, OpenDBCallbacks } from 'idb';
import { describe, expect, test } from 'vitest';

type OpenDB = (name: string, version?: number, callbacks?: OpenDBCallbacks<unknown>) => Promise<IDBPDatabase>;

/** What a database is held to that the store, and the way over from workbox, are built on. */
export function databaseContract(name: string, openDB: OpenDB, fresh: () => string): void {
  const stores = (...names: string[]): OpenDBCallbacks<unknown> => ({
    upgrade: (db) => {
      for (const store of names) db.createObjectStore(store, { keyPath: 'id', autoIncrement: true }).createIndex('queue', 'queue');
    },
  });

  describe(`databases: ${name}`, () => {
    test('an opening that names no version takes the one there is', async () => {
      const database = fresh();
      (await openDB(database, 3, stores('rows'))).close();
      const db = await openDB(database, undefined, { upgrade: () => expect.unreachable() });
      expect([db.objectStoreNames.contains('rows'), db.objectStoreNames.contains('other')]).toEqual([true, false]);
    });

    test('an opening whose upgrade is aborted fails, and leaves no database', async () => {
      const database = fresh();
      let seen: number | null = null;
      for (const _ of [1, 2]) {
        const opening = openDB(database, undefined, {
          upgrade: (db, from, _to, tx) => {
            seen = from;
            db.createObjectStore('rows');
            tx.done.catch(() => {});
            tx.abort();
          },
        });
        await expect(opening).rejects.toMatchObject({ name: 'AbortError' });
        expect(seen).toBe(0);
      }
    });

    test('an upgrade that is aborted leaves stores, indexes and rows as they were', async () => {
      const database = fresh();
      const first = await openDB(database, 1, stores('rows'));
      await first.add('rows', { queue: 'a' });
      first.close();
      const opening = openDB(database, 2, {
        upgrade: (db, _from, _to, tx) => {
          db.createObjectStore('more');
          tx.objectStore('rows').createIndex('extra', 'extra');
          void tx.objectStore('rows').put({ id: 1, queue: 'b' }).catch(() => {});
          tx.done.catch(() => {});
          tx.abort();
        },
      });
      await expect(opening).rejects.toMatchObject({ name: 'AbortError' });
      const db = await openDB(database);
      expect([db.objectStoreNames.contains('more'), await db.getAllFromIndex('rows', 'queue', 'a')]).toEqual([false, [{ id: 1, queue: 'a' }]]);
      expect(() => db.transaction('rows').store.index('extra')).toThrow();
    });

    test('an older version doesn’t open', async () => {
      const database = fresh();
      (await openDB(database, 2, stores('rows'))).close();
      await expect(openDB(database, 1)).rejects.toMatchObject({ name: 'VersionError' });
    });

    test('an upgrade waits for whoever has the database open, who is asked to close it', async () => {
      const database = fresh();
      const log: unknown[] = [];
      const old = await openDB(database, 1, { ...stores('rows'), blocking: (from, to) => log.push(['asked', from, to]) });
      const opening = openDB(database, 2, { upgrade: () => void log.push('upgraded'), blocked: () => log.push('blocked') });
      const later = openDB(database, undefined, { blocked: () => log.push('blocked, too') }).then(() => log.push('later'));
      await expect.poll(() => log).toEqual([['asked', 1, 2], 'blocked']);
      expect(await old.getAllFromIndex('rows', 'queue')).toEqual([]);
      log.push('closed');
      old.close();
      await Promise.all([opening, later]);
      expect(log).toEqual([['asked', 1, 2], 'blocked', 'closed', 'upgraded', 'later']);
    });

    test('an upgrade isn’t blocked by whoever closes the database when asked to', async () => {
      const database = fresh();
      const log: string[] = [];
      const blocking = (_from: number, _to: number | null, event: IDBVersionChangeEvent) => (event.target as IDBDatabase).close();
      await openDB(database, 1, { ...stores('rows'), blocking });
      await openDB(database, 2, { upgrade: () => void log.push('upgraded'), blocked: () => void log.push('blocked') });
      expect(log).toEqual(['upgraded']);
    });

    test('what was begun before a connection is closed is finished, and nothing is begun after', async () => {
      const database = fresh();
      const db = await openDB(database, 1, stores('rows'));
      const log: string[] = [];
      const tx = db.transaction('rows', 'readwrite');
      void tx.store.put({ id: 1 });
      void tx.store.put({ id: 2 });
      void tx.done.then(() => log.push('done'));
      db.close();
      expect(() => db.transaction('rows')).toThrow(expect.objectContaining({ name: 'InvalidStateError' }));
      const upgraded = await openDB(database, 2, { upgrade: () => void log.push('upgraded') });
      expect([log, await upgraded.getAllFromIndex('rows', 'queue')]).toEqual([['done', 'upgraded'], []]);
    });

    test('a row stands in an index with `multiEntry` once for each key of its array, and not without one', async () => {
      const db = await openDB(fresh(), 1, { upgrade: (made) => void made.createObjectStore('rows', { keyPath: 'id' }).createIndex('of', 'of', { multiEntry: true }) });
      for (const row of [{ id: 1, of: [7, 5, 7] }, { id: 2, of: [5] }, { id: 3, of: [] }, { id: 4 }]) await db.put('rows', row);
      const { store } = db.transaction('rows');
      const index = store.index('of');
      expect([await index.getAllKeys(5), await index.getAllKeys(7), await index.count()]).toEqual([[1, 2], [1], 3]);
    });

    test('a row that is added under a number of its own moves the key generator on, unless its transaction is aborted', async () => {
      const db = await openDB(fresh(), 1, stores('rows'));
      const add = (row: object) => db.add('rows', row);
      expect([await add({}), await add({ id: 7 }), await add({}), await add({ id: 3 }), await add({})]).toEqual([1, 7, 8, 3, 9]);
      const tx = db.transaction('rows', 'readwrite');
      await tx.store.add({ id: 20 });
      tx.abort();
      await expect(tx.done).rejects.toMatchObject({ name: 'AbortError' });
      expect(await add({})).toBe(10);
      await expect(add({ id: 7 })).rejects.toMatchObject({ name: 'ConstraintError' });
    });

    test('a row is found by its index in the order of the keys, and is there or not', async () => {
      const db = await openDB(fresh(), 1, stores('rows'));
      for (const row of [{ id: 5, queue: 'a' }, { id: 2, queue: 'a' }, { id: 3, queue: 'b' }]) await db.put('rows', row);
      expect(await db.getAllFromIndex('rows', 'queue', 'a')).toEqual([{ id: 2, queue: 'a' }, { id: 5, queue: 'a' }]);
      await db.delete('rows', 2);
      const { store } = db.transaction('rows');
      expect([await store.getKey(2), await store.getKey(5)]).toEqual([undefined, 5]);
    });
  });
}
