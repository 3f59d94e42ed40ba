import type { IDBPIndex } from 'idb';
import { readBackendRecord, type BackendRecord } from '../policy/backend-record.js';
import { readEntry, turnOf, type EntryRecord, type Turn } from '../policy/entry-record.js';
import type { Decision } from '../policy/entry-decision.js';
import { providerOf, type GivenId } from '../policy/given-ids.js';
import { isQuotaError } from '../policy/errors.js';
import type { EtagNote } from '../policy/etags.js';
import { withoutAnswer, type KeptSettlement } from '../policy/settlement.js';
import type { Body, CaptureResult, Outbox, OutboxStart, Requested } from '../ports.js';
import type { Settlement } from '../protocol/api.js';
import type { SyncEvent } from '../protocol/events.js';
import { isKey, joinKey } from '../protocol/ids.js';
import type { Connection } from './connection.js';
import { emptying } from './full-disk.js';
import { begin, NOTHING_KNOWN } from './known.js';
import { unawaited, UNPAUSED, writesTo, type Schema, type WriteTransaction } from './schema.js';
import { etagKey, etagKeys, keysOf, standingOf, takeOver } from './take-over.js';
import { tallyOf } from './tally.js';
import { apply, capture, decideDependents, JOURNAL_KEPT, note, putBackend, removeEnding, setPaused, type Gone } from './writes.js';

const SETTINGS = 'settings';

/** What an outbox must know of the workers. */
export interface OutboxWorld {
  /** Whether no other worker writes, so that what this one wrote last needn't be read again. @default false */
  isAlone?(): boolean;
  /** Called before the settings are written. Throws in a worker that an update has replaced. */
  refuseIfReplaced?(): void;
}

/**
 * The outbox in IndexedDB.
 *
 * A transaction awaits its reads, and none of its writes: requests run in their order, each costs a round trip to
 * the browser's process, and a write that fails aborts the transaction, which says why.
 */
