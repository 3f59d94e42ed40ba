import { readBackendRecord, type BackendRecord, type Settings } from '../policy/backend-record.js';
import { readEntry, type EntryRecord, type Turn } from '../policy/entry-record.js';
import type { Decision } from '../policy/entry.js';
import { isQuotaError } from '../policy/errors.js';
import { withoutAnswer, type KeptSettlement } from '../policy/settlement.js';
import type { Body, Outbox, OutboxStart } from '../ports.js';
import type { Settlement } from '../protocol/api.js';
import type { SyncEvent } from '../protocol/events.js';
import { isKey, joinKey } from '../protocol/ids.js';
import { unawaited, type Connection } from './connection.js';
import { tallyOf } from './tally.js';
import { apply, capture, JOURNAL_KEPT, note, putBackend } from './writes.js';

const SETTINGS = 'settings';
const DEFAULT_SETTINGS: Settings = { paused: false };

/**
 * The outbox in IndexedDB.
 *
 * A transaction awaits its reads, and none of its writes: requests run in their order, each costs a round trip to
 * the browser's process, and a write that fails aborts the transaction, which says why.
 */
export function storedOutbox({ read, write }: Connection): Outbox {
  /** Backend records already on disk in this very form. Records are immutable, so identity is enough. */
  const persistedRecords = new WeakSet<BackendRecord>();
  return {
    start: () =>
      read(async (db) => {
        const tx = db.transaction(['backends', 'settings', 'entries']);
        const [backends, settings] = await Promise.all([
          tx.objectStore('backends').getAll(),
          tx.objectStore('settings').get(SETTINGS),
        ]);
        const heads: OutboxStart['heads'] = [];
        let cursor = await tx.objectStore('entries').index('turn').openKeyCursor();
        for (; cursor; cursor = await cursor.continue(beyond(cursor.key))) heads.push({ seq: cursor.primaryKey, turn: cursor.key });
        return { backends: backends.map(readBackendRecord), settings: settings ?? DEFAULT_SETTINGS, heads };
      }),

    open: () =>
      read(async (db) => {
        const tx = db.transaction(['entries', 'settlements']);
        const [entries, settlements] = await Promise.all([
          tx.objectStore('entries').index('asked').getAll(),
          tx.objectStore('settlements').index('asked').getAll(),
        ]);
        return { entries: entries.map((value) => readEntry(value, value.seq)), settlements };
      }),

    capture: async (order) => {
      const { body, backend } = order;
      let isRepeat = false;
      const store = (given: Body | null) =>
        write((tx) => {
          const isNewId = order.isNewId === true && !isRepeat;
          isRepeat = true;
          return capture(tx, { ...order, body: given, isNewId }, backend && !persistedRecords.has(backend) ? backend : null);
        });
      const result = await store(body).catch(async (error: unknown) => {
        if (!(body instanceof Blob) || isQuotaError(error)) throw error;
        // WebKit keeps no Blob in an ephemeral session: UnknownError.
        return store(await body.arrayBuffer());
      });
      if (backend && result.kind === 'stored') persistedRecords.add(backend);
      return result;
    },

    commit: ({ seq, decide, body, backend, settings, events }) => {
      let made: Decision | null = null;
      return write(async (tx) => {
        const isNews = backend !== undefined && !persistedRecords.has(backend);
        // At the same time, as each is a way to the browser's process and back: the tally may have to count the entry's size.
        const reading = Promise.all([
          seq === undefined ? undefined : (tx.objectStore('entries').get(seq) as Promise<unknown>),
          seq !== undefined && backend ? tallyOf(tx, backend.key) : undefined,
        ]);
        unawaited(reading);
        if (isNews) await putBackend(tx, backend);
        if (settings) unawaited(tx.objectStore('settings').put(settings, SETTINGS));
        if (events) await note(tx, events);
        const [found] = await reading;
        // The connection was lost over its commit, which is on disk all the same.
        if (made && JSON.stringify(found) === JSON.stringify(made.entry ?? undefined)) return made;
        made = null;
        if (seq === undefined || found === undefined || !decide) return null;
        const entry = readEntry(found, seq);
        const decision = (made = decide(entry));
        if (decision) await apply(tx, entry, decision, { body });
        return decision;
      }).then((decision) => {
        if (backend) persistedRecords.add(backend);
        return decision;
      });
    },

    sweep: ({ backend, events, decide, forget }) =>
      write(async (tx) => {
        await putBackend(tx, backend);
        for await (const cursor of tx.objectStore('journal')) if (isAbout(cursor.value, backend.key)) await cursor.delete();
        for await (const cursor of tx.objectStore('settlements')) {
          const { key, owner = null, asked } = cursor.value;
          if (!key.startsWith(`${backend.key}|`) || (owner !== forget && owner !== null)) continue;
          if (asked) await cursor.update(withoutAnswer(cursor.value));
          else await cursor.delete();
        }
        // Nobody knows whose a checkpoint is. All keys that begin with the backend's key and a `|` sort before its key and a `}`.
        unawaited(tx.objectStore('checkpoints').delete(IDBKeyRange.bound(`${backend.key}|`, `${backend.key}}`)));
        await note(tx, events);
        const decisions: Decision[] = [];
        const mine = IDBKeyRange.bound([backend.key], [backend.key, []]);
        for (const seq of await tx.objectStore('entries').index('standing').getAllKeys(mine)) {
          const entry = readEntry(await tx.objectStore('entries').get(seq), seq);
          const decision = decide(entry);
          if (!decision) continue;
          await apply(tx, entry, decision);
          decisions.push(decision);
        }
        return decisions;
      }),

    heads: () =>
      read(async (db) => {
        const heads: EntryRecord[] = [];
        let cursor = await db.transaction('entries').store.index('turn').openCursor();
        for (; cursor; cursor = await cursor.continue(beyond(cursor.key))) heads.push(readEntry(cursor.value, cursor.primaryKey));
        return heads;
      }),

    load: (seq, turn) =>
      read(async (db) => {
        const tx = db.transaction(['entries', 'bodies']);
        const entries = tx.objectStore('entries');
        const [value, body = null, [first, second] = []] = await Promise.all([
          entries.get(seq) as Promise<unknown>,
          tx.objectStore('bodies').get(seq),
          turn && entries.index('turn').getAll(IDBKeyRange.only(turn), 2),
        ]);
        const behind = first?.seq === seq && second ? readEntry(second, second.seq) : null;
        return value === undefined ? null : { entry: readEntry(value, seq), body, behind };
      }),

    find: (reference) =>
      read(async (db) => {
        const { store } = db.transaction('entries');
        const found = typeof reference === 'number' ? await store.getAll(reference) : await store.index(named(reference)).getAll(reference);
        return found.map((value) => readEntry(value, value.seq));
      }),

    list: ({ after, limit }) =>
      read(async (db) => {
        const values = await db.getAll('entries', IDBKeyRange.lowerBound(after, true), limit);
        return values.map((value) => readEntry(value, value.seq));
      }),

    counts: (backend) =>
      read(async (db) => {
        const standing = db.transaction('entries').store.index('standing');
        const [pending, dead] = await Promise.all([
          standing.count([backend, 'pending']),
          standing.count([backend, 'dead']),
        ]);
        return { pending, dead };
      }),

    settlement: (reference) =>
      read(async (db) => {
        const { store } = db.transaction('settlements');
        const cursor = typeof reference === 'number' ? store.openCursor(reference) : store.index(named(reference)).openCursor(reference, 'prev');
        const { asked: _, owner: __, ...settlement }: Partial<KeptSettlement> = (await cursor)?.value ?? {};
        return 'seq' in settlement && !settlement.forgotten ? (settlement as Settlement) : null;
      }),

    answered: (requests) =>
      write(async (tx) => {
        const [entries, settlements] = [tx.objectStore('entries'), tx.objectStore('settlements')];
        const found = await Promise.all(requests.map(({ seq }) => Promise.all([entries.get(seq), settlements.get(seq)])));
        for (const [index, { requestId }] of requests.entries()) {
          const [entry, settlement] = found[index]!;
          if (entry?.asked && entry.requestId === requestId) unawaited(entries.put({ ...entry, asked: null }));
          if (settlement?.asked === undefined || settlement.requestId !== requestId) continue;
          const { asked: _, ...rest } = settlement;
          unawaited(rest.forgotten ? settlements.delete(rest.seq) : settlements.put(rest));
        }
      }),

    forgetSettlements: (before) =>
      write(async (tx) => {
        const old = await tx.objectStore('settlements').index('at').getAllKeys(IDBKeyRange.upperBound(before));
        for (const seq of old) await tx.objectStore('settlements').delete(seq);
      }),

    journal: () => read(async (db) => (await db.getAll('journal')).slice(-JOURNAL_KEPT)),
  };
}

/**
 * The least key that's greater than a turn; undefined, for the next key, where a damaged record has no turn. A cursor with
 * `nextunique` gives the same heads, but Chromium walks by every entry for it: a hundred thousand took four seconds.
 */
const beyond = (turn: unknown): Turn | undefined => (Array.isArray(turn) ? ([...turn, 0] as unknown as Turn) : undefined);

/** The index that finds a reference. */
const named = (reference: string): 'key' | 'id' => (isKey(reference) ? 'key' : 'id');

/** Whether an event may be about a backend's entries; an event with a URL and no backend may be. */
export function isAbout(event: SyncEvent, backend: string): boolean {
  return 'baseUrl' in event ? joinKey(event.namespace, event.baseUrl) === backend : 'url' in event;
}
