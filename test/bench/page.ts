/**
 * What runs in the pages, by `page.evaluate`: each function travels as source text, so it knows nothing but globals.
 * The client is `window.sync`, which `test/support/fixtures.ts` declares.
 */

declare global {
  /** A JSON body of that size, which begins with its name. */
  var bodyOf: (name: string, size: number) => string;
}

/** First of all: what the others make bodies with. */
export function prepare(): void {
  globalThis.bodyOf = (name, size) => {
    const head = `{"op":"${name}","fill":"`;
    return `${head}${'x'.repeat(Math.max(0, size - head.length - 2))}"}`;
  };
}

export interface Block {
  url: string;
  /** The request's bodies begin with their name. */
  names: string[];
  size: number;
  type: string;
  /** Takes each away again when it was stored and its time taken, so that the next one meets the same. */
  cancels: boolean;
  /** Each in a lane of its own, so that it's behind nobody. */
  ownLanes: boolean;
}

export interface Posted {
  /** Milliseconds from the call of `fetch` to the end of the answer's body, one by one. */
  ms: number[];
  /** Statuses; 0 for a network error. */
  statuses: number[];
}

/** Posts one after the other. */
export async function postBlock({ url, names, size, type, cancels, ownLanes }: Block): Promise<Posted> {
  const posted: Posted = { ms: [], statuses: [] };
  for (const name of names) {
    const text = bodyOf(name, size);
    // As an app would have it.
    const body = type === 'application/json' ? text : new Blob([text]);
    const headers = { 'Content-Type': type, ...(ownLanes && 'sync' in window && { 'Holdfast-Lane': name }) };
    const began = performance.now();
    const response = await fetch(url, { method: 'POST', headers, body }).catch(() => null);
    const answer = (await response?.text().catch(() => '')) ?? '';
    posted.ms.push(performance.now() - began);
    posted.statuses.push(response?.status ?? 0);
    if (cancels && response?.status === 202) await window.sync.cancel((JSON.parse(answer) as { id: string }).id);
  }
  return posted;
}

/** Posts all at once; gives the milliseconds until the last has its answer. */
export async function postBurst({ url, names, size, type }: Block): Promise<Posted> {
  const began = performance.now();
  const statuses = await Promise.all(
    names.map(async (name) => {
      const response = await fetch(url, { method: 'POST', headers: { 'Content-Type': type }, body: bodyOf(name, size) }).catch(() => null);
      await response?.text().catch(() => '');
      return response?.status ?? 0;
    }),
  );
  return { ms: [performance.now() - began], statuses };
}

/** Gets one after the other. */
export async function getBlock({ url, count }: { url: string; count: number }): Promise<Posted> {
  const posted: Posted = { ms: [], statuses: [] };
  for (let at = 0; at < count; at++) {
    const began = performance.now();
    const response = await fetch(url, { cache: 'no-store' });
    await response.text();
    posted.ms.push(performance.now() - began);
    posted.statuses.push(response.status);
  }
  return posted;
}

/** Registers a worker without Holdfast's client, and waits until it controls the page. */
export async function register(): Promise<void> {
  const controlled = new Promise((resolve) => navigator.serviceWorker.addEventListener('controllerchange', resolve, { once: true }));
  await navigator.serviceWorker.register('/worker.js');
  if (!navigator.serviceWorker.controller) await controlled;
}

/** Takes the page's worker away once the page has left. */
export async function unregister(): Promise<void> {
  for (const registration of await navigator.serviceWorker.getRegistrations()) await registration.unregister();
}

export interface Command {
  command: 'loop' | 'hold' | 'replay' | 'fill';
  held?: boolean;
  /** Bodies are made here, as many as there are names. */
  names?: string[];
  size?: number;
  url?: string;
  type?: string;
  lanes?: number;
}

/** Asks a worker that isn't Holdfast's for something, and waits for its end. */
export async function command({ names = [], size = 0, ...given }: Command): Promise<void> {
  const { active } = await navigator.serviceWorker.ready;
  const bodies = names.map((name) => bodyOf(name, size));
  const { port1, port2 } = new MessageChannel();
  const answered = new Promise<{ error?: string }>((resolve) => {
    port1.onmessage = ({ data }: MessageEvent<{ error?: string }>) => resolve(data);
  });
  active!.postMessage({ ...given, bodies }, [port2]);
  const { error } = await answered;
  port1.close();
  if (error) throw new Error(error);
}

/** How many records lie in a store; 0 without the database, which isn't made by asking. */
export async function countStored({ database, store }: { database: string; store: string }): Promise<number> {
  const known = await indexedDB.databases();
  if (!known.some(({ name }) => name === database)) return 0;
  const db = await new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(database);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error!);
  });
  try {
    if (!db.objectStoreNames.contains(store)) return 0;
    return await new Promise<number>((resolve, reject) => {
      const request = db.transaction(store).objectStore(store).count();
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error!);
    });
  } finally {
    db.close();
  }
}

export async function deleteDatabases(): Promise<void> {
  for (const { name } of await indexedDB.databases()) {
    await new Promise<void>((resolve, reject) => {
      const request = indexedDB.deleteDatabase(name!);
      request.onsuccess = () => resolve();
      request.onerror = () => reject(request.error!);
    });
  }
}
