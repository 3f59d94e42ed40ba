/**
 * A database as the first version made it, with an entry of five bytes if one is given. The connection
 * stays open, and doesn't let go by itself. Nothing from outside is used, so that a page can run it too.
 */
export function firstVersion(database: string, entry?: { seq: number }): Promise<IDBDatabase> {
  const request = indexedDB.open(database, 1);
  request.onupgradeneeded = () => {
    const db = request.result;
    const entries = db.createObjectStore('entries', { keyPath: 'seq', autoIncrement: true });
    entries.createIndex('turn', 'turn');
    entries.createIndex('standing', ['backend', 'state']);
    entries.createIndex('id', 'id');
    entries.createIndex('key', 'key');
    const bodies = db.createObjectStore('bodies');
    const settlements = db.createObjectStore('settlements', { keyPath: 'seq' });
    settlements.createIndex('id', 'id');
    settlements.createIndex('key', 'key');
    settlements.createIndex('at', 'at');
    db.createObjectStore('backends', { keyPath: 'key' });
    db.createObjectStore('settings');
    db.createObjectStore('checkpoints');
    db.createObjectStore('journal', { autoIncrement: true });
    if (entry) {
      entries.add(entry);
      bodies.put(new TextEncoder().encode('owed!').buffer, entry.seq);
    }
  };
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
