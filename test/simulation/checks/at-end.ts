import type { EntryRecord } from '../../../sw/policy/entry-record.js';
import { bodyOf } from '../bodies.js';
import { realIdOf } from '../deeds/ids.js';
import { opOfEntry, type Effect, type Post } from '../history.js';
import type { World } from '../world.js';
import { newestStateOnly } from './coalescing.js';
import { noConflictWithItself } from './database.js';
import { othersChangesStay } from './documents.js';
import { knowsWhatItAwaits } from './ids.js';
import { buriedInDoubt } from './layer.js';
import { oldQueueIsTakenOver, owedInOrder } from './old-queue.js';

/** Judged when all faults are over and everything has come to rest. */
export const AT_END: ((world: World) => void)[] = [nothingLost, onceUnderAKey, inOrder, storedAsTheyCame, asItsUser, withItsBytes, everyPromiseSettles, allIsDelivered, statusIsTrue, noDirectiveSent, cancelTellsTheTruth, waitsHearTheirAnswer, purgesTakeTheirOwn, appsPolicyCounts, oldQueueIsTakenOver, owedInOrder, noConflictWithItself, buriedInDoubt, newestStateOnly, knowsWhatItAwaits, othersChangesStay];

const effectsOf = ({ history }: World, op: number): Effect[] => history.effects.filter((effect) => effect.op === op);

/** What a page was told is kept, or the journal says is queued, has taken effect, waits, or was ended by somebody. */
function nothingLost(world: World): void {
  const { history, disk } = world;
  const waiting = new Set(disk.all<EntryRecord>('entries').map(opOfEntry));
  for (const { op, heard } of history.posts.values()) {
    const told = history.told.get(op.id) ?? [];
    const isPromised = heard?.kind === 'queued' || (heard?.kind === 'answer' && heard.status === 201) || told.some(({ event }) => event.type === 'queued');
    const work = history.workOf(op.id);
    if (!isPromised || work === null || waiting.has(work) || effectsOf(world, work).length > 0) continue;
    // From a full disk it goes by itself, and a worker that dies then tells nothing of it.
    const isRemoved = disk.wasFull && history.gone.get(work)?.how === 'removed' && history.calls.some(({ name, op: about }) => name === 'purge' || (name === 'cancel' && history.workOf(about ?? NaN) === work));
    const isEnded = isRemoved || (history.told.get(work) ?? []).some(({ event }) => event.type === 'cancelled') || history.gone.get(work)?.how === 'replaced' || wasDead(world, work);
    if (!isEnded) history.violated('nothing is lost', `promised (${heard?.kind}), gone (${JSON.stringify(history.gone.get(op.id))}), and the server never acted`, op.id);
  }
}

/** A dead letter that somebody has discarded, or purged. */
const wasDead = ({ history }: World, op: number): boolean =>
  (history.told.get(op) ?? []).some(({ event }) => event.type === 'failed') &&
  history.calls.some(({ name, op: about }) => (name === 'discard' && history.workOf(about ?? NaN) === op) || name === 'purge');

/** A server that honours idempotency keys acts once on each write. */
function onceUnderAKey(world: World): void {
  const { history } = world;
  for (const post of history.posts.values()) {
    const { op } = post;
    if (op.backend !== 'api' || op.mode === 'bypass') continue;
    const effects = effectsOf(world, op.id);
    if (effects.length < 2 || post.diedBare) continue;
    const keys = new Set(effects.map(({ key }) => key));
    // What's sent bare for want of a storage is sent as if there were no worker.
    if (keys.has(null)) continue;
    history.violated('once under a key', `${effects.length} effects under ${[...keys].join(', ')}`, op.id);
  }
}

/** A write that's queued takes effect before one of its lane and user that's made after it. */
function inOrder(world: World): void {
  const { history } = world;
  const lines = new Map<string, { post: Post; first: number; queued: number }[]>();
  for (const post of history.posts.values()) {
    const { op, user, isPassed } = post;
    const [first] = effectsOf(world, op.id);
    if (!first || op.mode === 'bypass' || first.key === null || isPassed) continue;
    const stored = history.stored.get(op.id);
    const told = history.told.get(op.id) ?? [];
    // A late send of what was cancelled, or replaced, says nothing, and what follows a dead letter passes it.
    const isOut = stored?.tookPlace || history.gone.get(op.id)?.how === 'replaced' || told.some(({ event: { type } }) => type === 'failed' || type === 'cancelled');
    if (isOut) continue;
    // What comes again by cookie after another user's sign-in is that user's, as it would be without a worker.
    const line = `${op.backend} ${stored?.lane ?? op.lane ?? 'default'} ${world.setup.sessions === 'cookie' ? (stored?.owner ?? user) : user}`;
    const queued = told.find(({ event }) => event.type === 'queued')?.order ?? Infinity;
    lines.set(line, [...(lines.get(line) ?? []), { post, first: first.order, queued }]);
  }
  for (const [line, all] of lines)
    for (const older of all)
      for (const newer of all)
        // A tab that was closed in the middle of its sign-out leaves other tabs, which write on by the cookie: for Holdfast its user has gone.
        if (older.queued < newer.post.order && newer.first < older.first && newer.post.isSettled && !isSwitchedOff(world, newer.post) && !isOvertakenBySignOut(world, newer))
          history.violated('in order', `op ${newer.post.op.id} overtook op ${older.post.op.id}, which was queued before it (${line})`, older.post.op.id, newer.post.op.id);
}

