import type { Checkpoints } from '../ports.js';
import type { Connection } from './connection.js';
import type { WriteTransaction } from './schema.js';

/** Checkpoints in memory: for tests, and for progress that needn't last. */
export function memoryCheckpoints(): Checkpoints {
  const saved = new Map<string, string>();
  return {
    load: async (key) => saved.get(key) ?? null,
    save: async (key, value) => void saved.set(key, value),
    clear: async (key) => void saved.delete(key),
  };
}

const storeOf = (tx: WriteTransaction) => tx.objectStore('checkpoints');

/**
 * Checkpoints on disk.
 *
 * @param refuseIfReplaced called as a change's transaction begins: throws in a worker that an update has replaced
 */
export function storedCheckpoints({ read, write }: Connection, refuseIfReplaced = () => {}): Checkpoints {
  const change = (make: (store: ReturnType<typeof storeOf>) => Promise<unknown>) =>
    write(async (tx) => {
      refuseIfReplaced();
      await make(storeOf(tx));
    });
  return {
    load: (key) => read(async (db) => (await db.transaction('checkpoints').store.get(key)) ?? null),
    save: (key, value) => change((store) => store.put(value, key)),
    clear: (key) => change((store) => store.delete(key)),
  };
}