export function storedOutbox(connection: Connection, { isAlone = () => false, refuseIfReplaced = () => {} }: OutboxWorld = {}): Outbox {
  const { read } = connection;
  const last = { known: NOTHING_KNOWN };
  const begun =
    <T>(work: (tx: WriteTransaction) => Promise<T>) =>
    (tx: WriteTransaction) => {
      begin(tx, last, isAlone());
      return work(tx);
    };

  const { write, writeWhenFull, settlementOf } = emptying({
    write: (work, whenFull) => connection.write(begun(work), whenFull && ((commit) => whenFull((part) => commit(begun(part))))),
    writeAlong: (work) => connection.writeAlong(begun(work)),
  });

  /** Backend records already on disk in this very form. Records are immutable, so identity is enough. */
  const persistedRecords = new WeakSet<BackendRecord>();

  const commitAll: Outbox['commitAll'] = async (commits) => {
    const made: (Decision | null)[] = [];
    let isWritten = true;
    const isPause = commits.some(({ paused }) => paused);
    const work = async (tx: WriteTransaction, gone: Gone) => {
      const news = new Map(commits.flatMap(({ backend }) => (backend && !persistedRecords.has(backend) ? [[backend.key, backend]] : [])));
      const owners = new Set(commits.flatMap(({ seq, backend }) => (seq !== undefined && backend ? [backend.key] : [])));
      // At the same time, as each is a way to the browser's process and back: the tally may have to count an entry's size.
      const reading = Promise.all(commits.map(async ({ seq }): Promise<unknown> => seq === undefined ? undefined : tx.objectStore('entries').get(seq)));
      const tallies = Promise.all([...owners].map((key) => tallyOf(tx, key)));
      unawaited(reading);
      unawaited(tallies);
      for (const backend of news.values()) await putBackend(tx, backend);
      for (const { settings, paused, events } of commits) {
        if (settings || paused !== undefined) refuseIfReplaced();
        if (settings) writesTo(tx, 'settings').put(settings, SETTINGS);
        if (paused !== undefined) setPaused(tx, paused);
        if (events) await note(tx, events);
      }
      const found = await reading;
      await tallies;
      for (const [index, { seq, decide, body, backend, etags = [] }] of commits.entries()) {
        const end = gone.get(seq!);
        const value = end?.entry ?? found[index];
        // The connection was lost over its commit, which is on disk all the same.
        if (made[index] && JSON.stringify(value) === JSON.stringify(made[index].entry ?? undefined)) continue;
        made[index] = null;
        if (value === undefined || !decide) continue;
        for (const { name, note } of etags) {
          const key = etagKey(backend!.key, name);
          const checkpoints = writesTo(tx, 'checkpoints');
          if (note) checkpoints.put(JSON.stringify(note), key);
          else checkpoints.delete(key);
        }
        const entry = readEntry(value, seq!);
        const decision = (made[index] = end?.decision ?? decide(entry));
        if (decision && !end) await apply(tx, entry, decision, { body });
      }
      return made;
    };
    const decisions = await writeWhenFull(
      work,
      (tx, gone) => {
        if (isPause) setPaused(tx, true);
        return removeEnding(tx, commits, gone);
      },
      (gone) => {
        if (gone.size === 0 && !isPause) return null;
        isWritten = false;
        return { result: commits.map(({ seq }) => gone.get(seq!)?.decision ?? null), events: commits.flatMap(({ events = [] }) => events) };
      },
    );
    for (const { backend } of commits) if (backend && isWritten) persistedRecords.add(backend);
    return decisions;
  };

  return {
    start: (count) =>
      read(async (db) => {
        const tx = db.transaction(['backends', 'settings', 'entries']);
        const [backends, settings, unpaused] = await Promise.all([
          tx.objectStore('backends').getAll(),
          tx.objectStore('settings').get(SETTINGS),
          tx.objectStore('settings').get(UNPAUSED),
        ]);
        const byTurn = tx.objectStore('entries').index('turn');
        const turns: Turn[] = [];
        let cursor = await byTurn.openKeyCursor();
        for (; cursor; cursor = await cursor.continue(beyond(cursor.key))) turns.push(cursor.key);
        const beginnings: OutboxStart['beginnings'] = await Promise.all(
          turns.map(async (turn) => ({ turn, seqs: await byTurn.getAllKeys(IDBKeyRange.only(turn), count) })),
        );
        return { backends: backends.map(readBackendRecord), settings: { ...settings, paused: !unpaused }, beginnings };
      }),

    providers: () =>
      read(async (db) => {
        const tx = db.transaction(['entries', 'ids']);
        const [providing, given] = await Promise.all([tx.objectStore('entries').index('provides').getAll(), tx.objectStore('ids').getAll()]);
        return [...providing.map((value) => providerOf(readEntry(value, value.seq))), ...given.map((id) => ({ ...id, state: 'answered' as const }))];
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
      let before: CaptureResult | undefined;
      const store = (given: Body | null) =>
        write(async (tx) => {
          const isNewId = order.isNewId === true && !isRepeat;
          isRepeat = true;
          return (before = await capture(tx, { ...order, body: given, isNewId }, backend && !persistedRecords.has(backend) ? backend : null, before));
        });
      const result = await store(body).catch(async (error: unknown) => {
        if (!(body instanceof Blob) || isQuotaError(error)) throw error;
        // WebKit keeps no Blob in an ephemeral session: UnknownError.
        return store(await body.arrayBuffer());
      });
      if (backend && result.kind === 'stored') persistedRecords.add(backend);
      return result;
    },

    commitAll,

    sweep({ backend, events, decide, forget }) {
      const seqsOf = (tx: WriteTransaction) => tx.objectStore('entries').index('standing').getAllKeys(standingOf(backend.key));
      const forgetAll = async (tx: WriteTransaction, isFull: boolean) => {
        for (let cursor = await tx.objectStore('journal').openCursor(); cursor; cursor = await cursor.continue()) {
          if (isAbout(cursor.value, backend.key)) await cursor.delete();
        }
        for (let cursor = await tx.objectStore('settlements').openCursor(); cursor; cursor = await cursor.continue()) {
          // What stays of a replaced request has no key, no user and no answer.
          const { key, owner = null, asked } = cursor.value as Partial<KeptSettlement>;
          if (!key?.startsWith(`${backend.key}|`) || (owner !== forget && owner !== null)) continue;
          if (!asked) await cursor.delete();
          else if (!isFull) await cursor.update(withoutAnswer(cursor.value as KeptSettlement));
        }
        // Nobody knows whose a checkpoint is.
        writesTo(tx, 'checkpoints').delete(keysOf(backend.key));
      };
      const work = async (tx: WriteTransaction, gone: Gone) => {
        await putBackend(tx, backend);
        await forgetAll(tx, false);
        await note(tx, events);
        const decisions = [...gone.values()].map(({ decision }) => decision);
        for (const seq of await seqsOf(tx)) {
          const entry = readEntry(await tx.objectStore('entries').get(seq), seq);
          const decision = decide(entry);
          if (!decision) continue;
          await apply(tx, entry, decision);
          decisions.push(decision);
        }
        // What another user's entry awaits stays.
        await forgetIds(tx, ({ backend: key, owner }) => key === backend.key && (owner === forget || owner === null));
        return decisions;
      };
      const remove = async (tx: WriteTransaction, gone: Gone) => {
        await forgetAll(tx, true);
        await removeEnding(tx, (await seqsOf(tx)).map((seq) => ({ seq, decide })), gone);
      };
      return writeWhenFull(work, remove, (gone) => ({ result: [...gone.values()].map(({ decision }) => decision), events }));
    },

    heads: () => read((db) => headsIn(db.transaction('entries').store.index('turn'))),

    lots: (turns, count) =>
      read(async (db) => {
        const byTurn = db.transaction('entries').store.index('turn');
        const lots = await Promise.all(turns.map((turn) => byTurn.getAll(IDBKeyRange.only(turn), count)));
        return lots.map((values) => values.map((value) => readEntry(value, value.seq)));
      }),

    load: (seq) =>
      read(async (db) => {
        const tx = db.transaction(['entries', 'bodies']);
        const [value, apart] = await Promise.all([tx.objectStore('entries').get(seq) as Promise<unknown>, tx.objectStore('bodies').get(seq)]);
        if (value === undefined) return null;
        const entry = readEntry(value, seq);
        return { entry, body: entry.body ?? apart ?? null };
      }),

    find: (reference) =>
      read(async (db) => {
        const { store } = db.transaction('entries');
        const found = typeof reference === 'number' ? await store.getAll(reference) : await store.index(named(reference)).getAll(reference);
        return found.map((value) => readEntry(value, value.seq));
      }),

    list: ({ after, limit }) =>
      read(async (db) => {
        const values = await db.transaction('entries').store.getAll(IDBKeyRange.lowerBound(after, true), limit);
        return values.map((value) => readEntry(value, value.seq));
      }),

    overview: (backends, isParked) =>
      read(async (db) => {
        const { store } = db.transaction('entries');
        const [byTurn, standing] = [store.index('turn'), store.index('standing')];
        const heads = await headsIn(byTurn);
        const countOf = async (backend: string) => {
          const parkedTurns = heads.filter((head) => head.backend === backend && isParked(head)).map(turnOf);
          const [pending, dead, ...parked] = await Promise.all([
            standing.count([backend, 'pending']),
            standing.count([backend, 'dead']),
            ...parkedTurns.map((turn) => byTurn.count(IDBKeyRange.only(turn))),
          ]);
          return { pending: pending!, dead: dead!, parked: parked.reduce((sum, count) => sum + count, 0) };
        };
        const others = async () => {
          let count = 0;
          let cursor = await standing.openKeyCursor();
          // One step for each backend.
          while (cursor) {
            const [backend] = cursor.key as unknown as [string];
            if (!backends.includes(backend)) count += await standing.count(standingOf(backend));
            cursor = await cursor.continue([backend, []] as never);
          }
          return count;
        };
        const [counts, orphans] = await Promise.all([Promise.all(backends.map(countOf)), others()]);
        return { heads, counts, orphans };
      }),

    takeOver: (from, to) => write((tx) => takeOver(tx, from, to)),

    settlement: (reference) =>
      read(async (db) => {
        const unwritten = settlementOf(reference);
        if (unwritten) return unwritten;
        const { store } = db.transaction('settlements');
        const cursor = typeof reference === 'number' ? store.openCursor(reference) : store.index(named(reference)).openCursor(reference, 'prev');
        const { asked: _, owner: __, ...settlement } = ((await cursor)?.value ?? {}) as Partial<KeptSettlement>;
        return 'seq' in settlement && !settlement.forgotten ? (settlement as Settlement) : null;
      }),

    handled: (requests) => write((tx) => markHandled(tx, requests)),

    handledSoon: (request, known) =>
      connection.writeAlong(async (tx) => {
        const entry = isAlone() ? known() : null;
        if (entry) writesTo(tx, 'entries').put({ ...entry, asked: null });
        else await markHandled(tx, [request]);
      }),

    etags: (backend) => read(async (db) => (await db.transaction('checkpoints').store.getAll(etagKeys(backend))).map((note) => JSON.parse(note) as EtagNote)),

    forgetSettlements: (before) =>
      write(async (tx) => {
        const old = await tx.objectStore('settlements').index('at').getAllKeys(IDBKeyRange.upperBound(before));
        for (const seq of old) await tx.objectStore('settlements').delete(seq);
      }),

    resolve: (given, dependents) =>
      write(async (tx) => {
        writesTo(tx, 'ids').put(given);
        return decideDependents(tx, given.seq, dependents);
      }),

    forgetIds: (before, now) => write((tx) => forgetIds(tx, ({ at }) => at <= before, now)),

    journal: () => read(async (db) => (await db.transaction('journal').store.getAll()).slice(-JOURNAL_KEPT)),
  };
}

/** Forgets ids that no entry awaits. @param now the new `at` of an id that an entry awaits; left out, the old one stays */
async function forgetIds(tx: WriteTransaction, which: (given: GivenId) => boolean, now?: number): Promise<void> {
  const ids = writesTo(tx, 'ids');
  for (const given of (await tx.objectStore('ids').getAll()).filter(which)) {
    if ((await tx.objectStore('entries').index('awaits').count(given.seq)) === 0) ids.delete(given.seq);
    else if (now !== undefined) ids.put({ ...given, at: now });
  }
}

/**
 * The least key that's greater than a turn; undefined, for the next key, where a damaged record has no turn. A cursor with
 * `nextunique` gives the same heads, but Chromium walks by every entry for it: a hundred thousand took four seconds.
 */
const beyond = (turn: unknown): Turn | undefined => (Array.isArray(turn) ? ([...turn, 0] as unknown as Turn) : undefined);

/** The first entry of each turn. */
async function headsIn(byTurn: IDBPIndex<Schema, ['entries'], 'entries', 'turn'>): Promise<EntryRecord[]> {
  const heads: EntryRecord[] = [];
  for (let cursor = await byTurn.openCursor(); cursor; cursor = await cursor.continue(beyond(cursor.key))) heads.push(readEntry(cursor.value, cursor.primaryKey));
  return heads;
}

/** The index that finds a reference. */
const named = (reference: string): 'key' | 'id' => (isKey(reference) ? 'key' : 'id');

/** Whether an event may be about a backend's entries; an event with a URL and no backend may be. */
export function isAbout(event: SyncEvent, backend: string): boolean {
  return 'baseUrl' in event ? joinKey(event.namespace, event.baseUrl) === backend : 'url' in event;
}

/** Marks the fetch events of requests as handled, be it with their entries or with their settlements. */
async function markHandled(tx: WriteTransaction, requests: readonly Requested[]): Promise<void> {
  const found = await Promise.all(requests.map(({ seq }) => Promise.all([tx.objectStore('entries').get(seq as number), tx.objectStore('settlements').get(seq)])));
  const settlements = writesTo(tx, 'settlements');
  for (const [index, { requestId }] of requests.entries()) {
    const [entry, settlement] = found[index]!;
    if (entry?.asked && entry.requestId === requestId) writesTo(tx, 'entries').put({ ...entry, asked: null });
    // The request may have been replaced. Requests of an earlier version have no id, and leave no remainder.
    else if (!settlement?.asked || settlement.requestId !== requestId) settlements.delete(requestId ?? 0);
    else if ('forgotten' in settlement) settlements.delete(settlement.seq);
    else settlements.put({ ...settlement, asked: null });
  }
}