/** Whether a worker may have met a write by cookie only after its user's sign-out, which came later: then it's nobody's, and passes what waits for the user. */
const isOvertakenBySignOut = ({ history, setup }: Pick<World, 'history' | 'setup'>, { post, first }: { post: Post; first: number }): boolean =>
  setup.sessions === 'cookie' && history.calls.some(({ name, order }) => (name === 'signOut' || name === 'purge') && order > post.order && order < first);

/** What one page writes in one lane, and one worker stores, is stored in the order in which it came. */
function storedAsTheyCame({ history, chances, disk }: World): void {
  // On a slow device, what takes long to be read doesn't hold up what's behind it.
  if (chances.wasSlow || disk.hasFailed) return;
  const last = new Map<string, { op: number; seq: number }>();
  for (const { op, page, user, deaths } of history.posts.values()) {
    const stored = history.stored.get(op.id);
    if (!stored || stored.tookPlace || deaths > 0 || op.taskId !== null || history.owed.get(op.id)?.wasWorkboxs) continue;
    const line = `${page} ${op.backend} ${stored.lane} ${user} ${stored.by}`;
    const before = last.get(line);
    if (before && before.seq > stored.seq) history.violated('stored as they came', `op ${before.op} has a later place than op ${op.id}`, before.op, op.id);
    last.set(line, { op: op.id, seq: stored.seq });
  }
}

/** Whether the kill switch may have been thrown, by the app or by the server: then nothing is captured. */
function isSwitchedOff({ history, server }: World, { order, heard }: Post): boolean {
  if (server.said.some(({ offlineMode }) => !offlineMode)) return true;
  const end = heard?.order ?? Infinity;
  const switches = history.calls.filter(({ name, order: called }) => name === 'switch' && called < end);
  return switches.length > 0 && !history.calls.some(({ name, answeredOrder = Infinity, order: called }) => name === 'unswitch' && answeredOrder < order && called > (switches.at(-1)!.answeredOrder ?? Infinity));
}

/** No write takes effect as another user than the one whose token it was made with. */
function asItsUser(world: World): void {
  const { history, setup } = world;
  // What travels by cookie is looked at as it's sent.
  if (setup.sessions === 'cookie') return;
  for (const { op, user } of history.effects) {
    const post = history.posts.get(op);
    if (post && post.user !== user) history.violated('as its user', `${post.user}'s write took effect as ${user}'s`, op);
  }
}

/** The op that has made what an earlier one was to make: one that was coalesced with that, or took its place. */
function makerOf(history: World['history'], op: number): number {
  const { how, byOp } = history.gone.get(op) ?? {};
  const next = how === 'replaced' ? byOp! : (history.workOf(op) ?? op);
  return next === op ? op : makerOf(history, next);
}

/** What takes effect is what the page wrote, byte for byte. */
function withItsBytes({ history }: World): void {
  for (const { op, body } of history.effects) {
    const post = history.posts.get(op);
    const { names } = post?.op ?? {};
    const written = post && bodyOf(post.op).body;
    const named = post && names !== undefined ? bodyOf(post.op, realIdOf(makerOf(history, names))).body : written;
    // What's merged with a newer version of a document is looked at there.
    if (written !== undefined && !post?.op.document && body !== written && body !== named) history.violated('with its bytes', `${written.length} were written, ${body.length} came: ${body.slice(0, 40)}`, op);
  }
}

/** Each fetch of a page that's still there has an answer, unless its entry still waits. */
function everyPromiseSettles({ history, disk }: World): void {
  const waiting = new Set(disk.all<EntryRecord>('entries').filter(({ state }) => state === 'pending').map(opOfEntry));
  for (const { op, heard, isLeft, deaths } of history.posts.values())
    if (!heard && !isLeft && !waiting.has(history.workOf(op.id) ?? NaN)) history.violated('every promise settles', `mode ${op.mode}, ${deaths} workers died with it, gone: ${JSON.stringify(history.gone.get(op.id))}`, op.id);
}

