/** A backlog in Holdfast's own schema, written past its worker, which must be stopped: it knows its lanes by heart. */
import type { Page } from 'playwright';
import type { EntryRecord } from '../../sw/policy/entry-record.js';
import { DATABASE, type Tally } from '../../sw/store/schema.js';
import { record } from '../support/records.js';

export interface Backlog {
  origin: string;
  /** The first of them, as `seq` and in the body. */
  from: number;
  count: number;
  lanes: number;
  /** Of a body, in bytes. */
  size: number;
  /** Begins the body's name. */
  name: string;
}

/** Writes entries as a failed first send leaves them, due at once. */
export async function fillHoldfast(page: Page, { origin, from, count, lanes, size, name }: Backlog): Promise<void> {
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
  await page.evaluate(write, { database: DATABASE, template, from, count, lanes, size, name });
}

interface Given extends Omit<Backlog, 'origin'> {
  database: string;
  template: EntryRecord;
}

/** In the page. */
async function write({ database, template, from, count, lanes, size, name }: Given): Promise<void> {
  const CHUNK = 1_000;
  const db = await new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(database);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error!);
  });
  if (!db.objectStoreNames.contains('entries')) throw new Error("Holdfast's worker has made no database yet");
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
      const seq = from + index;
      const id = `${name}-${seq}`;
      const lane = lanes === 1 ? 'default' : `lane-${index % lanes}`;
      const head = `{"op":"${id}","fill":"`;
      const body = encoder.encode(`${head}${'x'.repeat(Math.max(0, size - head.length - 2))}"}`).buffer;
      tx.objectStore('entries').put({
        ...template,
        seq,
        id,
        key: `${keys}${id}`,
        lane,
        turn: [template.backend, lane, 'none'],
        idempotencyKey: `"${id}"`,
        bodySize: body.byteLength,
      });
      tx.objectStore('bodies').put(body, seq);
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
