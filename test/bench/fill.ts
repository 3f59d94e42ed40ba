/** A backlog in Holdfast's own schema, written past its worker: it looks for the heads of the lanes when it's to replay. */
import type { Page } from 'playwright';
import type { EntryRecord } from '../../sw/policy/entry-record.js';
import { DATABASE, UNPAUSED, type Tally } from '../../sw/store/schema.js';
import { SMALL_BODY } from '../../sw/store/writes.js';
import { record } from '../support/records.js';

export interface Backlog {
  origin: string;
  count: number;
  lanes: number;
  /** Of a body, in bytes. */
  size: number;
  /** Begins each name; a number follows, from 1 on. */
  name: string;
}

/** Writes entries as a failed first send leaves them, due at once. */
export async function fillHoldfast(page: Page, { origin, count, lanes, size, name }: Backlog): Promise<void> {
  const now = Date.now();
  const url = `${origin}/api/notes`;
  const template = record({
    baseUrl: `${origin}/api`,
    since: now,
    capturedAt: now,
    sentAt: now,
    sends: 1,
    retries: 1,
    reason: 'server-error',
    session: true,
    bodySize: size,
  });
  template.request = { ...template.request, url, headers: { 'content-type': 'application/json' }, referrer: `${origin}/` };
  await page.evaluate(write, { database: DATABASE, template, count, lanes, size, name, isApart: size > SMALL_BODY });
}

interface Given extends Omit<Backlog, 'origin'> {
  database: string;
  template: EntryRecord;
  /** The bodies are apart from their entries. */
  isApart: boolean;
}

/** In the page. */
async function write({ database, template, count, lanes, size, name, isApart }: Given): Promise<void> {
  const CHUNK = 1_000;
  const db = await new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(database);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error!);
  });
  if (!db.objectStoreNames.contains('entries')) throw new Error("Holdfast's worker has made no database yet");
  const lastOf = (store: string) =>
    new Promise<number>((resolve, reject) => {
      const request = db.transaction(store).objectStore(store).openKeyCursor(null, 'prev');
      request.onsuccess = () => resolve((request.result?.primaryKey as number | undefined) ?? 0);
      request.onerror = () => reject(request.error!);
    });
  // A number that was given once is given to nobody else, and the last ones may have been delivered.
  const last = Math.max(await lastOf('entries'), await lastOf('settlements'));
  const keys = template.key.slice(0, -template.id.length);
  const encoder = new TextEncoder();
  for (let at = 0; at < count; at += CHUNK) {
    const tx = db.transaction(['entries', 'bodies', 'tallies'], 'readwrite', { durability: 'relaxed' });
    const whole = new Promise<void>((resolve, reject) => {
      tx.oncomplete = () => resolve();
      tx.onabort = () => reject(tx.error!);
    });
    const end = Math.min(count, at + CHUNK);
    for (let index = at; index < end; index++) {
      const seq = last + index + 1;
      const id = `${name}-${index + 1}`;
      const lane = lanes === 1 ? 'default' : `lane-${index % lanes}`;
      const body = encoder.encode(bodyOf(id, size)).buffer;
      tx.objectStore('entries').put({
        ...template,
        seq,
        id,
        key: `${keys}${id}`,
        lane,
        turn: [template.backend, lane, 'none'],
        idempotencyKey: `"${id}"`,
        bodySize: body.byteLength,
        ...(!isApart && { body }),
      });
      if (isApart) tx.objectStore('bodies').put(body, seq);
    }
    const tallies = tx.objectStore('tallies');
    const reading = tallies.get(template.backend);
    reading.onsuccess = () => {
      const { entries, bytes } = (reading.result as Tally | undefined) ?? { entries: 0, bytes: 0 };
      tallies.put({ entries: entries + end - at, bytes: bytes + (end - at) * size }, template.backend);
    };
    await whole;
  }
  db.close();
}

/** Pauses replay, or lets it go on, as the worker reads it when it starts. */
export async function pauseHoldfast(page: Page, paused: boolean): Promise<void> {
  await page.evaluate(
    async ({ database, unpaused, paused }) => {
      const db = await new Promise<IDBDatabase>((resolve, reject) => {
        const request = indexedDB.open(database);
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error!);
      });
      const tx = db.transaction('settings', 'readwrite');
      const settings = tx.objectStore('settings');
      if (paused) settings.delete(unpaused);
      else settings.put({ paused }, unpaused);
      await new Promise<void>((resolve, reject) => {
        tx.oncomplete = () => resolve();
        tx.onabort = () => reject(tx.error!);
      });
      db.close();
    },
    { database: DATABASE, unpaused: UNPAUSED, paused },
  );
}
