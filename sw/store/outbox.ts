import type { Settlement } from '../protocol/api.js';
import { isKey, joinKey } from '../protocol/ids.js';
import type { SyncEvent } from '../protocol/events.js';
import { withoutAnswer, type Decision, type KeptSettlement } from '../policy/entry.js';
import { isQuotaError } from '../policy/errors.js';
import { readEntry, turnOf, isFirstSend, type EntryRecord, type Turn } from '../policy/entry-record.js';
import type { Body, CaptureOrder, CaptureResult, Outbox, OutboxStart } from '../ports.js';
import { unawaited, type Connection } from './connection.js';
import type { WriteTransaction } from './schema.js';
import { count, limitReached, tallyOf } from './tally.js';
import { readBackendRecord, type BackendRecord, type Settings } from '../policy/backend-record.js';

const SETTINGS = 'settings';
const DEFAULT_SETTINGS: Settings = { paused: false };

/** How many events are kept at least; older events are removed in lots. */
const JOURNAL_KEPT = 500;
const JOURNAL_LOT = 100;

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

async function capture(tx: WriteTransaction, order: CaptureOrder, backend: BackendRecord | null): Promise<CaptureResult> {
  const { draft, body } = order;
  const decide = (entry: EntryRecord): Decision => order.decide?.(entry) ?? { entry, events: [] };
  const entries = tx.objectStore('entries');
  const [same] = await Promise.all([order.isNewId ? [] : entries.index('key').getAll(draft.key), tallyOf(tx, draft.backend)]);
  const sameKey = same.map((value) => readEntry(value, value.seq));
  // A repeated capture may find its entry on disk: the connection was lost over a commit that went through all the same, or
  // WebKit, in an ephemeral session, has refused the body's Blob and kept the entry. So the body is written again.
  const stored = draft.requestId && sameKey.find((entry) => entry.requestId === draft.requestId);
  if (stored) {
    order.placed?.(stored.seq);
    if (body) unawaited(tx.objectStore('bodies').put(body, stored.seq));
    return { kind: 'stored', decision: decide(stored), seq: stored.seq, replaced: stored.capturedAt !== draft.capturedAt };
  }
  // Another worker's first send is on the wire, or its event comes again.
  const inTheWay = sameKey.find((entry) => entry.state === 'pending' && !isFirstSend(entry) && !order.isInFlight(entry.seq));
  const inFlight = sameKey.find((entry) => entry.state === 'pending');
  if (inFlight && order.whenWaiting === 'refuse') return { kind: 'refused', waiting: inFlight };
  if (inTheWay && inTheWay.owner !== draft.owner) return { kind: 'refused', waiting: inTheWay };
  const limit = await limitReached(tx, draft, inTheWay ?? null, order.limits);
  if (limit) return { kind: 'full', limit };

  if (backend) await putBackend(tx, backend);
  let entry: EntryRecord;
  if (inTheWay) {
    const { seq, lane, capturedAt } = inTheWay;
    // The new entry takes the older one's place in line; its age is its own.
    entry = { ...draft, seq, lane, capturedAt };
    entry.turn = turnOf(entry);
  } else {
    // The decision is made with `seq` 0, and again with the real `seq` from the key generator, so that one write is enough.
    const unplaced = { ...draft, seq: 0 };
    const { seq: _, ...decided } = decide(unplaced).entry ?? unplaced;
    const seq = await entries.add(decided as EntryRecord);
    entry = { ...draft, seq };
  }
  order.placed?.(entry.seq);
  const decision = decide(entry);
  if (body) unawaited(tx.objectStore('bodies').put(body, entry.seq));
  else if (inTheWay) unawaited(tx.objectStore('bodies').delete(entry.seq));
  await count(tx, inTheWay ?? null, entry);
  await apply(tx, entry, decision, { isWritten: !inTheWay && decision.entry !== null });
  return { kind: 'stored', decision, seq: entry.seq, replaced: inTheWay !== undefined };
}

/** Whether an event may be about a backend's entries; an event with a URL and no backend may be. */
export function isAbout(event: SyncEvent, backend: string): boolean {
  return 'baseUrl' in event ? joinKey(event.namespace, event.baseUrl) === backend : 'url' in event;
}

/**
 * Writes a backend's record. The sign-in with the higher `epoch` and the newest remote configuration stay, as a replaced
 * worker may still write, and know less than the record on disk.
 */
async function putBackend(tx: WriteTransaction, backend: BackendRecord): Promise<void> {
  const store = tx.objectStore('backends');
  const { epoch, last, signedOut, sessionUser, remote } = readBackendRecord((await store.get(backend.key)) ?? backend);
  const isNewer = epoch > backend.epoch;
  const isOutdated = remote && remote.at > (backend.remote?.at ?? -Infinity);
  unawaited(store.put({ ...backend, ...(isNewer && { epoch, last, signedOut, sessionUser }), ...(isOutdated && { remote }) }));
}

interface Applied {
  /** The entry is on disk already in its new state. */
  isWritten?: boolean;
  /** The new body; null removes it, undefined leaves it. */
  body?: Body | null | undefined;
}

/** @param entry the entry before the decision, as counted in the tally */
async function apply(tx: WriteTransaction, entry: EntryRecord, decision: Decision, { isWritten, body }: Applied = {}): Promise<void> {
  const { entry: next, settlement, events } = decision;
  const { seq } = entry;
  const [entries, bodies, settlements] = [tx.objectStore('entries'), tx.objectStore('bodies'), tx.objectStore('settlements')];
  if (!isWritten) {
    unawaited(next ? entries.put(next) : entries.delete(seq));
    await count(tx, entry, next);
  }
  if (!next || body === null) unawaited(bodies.delete(seq));
  else if (body) unawaited(bodies.put(body, seq));
  if (settlement) unawaited(settlements.put(settlement));
  else if (settlement === null) unawaited(settlements.delete(seq));
  await note(tx, events);
}

/** How many events this worker has added since it last swept the journal. A new worker doesn't know the surplus, and sweeps at its first event. */
let unswept = JOURNAL_LOT;

async function note(tx: WriteTransaction, events: readonly SyncEvent[]): Promise<void> {
  const journal = tx.objectStore('journal');
  for (const event of events) unawaited(journal.add(event));
  unswept += events.length;
  if (unswept < JOURNAL_LOT) return;
  unswept = 0;
  const last = await journal.openKeyCursor(null, 'prev');
  if (last) unawaited(journal.delete(IDBKeyRange.upperBound(last.key - JOURNAL_KEPT)));
}
