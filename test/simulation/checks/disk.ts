import type { EntryRecord } from '../../../sw/policy/entry-record.js';
import type { BackendRecord } from '../../../sw/policy/backend-record.js';
import { isConflict } from '../../../sw/policy/conflict.js';
import type { AboutEntry, FailedEvent, SyncEvent } from '../../../sw/protocol/events.js';
import { Worker } from '../browser/worker.js';
import { TOKEN_MARK } from '../disk/copy.js';
import type { Committed } from '../disk/disk.js';
import type { Change } from '../disk/transaction.js';
import { opOf, opOfEntry } from '../history.js';
import type { World } from '../world.js';
import { isConflictDue } from './documents.js';
import { isProviderGone } from './ids.js';

/** Looks at each transaction as it comes onto the disk. */
export function watchDisk(world: World): void {
  const { disk, history } = world;
  disk.onText = (text) => {
    if (text.includes(TOKEN_MARK)) history.violated('no token on disk', `written: ${text.slice(0, 200)}`);
  };
  disk.onCommit.push((committed) => {
    const touched = new Set(committed.changes.map(({ store }) => store));
    note(world, committed);
    for (const { store, after } of committed.changes) {
      if (store !== 'journal' || !after) continue;
      oneEnd(world, after as SyncEvent);
      deathIsDue(world, after as SyncEvent);
    }
    if (touched.has('backends')) holdsAreDue(world, committed);
    if (!touched.has('entries')) return;
    nothingVanishes(world, committed);
    placesAreKept(world, committed);
    deliveriesAreAPrefix(world, committed);
    tallyIsTrue(world);
    limitsHold(world, committed);
    bodiesHaveEntries(world);
    entriesHaveBodies(world, committed);
  });
}

export const entryChanges = ({ changes }: Committed): (Change & { before?: EntryRecord; after?: EntryRecord })[] =>
  changes.filter(({ store }) => store === 'entries') as never;

/** Keeps what later checks want to know of the entries. */
function note({ agenda, history, disk }: World, committed: Committed): void {
  for (const { before, after } of entryChanges(committed)) {
    const order = history.next();
    if (after) {
      const op = opOfEntry(after);
      if (!history.stored.has(op)) history.stored.set(op, { order, seq: after.seq, lane: after.lane, owner: after.owner, tookPlace: before !== undefined && opOfEntry(before) !== op, by: committed.process.name });
    }
    if (!before) continue;
    const op = opOfEntry(before);
    const byOp = after ? opOfEntry(after) : null;
    if (byOp === op) continue;
    const isSettled = committed.changes.some(({ store, key, after: written }) => store === 'settlements' && key === before.seq && written);
    history.gone.set(op, { at: agenda.now, order, byOp, how: byOp !== null ? 'replaced' : isSettled ? 'settled' : 'removed' });
  }
  history.trace(() => `disk: ${committed.process.name} ${committed.changes.map(({ store, key, after }) => `${store} ${String(key)} ${words(store, after)}`).join(', ')} (${disk.commits})`);
}

function words(store: string, after: unknown): string {
  if (after === undefined) return 'deleted';
  if (store === 'entries') {
    const { state, reason, asked, request, sends, notBefore, owner } = after as EntryRecord;
    return `op ${opOf(request.url)} ${state} ${reason} sends ${sends} asked ${asked?.worker} due ${notBefore % 1e9} owner ${owner}`;
  }
  if (store === 'journal') return (after as SyncEvent).type + ('reason' in (after as object) ? ` ${String((after as { reason: unknown }).reason)}` : '');
  return store === 'backends' ? JSON.stringify(after) : '';
}

/** What's delivered of a turn is always its beginning: a later delivery is never on disk without the earlier ones. */
function deliveriesAreAPrefix({ disk, history }: World, committed: Committed): void {
  for (const { before, after, key } of entryChanges(committed)) {
    const settlement = committed.changes.find(({ store, key: seq }) => store === 'settlements' && seq === key)?.after as { state?: string } | undefined;
    if (!before?.turn || after || settlement?.state !== 'delivered') continue;
    // A first send isn't in line, and a dead letter that's tried again comes back to a place that others have passed.
    const isLate = (entry: EntryRecord) => entry.reason === 'first-send' || history.told.get(opOfEntry(entry))?.some(({ event }) => event.type === 'queued' && event.reason === 'retried') || (history.told.get(opOfEntry(entry)) ?? []).filter(({ event }) => event.type === 'queued').length > 1;
    const earlier = disk.all<EntryRecord>('entries').find((entry) => entry.seq < before.seq && String(entry.turn) === String(before.turn) && !isLate(entry));
    if (earlier) history.violated('deliveries are a prefix', `entry ${String(key)} is written off, and entry ${earlier.seq}, before it in its lane, isn't`, opOfEntry(before), opOfEntry(earlier));
  }
}

