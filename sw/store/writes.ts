import { merged, readBackendRecord, type BackendRecord } from '../policy/backend-record.js';
import { isFirstSend, readEntry, turnOf, type EntryRecord, type Turn } from '../policy/entry-record.js';
import { isMoot } from '../policy/coalesce.js';
import type { Decision } from '../policy/entry-decision.js';
import { transition } from '../policy/entry.js';
import { fitsInPlace } from '../policy/given-ids.js';
import { remainderOf } from '../policy/settlement.js';
import type { Body, CaptureOrder, CaptureResult, Commit, Draft } from '../ports.js';
import type { SyncEvent } from '../protocol/events.js';
import { knownTo } from './known.js';
import { UNPAUSED, writesTo, type WriteTransaction } from './schema.js';
import { count, limitReached, tallyOf } from './tally.js';

/** How many events are kept at least; older events are removed in lots. */
export const JOURNAL_KEPT = 500;
const JOURNAL_LOT = 100;

/** A body up to this size is kept in its entry: a record less to write, to read and to remove. In bytes. */
export const SMALL_BODY = 4 * 1024;

export const isSmall = (body: Body | null): body is ArrayBuffer => body instanceof ArrayBuffer && body.byteLength <= SMALL_BODY;

/** Whether an entry's body is apart from its entry. Nobody knows of a damaged one. */
const isApart = ({ body, bodySize, damaged }: EntryRecord): boolean => !body && (bodySize > 0 || damaged !== undefined);

/**
 * Writes a new entry, in its place in line, with its body, events and tally.
 *
 * @param before the result of the first run, where the write is repeated
 */
export async function capture(tx: WriteTransaction, order: CaptureOrder, backend: BackendRecord | null, before?: CaptureResult): Promise<CaptureResult> {
  const { body } = order;
  const draft = isSmall(body) ? { ...order.draft, body } : order.draft;
  const decide = (entry: EntryRecord): Decision => order.decide?.(entry) ?? { entry, events: [] };
  const entries = tx.objectStore('entries');
  const [same] = await Promise.all([order.isNewId ? [] : entries.index('key').getAll(draft.key), tallyOf(tx, draft.backend)]);
  const sameKey = same.map((value) => readEntry(value, value.seq));
  // A repeated capture may find its entry on disk: the connection was lost over a commit that went through all the same, or
  // WebKit, in an ephemeral session, has refused the body's Blob and kept the entry. So the body is written again.
  const stored = draft.requestId && sameKey.find((entry) => entry.requestId === draft.requestId);
  if (stored) {
    order.placed?.(stored.seq);
    if (body && !isSmall(body)) writesTo(tx, 'bodies').put(body, stored.seq);
    return { kind: 'stored', decision: decide(stored), seq: stored.seq, replaced: stored.capturedAt !== draft.capturedAt };
  }
  // Another worker's first send is on the wire, or its event comes again; what the server is still at is under way, too.
  const inTheWay = sameKey.find((entry) => entry.state === 'pending' && !isFirstSend(entry) && !entry.inProgress && !order.isInFlight(entry.seq) && fitsInPlace(draft, entry));
  const inFlight = sameKey.find((entry) => entry.state === 'pending');
  if (inFlight && order.whenWaiting === 'refuse') return { kind: 'refused', waiting: inFlight };
  if (inTheWay && inTheWay.owner !== draft.owner) return { kind: 'refused', waiting: inTheWay };
  const coalesced = order.coalesce && (await coalesce(tx, order, before));
  if (coalesced) {
    if (backend && coalesced.kind !== 'asked') await putBackend(tx, backend);
    return coalesced;
  }
  const limit = await limitReached(tx, draft, inTheWay ?? null, order.limits);
  if (limit) return { kind: 'full', limit };

  if (backend) await putBackend(tx, backend);
  let entry: EntryRecord;
  if (inTheWay) {
    const { seq, lane, capturedAt, asked, requestId, provides } = inTheWay;
    if (asked && requestId) writesTo(tx, 'settlements').put(remainderOf(inTheWay));
    // The new entry takes the older one's place in line; its age is its own.
    entry = { ...(provides !== undefined && { provides }), ...draft, seq, lane, capturedAt };
    entry.turn = turnOf(entry);
  } else {
    entry = await added(tx, draft, decide);
  }
  order.placed?.(entry.seq);
  const decision = decide(entry);
  if (body && !isSmall(body)) writesTo(tx, 'bodies').put(body, entry.seq);
  else if (inTheWay && isApart(inTheWay)) writesTo(tx, 'bodies').delete(entry.seq);
  await count(tx, inTheWay ?? null, entry);
  await apply(tx, entry, decision, { isWritten: !inTheWay && decision.entry !== null });
  return { kind: 'stored', decision, seq: entry.seq, replaced: inTheWay !== undefined };
}

