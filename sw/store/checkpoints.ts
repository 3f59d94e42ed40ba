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

/** Checkpoints on disk. */
export function storedCheckpoints({ read, write }: Connection): Checkpoints {
  return {
    load: (key) => read(async (db) => (await db.get('checkpoints', key)) ?? null),
    save: (key, value) => write(async (tx) => void (await tx.objectStore('checkpoints').put(value, key))),
    clear: (key) => write((tx) => tx.objectStore('checkpoints').delete(key)),
  };
}
