import type { StorageStatus } from '../protocol/api.js';
import type { Chance, Clock, Locks } from '../ports.js';

/** The longest timer, in milliseconds: longer ones overflow, and ring at once. A longer wait rings early, and its caller looks again. */
const LONGEST_TIMER = 2 ** 31 - 1;

export const browserClock: Clock = {
  now: () => Date.now(),
  after: (ms, task) => {
    const timer = setTimeout(task, Math.min(ms, LONGEST_TIMER));
    return () => clearTimeout(timer);
  },
};

export const browserChance: Chance = {
  fraction: () => Math.random(),
  bytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
  uuid: () => crypto.randomUUID(),
};

/** @param place begins the locks' names: the browser has one set of them for the whole origin */
export function browserLocks(place: string): Locks {
  const { locks } = navigator;
  const held = async (prefix: string): Promise<string[]> => {
    const names = ((await locks.query()).held ?? []).map(({ name = '' }) => name);
    return names.filter((name) => name.startsWith(place + prefix)).map((name) => name.slice(place.length));
  };
  return {
    exclusive: (name, work) => locks.request(place + name, work) as Promise<never>,
    keep: (name) => void locks.request(place + name, () => new Promise(() => {})),
    isHeld: async (name) => (await held(name)).includes(name),
    held,
    getsFree: (name, ms) => locks.request(place + name, { signal: AbortSignal.timeout(ms) }, () => true).catch(() => false),
  };
}

/** Asks for the state of the storage, which not every browser reports in full, and which is refused to an opaque origin. */
export async function browserStorage(): Promise<StorageStatus> {
  const { storage } = navigator as { storage?: Partial<StorageManager> };
  const [persisted, estimate] = await Promise.all([storage?.persisted?.(), storage?.estimate?.()]).catch(() => []);
  return { persisted: persisted ?? null, usage: estimate?.usage ?? null, quota: estimate?.quota ?? null };
}

/** Reads a cookie: Chromium and Safari show a worker its scope's, and Firefox's `cookieStore` is always empty there. */
export async function browserCookie(name: string): Promise<string | null> {
  const { cookieStore } = globalThis as { cookieStore?: { get(name: string): Promise<{ value?: string } | null> } };
  const cookie = await cookieStore?.get(name).catch(() => null);
  return cookie?.value ?? null;
}

/** The first 64 bits of the SHA-256: enough to recognise a value, not to recover it. */
export async function browserDigest(content: string | ArrayBuffer): Promise<string> {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(hash.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