/**
 * What waits in line leaves the disk only with a settlement that says why. From a full disk it goes by itself, in a transaction that
 * only removes.
 */
function nothingVanishes({ disk, history }: World, committed: Committed): void {
  if (disk.wasFull && committed.changes.every(({ after }) => after === undefined)) return;
  for (const { before, after, key } of entryChanges(committed)) {
    // What workbox has taken to send is given back to it.
    if (!before || after || before.state === 'dead' || before.reason === 'first-send' || history.owed.get(opOfEntry(before))?.wasWorkboxs) continue;
    const settlement = committed.changes.find(({ store, key: seq, after: written }) => store === 'settlements' && seq === key && written);
    if (!settlement) history.violated('nothing vanishes', `entry ${String(key)} (${before.reason}) was removed without a settlement`, opOfEntry(before));
  }
}

/** A place in line is taken by a request under the same key, and of the same user. */
function placesAreKept({ history }: World, committed: Committed): void {
  for (const { before, after } of entryChanges(committed)) {
    if (!before || !after || opOfEntry(before) === opOfEntry(after)) continue;
    if (before.backend !== after.backend || before.id !== after.id || before.owner !== after.owner)
      history.violated('places are kept', `${after.id} of ${after.owner} at ${after.backend} has taken that of ${before.id} of ${before.owner} at ${before.backend}`, opOfEntry(before), opOfEntry(after));
  }
}

/** The tally of a backend is what's on disk of it, after every transaction. What has gone from a full disk is counted until there's room. */
function tallyIsTrue({ disk, history }: World): void {
  const sums = new Map<string, { entries: number; bytes: number }>();
  for (const { backend, bodySize } of disk.all<EntryRecord>('entries')) {
    const sum = sums.get(backend) ?? { entries: 0, bytes: 0 };
    sums.set(backend, { entries: sum.entries + 1, bytes: sum.bytes + bodySize });
  }
  for (const { key, value } of disk.tables.get('tallies')!.rows(null)) {
    const { entries = 0, bytes = 0 } = sums.get(key as string) ?? {};
    const tally = value as { entries: number; bytes: number };
    const isAhead = disk.wasFull && tally.entries >= entries && tally.bytes >= bytes;
    if ((tally.entries !== entries || tally.bytes !== bytes) && !isAhead)
      history.violated('the tally is true', `${String(key)}: ${JSON.stringify(tally)}, on disk ${entries} entries, ${bytes} bytes`);
  }
}

/** Nothing comes onto the disk that a limit leaves no room for. */
function limitsHold({ disk, history, setup }: World, committed: Committed): void {
  for (const { before, after } of entryChanges(committed)) {
    if (!after || (before && opOfEntry(before) === opOfEntry(after))) continue;
    const mine = disk.all<EntryRecord>('entries').filter(({ backend }) => backend === after.backend);
    const bytes = mine.reduce((sum, { bodySize }) => sum + bodySize, 0);
    if (mine.length > setup.maxEntries || bytes > setup.maxBytes)
      history.violated('limits hold', `${after.backend} has ${mine.length} entries of ${bytes} bytes`, opOfEntry(after));
  }
}

/** Each entry's body is on disk, as large as its entry says. */
function entriesHaveBodies({ disk, history }: World, committed: Committed): void {
  for (const { key } of entryChanges(committed)) {
    const entry = disk.tables.get('entries')!.get(key) as EntryRecord | undefined;
    const body = entry?.body ?? (disk.tables.get('bodies')!.get(key) as ArrayBuffer | Blob | undefined);
    const size = body instanceof Blob ? body.size : (body?.byteLength ?? 0);
    if (entry && size !== entry.bodySize) history.violated('entries have bodies', `${size} bytes instead of ${entry.bodySize}`, opOfEntry(entry));
  }
}

