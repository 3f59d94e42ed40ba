import type { Checkpoints } from '../ports.js';
import type { Connection } from './connection.js';

/** Checkpoints in memory: for tests, and for progress that needn't last. */
export function memoryCheckpoints(): Checkpoints {
  const saved = new Map<string, string>();
  return {
    load: async (key) => saved.get(key) ?? null,
    save: async (key, value) => void saved.set(key, value),
    clear: async (key) => void saved.delete(key),
  };
}

/**
 * Checkpoints on disk.
 *
 * @param refuseIfReplaced called as a change's transaction begins: throws in a worker that an update has replaced
 */
export function storedCheckpoints({ read, write }: Connection, refuseIfReplaced = () => {}): Checkpoints {
  return {
    load: (key) => read(async (db) => (await db.get('checkpoints', key)) ?? null),
    save: (key, value) =>
      write(async (tx) => {
        refuseIfReplaced();
        await tx.objectStore('checkpoints').put(value, key);
      }),
    clear: (key) =>
      write(async (tx) => {
        refuseIfReplaced();
        await tx.objectStore('checkpoints').delete(key);
      }),
  };
}