/**
 * Adds a new entry, in the state that it's decided to be in. Returns the entry before the decision. Its number is the next one where
 * that's known, as each answer of the key generator's is a way to the browser's process and back.
 */
async function added(tx: WriteTransaction, draft: Draft, decide: (entry: EntryRecord) => Decision): Promise<EntryRecord> {
  const known = knownTo(tx);
  const next = known.lastSeq === null ? 0 : known.lastSeq + 1;
  const entry = { ...draft, seq: next };
  const decided = decide(entry).entry ?? entry;
  if (next > 0) writesTo(tx, 'entries').add(decided);
  else {
    const { seq: _, ...unplaced } = decided;
    entry.seq = await tx.objectStore('entries').add(unplaced as EntryRecord);
  }
  known.lastSeq = entry.seq;
  return entry;
}

/**
 * Makes one of a new request and the last entry of its lane; of a DELETE and the POST that would make its thing, where nothing but
 * changes of that thing stands behind the POST, and names the thing. Undefined where each stays by itself.
 */
async function coalesce(tx: WriteTransaction, order: CaptureOrder, before?: CaptureResult): Promise<CaptureResult | undefined> {
  const { draft, limits } = order;
  const [entries, bodies] = [tx.objectStore('entries'), tx.objectStore('bodies')];
  // The connection was lost over the first run's commit, which is on disk all the same.
  if (before?.kind === 'gone' && !(await entries.get(before.seq))) return before;
  if (before?.kind === 'stored' && (await entries.get(before.seq))?.requestId === draft.requestId) return before;
  const provider = draft.request.method === 'DELETE' ? draft.awaits?.[0] : undefined;
  const dependents = provider ? (await entries.index('awaits').getAll(provider)).map((value) => readEntry(value, value.seq)) : [];
  if (!dependents.every((entry) => isMoot(entry, draft))) return;
  const last = await lastOf(tx, draft.turn, dependents.map(({ seq }) => seq));
  if (!last?.requestId || order.isInFlight(last.seq) || (dependents[0] && last.seq !== provider)) return;
  const made = order.coalesce!(last, last.body ?? (isApart(last) ? await bodies.get(last.seq) : null) ?? null);
  if (made instanceof Promise) return { kind: 'asked', last, answer: made };
  if (!made || (dependents[0] && made.decision.entry)) return;
  const { body } = made;
  const { seq, requestId } = last;
  // A worker goes by what it has written, so the decision has the entry as it's on disk.
  const entry = made.decision.entry && withBody(made.decision.entry, body);
  const decision = { ...made.decision, entry };
  const limit = entry && (await limitReached(tx, entry, last, limits));
  if (limit) return { kind: 'full', limit };
  const isGone = entry === null;
  // The entry keeps one fetch event: the new request's where both go on, and its own in its settlement where neither does.
  const left = isGone ? { ...draft, into: null } : { ...last, into: seq };
  if (left.asked) writesTo(tx, 'settlements').put(remainderOf(left, left.into));
  await apply(tx, last, decision, { body });
  return isGone ? { kind: 'gone', decision, seq } : { kind: 'stored', decision, seq, replaced: true, of: requestId };
}

/** The last entry of a lane, whatever credential it travels with, but for those that are passed over. */
async function lastOf(tx: WriteTransaction, [backend, lane]: Turn, passed: readonly number[] = []): Promise<EntryRecord | null> {
  const entries = tx.objectStore('entries');
  let last = 0;
  let before = [backend, lane, []] as unknown as Turn;
  for (;;) {
    let cursor = await entries.index('turn').openKeyCursor(IDBKeyRange.bound([backend, lane], before, false, true), 'prev');
    if (!cursor) return last ? readEntry(await entries.get(last), last) : null;
    before = cursor.key;
    while (cursor && passed.includes(cursor.primaryKey)) cursor = await cursor.continue();
    last = Math.max(last, cursor?.primaryKey ?? 0);
  }
}

/** Writes a backend's record. What the record on disk knows better stays. */
export async function putBackend(tx: WriteTransaction, backend: BackendRecord): Promise<void> {
  const known = (await tx.objectStore('backends').get(backend.key)) ?? backend;
  writesTo(tx, 'backends').put(merged(readBackendRecord(known), backend));
}