/** Once the faults are over, all that may move is delivered within the longest backoff. */
function allIsDelivered(world: World): void {
  const { history, disk, stuck } = world;
  for (const user of stuck) {
    const left = disk.all<EntryRecord>('entries').filter(({ state, owner }) => state === 'pending' && (owner === null || owner === user));
    history.violated('all is delivered', `${user}'s: ${left.map((entry) => `op ${opOfEntry(entry)} ${entry.reason}`).join(', ') || 'in the end'}`, ...left.map(opOfEntry));
  }
}

/** `status()` says what's on disk. */
function statusIsTrue({ history, statusAtEnd }: World): void {
  if (!statusAtEnd) return history.violated('status is true', 'there is none');
  const { status, waiting, dead } = statusAtEnd;
  if (status.waiting !== waiting || status.dead !== dead)
    history.violated('status is true', `${status.waiting} wait and ${status.dead} are dead, on disk ${waiting} and ${dead}`);
}

/** The worker's own headers don't reach the server. */
function noDirectiveSent({ history }: World): void {
  for (const { op, headers } of history.arrivals)
    if (Object.keys(headers).some((name) => name.startsWith('holdfast-'))) history.violated('no directive on the wire', Object.keys(headers).join(', '), op);
}

/** "It wasn't delivered" is said of nothing that has taken effect, unless a worker died with it before anything was on disk. */
function cancelTellsTheTruth(world: World): void {
  for (const [op, told] of world.history.told)
    for (const { event } of told)
      if (event.type === 'cancelled' && !event.mayBeDelivered && effectsOf(world, op).length > 0 && !world.history.posts.get(op)?.diedBare)
        world.history.violated('cancelled tells the truth', 'mayBeDelivered is false, and the server has acted', op);
}

/** A page that waits for the answer to what's delivered hears it, when no worker died with it. */
function waitsHearTheirAnswer({ history }: World): void {
  for (const { op, heard, deaths, isLeft } of history.posts.values()) {
    if (op.mode !== 'wait' || heard?.kind !== 'error' || deaths > 0 || isLeft) continue;
    const isDelivered = (history.told.get(history.workOf(op.id) ?? NaN) ?? []).some(({ event, order }) => event.type === 'delivered' && order < heard.order);
    if (isDelivered) history.violated('waits hear their answer', 'it was delivered, and the page heard of a network error', op.id);
  }
}

/** A purge ends what its user has on disk, and nobody else's, once a worker can know who that is. */
function purgesTakeTheirOwn({ history, chances, setup }: World): void {
  // Who signs in and out within seconds may be gone before a slow worker has heard of them.
  if (chances.wasSlow) return;
  const seqOf = (op: number | null) => history.stored.get(op ?? NaN)?.seq;
  for (const [op, told] of history.told) {
    const post = history.posts.get(op);
    // A write by cookie of which a dead worker has left nothing is whoever's session it's in when its event comes again, as it would be without a worker.
    // So is one that its worker comes to after the sign-out: a fetch event doesn't say when the request was made.
    const stored = history.stored.get(op);
    const isNew = setup.sessions === 'cookie' && post !== undefined && (post.diedBare || isOvertakenBySignOut({ history, setup }, { post, first: stored?.order ?? 0 }));
    const user = (isNew ? stored?.owner : post?.user) ?? null;
    // What workbox has taken to send is left to it.
    if (history.owed.get(op)?.wasWorkboxs) continue;
    if (user === null || history.workOf(op) === null || !told.some(({ event }) => event.type === 'cancelled' && !event.conflict)) continue;
    const isAsked = history.calls.some(({ name, op: about, user: who, session, isUnheardOf }) => (name === 'cancel' && seqOf(about) === seqOf(op)) || (name === 'purge' && (who === user || who === null || session === user || isUnheardOf)));
    if (!isAsked) history.violated('purges take their own', `${user}'s write was ended by somebody else`, op);
  }
}

/** The app's own policy and classifier have the last word: nothing is tried again that they give up. */
function appsPolicyCounts({ history, setup }: World): void {
  for (const [op, told] of history.told)
    for (const { event } of told) {
      if (event.type !== 'retrying' || event.status === null || event.reason === 'in-progress' || event.reason === 'conflict') continue;
      if (setup.isFinal500 && event.status === 500) history.violated("the app's policy counts", 'a 500 is tried again', op);
      if (event.attempt > (setup.givesUpAfter ?? Infinity)) history.violated("the app's policy counts", `retry ${event.attempt} of ${setup.givesUpAfter}`, op);
    }
}
