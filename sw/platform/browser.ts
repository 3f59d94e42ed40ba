import type { Chance, Clock, Locks } from '../ports.js';

export const browserClock: Clock = {
  now: () => Date.now(),
  after: (ms, task) => {
    const timer = setTimeout(task, ms);
    return () => clearTimeout(timer);
  },
};

export const browserChance: Chance = {
  fraction: () => Math.random(),
  bytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
  uuid: () => crypto.randomUUID(),
};

export const browserLocks: Locks = {
  exclusive: (name, work) => navigator.locks.request(name, work) as Promise<never>,
  keep: (name) => void navigator.locks.request(name, () => new Promise(() => {})),
  isHeld: async (name) => ((await navigator.locks.query()).held ?? []).some((lock) => lock.name === name),
};

/** The first 64 bits of the SHA-256: enough to know a token again, not to find it. */
export async function browserDigest(text: string): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
  return Array.from(hash.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