/** No body stays without its entry. */
function bodiesHaveEntries({ disk, history }: World): void {
  const entries = disk.tables.get('entries')!;
  for (const { key } of disk.tables.get('bodies')!.rows(null)) if (!entries.has(key)) history.violated('bodies have entries', `body ${String(key)} has none`);
}

const ENDS = new Set(['delivered', 'failed', 'cancelled']);

/** What's journalled of a write ends once; only a retry brings a dead letter back. */
function oneEnd({ history, agenda }: World, event: SyncEvent): void {
  if (!('seq' in event)) return;
  const op = opOf((event as AboutEntry).url);
  const told = history.told.get(op) ?? [];
  const last = told.findLast(({ event: { type } }) => ENDS.has(type));
  const isBack = told.some(({ event: { type }, order }) => type === 'queued' && order > (last?.order ?? Infinity));
  const isRetry = event.type === 'queued' && event.reason === 'retried' && last?.event.type === 'failed';
  const isPutBack = history.owed.get(op)?.wasWorkboxs && last?.event.type === 'cancelled';
  if (last && !isBack && !isRetry && !isPutBack) history.violated('one end', `${event.type} after ${last.event.type}`, op);
  told.push({ event, at: agenda.now, order: history.next() });
  history.told.set(op, told);
}

/** Answers that say "later": however often they come, nothing is given up for them. */
const LATER = new Set([401, 425, 429, 502, 503, 504]);

/** What ends as a dead letter was refused by the server for good, has failed there too often, or is too old. */
function deathIsDue(world: World, event: SyncEvent): void {
  const { history, agenda, server, setup } = world;
  if (event.type !== 'failed') return;
  const op = opOf(event.url);
  const post = history.posts.get(op);
  if (!post) return;
  const ageMs = agenda.now - post.calledAt;
  if (!isDue()) history.violated('dead letters are due', `${event.reason}, status ${event.status}, after ${Math.round(ageMs)} ms`, op);

  function isDue(): boolean {
    const { reason, status } = event as SyncEvent & { type: 'failed' };
    if (reason === 'provider-gone') return isProviderGone(world, op);
    // A server that says it's still at the first request is asked for a quarter of an hour. Where it marks this by nothing, nobody can
    // tell its 409 from any other, so that it's asked as after a failure, and a conflict of a document's versions is no part of it.
    const isBusy = status === 409 && reason === 'retries-exhausted' && setup.layer === 'unmarked';
    if (reason === 'on-conflict' || (post!.op.document && !isBusy && isConflict(status ?? 0))) return isConflictDue(world, op, event as FailedEvent);
    if (reason === 'before-send') return post!.op.fails === 'hook';
    if (reason === 'unsendable') return post!.op.fails === 'redirect';
    if (reason === 'expired') return ageMs >= setup.maxAgeMs;
    // Where nothing tells that the server keeps its first refusal, a key that may have been used is kept, and it's refused once more.
    if (reason === 'auth-rejected') return (server.refusals.get(op) ?? 0) >= setup.maxRejections || setup.keeps === 'unmarked';
    if (status === 409) return isBusy;
    if (reason === 'permanent') return post!.op.isRefused || setup.isFinal500 || (status === 401 && setup.hasRemote) || (status === 500 && setup.keeps === 'marked');
    return setup.givesUpAfter !== null || !LATER.has(status ?? 0);
  }
}

/** A 401 closes the gate for the token that it was about, and not for a good one that has come since. */
function holdsAreDue({ history, serverNow, setup }: World, { changes, process }: Committed): void {
  if (!(process instanceof Worker)) return;
  const isHeld = changes.some(({ store, after }) => store === 'journal' && (after as SyncEvent | undefined)?.type === 'held');
  for (const { store, after } of isHeld ? changes : []) {
    if (store !== 'backends' || !after) continue;
    const { gates, last, signedOut, key } = after as BackendRecord;
    const hold = last ? gates[last.owner ?? '']?.hold : null;
    // A worker that has started since doesn't have it, and knows of it by name only.
    const isGood = last && !signedOut && (last.expiresAt ?? Infinity) > serverNow() && ((last.issuedAt ?? 0) - setup.aheadS) * 1_000 > process.startedAt;
    if (hold?.reason === 'auth-expired' && isGood && hold.refused !== null && hold.refused !== last.digest)
      history.violated('holds are due', `${key}: held for a token that isn't the live one any more`);
  }
}
