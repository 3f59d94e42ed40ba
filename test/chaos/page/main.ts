/** The page's side of the run; Node calls these by `page.evaluate`. */
import type { SyncClient } from '../../../client/index.js';
import type { EntryInfo } from '../../../sw/protocol/api.js';
import type { SyncEvent } from '../../../sw/protocol/events.js';
import { bodyOf, pathOf, type Op } from '../op.js';
import type { Heard } from '../record.js';

declare const Holdfast: typeof import('../../../client/index.js');

interface Session {
  user: string;
  token: string;
}

let session: Session = { user: '', token: '' };
let sync: SyncClient;

/** Signs in, and resolves when the page's requests go through the worker. */
export async function start(user: string, token: string): Promise<void> {
  session = { user, token };
  sync = await Holdfast.connect({ worker: '/worker.js', getToken });
  const { controller, ready } = navigator.serviceWorker;
  if (!controller) throw new Error(`connected, and not controlled; the worker is ${(await ready).active?.state}`);
}

export function signIn(user: string, token: string): void {
  session = { user, token };
}

async function getToken(): Promise<string> {
  const mine = session;
  mine.token = await (await fetch(`/token?user=${mine.user}`)).text();
  return mine.token;
}

export async function post(op: Op): Promise<Heard> {
  const headers = {
    Authorization: `Bearer ${session.token}`,
    'Holdfast-Lane': op.lane,
    'Holdfast-Mode': op.mode,
    ...(op.kind === 'json' && { 'Content-Type': 'application/json' }),
  };
  try {
    const response = await fetch(pathOf(op), { method: 'POST', headers, body: bodyOf(op) });
    const said = (await response.json().catch(() => null)) as { id?: string; op?: number } | null;
    if (response.status === 202 && said?.id) return { kind: 'queued', entry: said.id };
    const controller = navigator.serviceWorker.controller?.state ?? 'none';
    return { kind: 'answer', status: response.status, op: said?.op ?? null, controller };
  } catch (error) {
    return { kind: 'error', name: String(error) };
  }
}

export async function command(name: 'pause' | 'resume' | 'replay'): Promise<void> {
  await sync[name]();
}

/** Also when the browser takes the script for the same: then there's nothing to update. */
export async function update(): Promise<void> {
  await (await navigator.serviceWorker.ready).update();
}

export async function provideToken(token: string): Promise<void> {
  await sync.provideToken(token);
}

export const entries = (): Promise<EntryInfo[]> => sync.entries({ limit: 10_000 });

/**
 * The journal from the disk itself, with the keys under which it's stored: by them the runner puts
 * together what it read at different times.
 */
export async function journalAfter(place: number): Promise<{ isWhole: boolean; events: [number, SyncEvent][] }> {
  const db = await done(indexedDB.open('holdfast'));
  try {
    const store = db.transaction('journal').objectStore('journal');
    const range = IDBKeyRange.lowerBound(place, true);
    const [last, keys, events] = await Promise.all([
      done(store.getAllKeys(place)),
      done(store.getAllKeys(range)),
      done(store.getAll(range)),
    ]);
    return {
      // The last one that was read is the last to be swept: without it, this is another database.
      isWhole: place === 0 || last.length > 0,
      events: keys.map((key, index) => [key as number, events[index] as SyncEvent]),
    };
  } finally {
    // An open connection would stand in the way of a worker's upgrade.
    db.close();
  }
}

const done = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