/** Writes that the outbox isn't paused, or removes this. */
export function setPaused(tx: WriteTransaction, paused: boolean): void {
  const settings = writesTo(tx, 'settings');
  if (paused) settings.delete(UNPAUSED);
  else settings.put({ paused }, UNPAUSED);
}

interface Applied {
  /** The entry is on disk already in its new state. */
  isWritten?: boolean;
  /** The new body; null removes it, undefined leaves it. */
  body?: Body | null | undefined;
}

/** @param entry the entry before the decision, as counted in the tally */
export async function apply(tx: WriteTransaction, entry: EntryRecord, decision: Decision, { isWritten, body }: Applied = {}): Promise<void> {
  const { settlement, events } = decision;
  const { seq } = entry;
  const [entries, bodies, settlements] = [writesTo(tx, 'entries'), writesTo(tx, 'bodies'), writesTo(tx, 'settlements')];
  const next = decision.entry && body !== undefined ? withBody(decision.entry, body) : decision.entry;
  if (!isWritten) {
    if (next) entries.put(next);
    else entries.delete(seq);
    await count(tx, entry, next);
  }
  if (next && body && !isSmall(body)) bodies.put(body, seq);
  else if (isApart(entry) && (!next || body !== undefined)) bodies.delete(seq);
  if (settlement) settlements.put(settlement);
  else if (settlement === null) settlements.delete(seq);
  await note(tx, events);
  if (decision.given) writesTo(tx, 'ids').put(decision.given);
  // An id that a page has told in place of a dead letter's answer stands when the dead letter goes.
  if (decision.dependents && !(await tx.objectStore('ids').getKey(seq))) decision.followed = await decideDependents(tx, seq, decision.dependents);
}

/** Makes the same decision about all entries that await another one. */
export async function decideDependents(tx: WriteTransaction, seq: number, { input, at }: NonNullable<Decision['dependents']>): Promise<Decision[]> {
  const decisions: Decision[] = [];
  for (const value of await tx.objectStore('entries').index('awaits').getAll(seq)) {
    const entry = readEntry(value, value.seq);
    const decision = transition(entry, input, at);
    if (!decision) continue;
    await apply(tx, entry, decision);
    decisions.push(decision);
  }
  return decisions;
}

/** Entries that have gone from the disk before anything was written of why, by `seq`, with the decisions that ended them. */
export type Gone = Map<number, { entry: EntryRecord; decision: Decision }>;

/**
 * Removes the entries that these commits end, with their bodies, and writes nothing: a full disk takes that.
 *
 * @param gone gets them. Where the connection was lost over the commit, it has them from the first run, and the disk may have them no longer
 */
export async function removeEnding(tx: WriteTransaction, commits: readonly Pick<Commit, 'seq' | 'decide'>[], gone: Gone): Promise<void> {
  for (const { seq, decide } of commits) {
    const value: unknown = seq === undefined || !decide ? undefined : await tx.objectStore('entries').get(seq);
    if (value === undefined) continue;
    const entry = readEntry(value, seq!);
    const decision = decide!(entry);
    if (decision?.entry !== null) continue;
    writesTo(tx, 'entries').delete(seq!);
    writesTo(tx, 'bodies').delete(seq!);
    gone.set(seq!, { entry, decision });
  }
}

/** Writes why entries have gone, but for those whose settlement is there: the connection was lost over the commit, which went through all the same. */
export async function tellOfGone(tx: WriteTransaction, gone: Gone): Promise<void> {
  for (const [seq, { entry, decision }] of gone) if (!decision.settlement || !(await tx.objectStore('settlements').getKey(seq))) await apply(tx, entry, decision);
}

function withBody(entry: EntryRecord, body: Body | null): EntryRecord {
  const { body: _, ...rest } = entry;
  return isSmall(body) ? { ...rest, body } : rest;
}

/** How many events this worker has added since it last swept the journal. A new worker doesn't know the surplus, and sweeps at its first event. */
let unswept = JOURNAL_LOT;

export async function note(tx: WriteTransaction, events: readonly SyncEvent[]): Promise<void> {
  const journal = writesTo(tx, 'journal');
  for (const event of events) journal.add(event);
  unswept += events.length;
  if (unswept < JOURNAL_LOT) return;
  unswept = 0;
  const last = await tx.objectStore('journal').openKeyCursor(null, 'prev');
  if (last) journal.delete(IDBKeyRange.upperBound(last.key - JOURNAL_KEPT));
}
