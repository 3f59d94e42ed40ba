import { CONFLICT_ROUNDS, isConflict } from '../../../sw/policy/conflict.js';
import { IDEMPOTENCY_HEADER } from '../../../sw/protocol/headers.js';
import type { CancelledEvent, FailedEvent } from '../../../sw/protocol/events.js';
import type { Process } from '../agenda.js';
import { Worker } from '../browser/worker.js';
import { bodyOf } from '../bodies.js';
import { fateOf } from '../deeds/documents.js';
import { pathOf, versionOf } from '../documents.js';
import { opOf, type Post } from '../history.js';
import type { World } from '../world.js';
import { entryOf, isReplay } from './replays.js';

/** A replay that was answered well: who had the answer, when, and which version it has made. */
interface Delivered {
  process: Process;
  order: number;
  condition: string | null;
  etag: string | undefined;
}

/** Looks at the versions that writes to documents go out for, and at what their conflicts come to. */
export function watchDocuments(world: World): void {
  const { disk, history, network, server, setup } = world;
  const delivered = new Map<number, Delivered>();
  const replays = new Set<number>();

  network.onSend.push((process, { url, headers, body }) => {
    const op = opOf(url);
    const post = history.posts.get(op);
    if (!(process instanceof Worker) || !post?.op.document || headers[IDEMPOTENCY_HEADER] === undefined) return;
    const condition = headers['if-match'] ?? null;
    const entry = entryOf(world, op);
    const isAgain = isReplay(world, process, op);
    replays[isAgain ? 'add' : 'delete'](op);
    if (isAgain && entry?.mended) {
      const mended = entry.mended.request.headers['if-match'] ?? null;
      const isWritten = entry.mended.body === undefined || new TextDecoder().decode(entry.mended.body ?? undefined) === body;
      if (mended !== condition || !isWritten) history.violated('what onConflict makes is on disk before', `${process.name} sends If-Match ${condition}, and ${mended} is written`, op);
    } else if (condition !== post.condition && !(isAgain && setup.followsEtags && [...delivered].some(([earlier, { etag }]) => etag === condition && isBefore(earlier, op, process)))) {
      history.violated('a version is changed for our own delivery alone', `${process.name} sends If-Match ${condition} for ${post.condition}`, op);
    }
  });

  network.onEnd.push((process, { url, headers }, answer) => {
    const op = opOf(url);
    const post = history.posts.get(op);
    if (!(process instanceof Worker) || !answer || !post?.op.document || !replays.has(op)) return;
    if (answer.status < 300) delivered.set(op, { process, order: history.next(), condition: headers['if-match'] ?? null, etag: answer.headers['etag'] });
    // A purge takes the notes of everybody's versions with it.
    const isNoted = setup.followsEtags && !disk.hasFailed && !history.calls.some(({ name }) => name === 'purge');
    // A layer that keeps failures gives the conflict of an earlier send under the key, whatever goes out now.
    const isKept = post.op.backend === 'api' && setup.keeps !== 'nothing';
    if (!isConflict(answer.status) || isKept || !isNoted || post.condition === null || entryOf(world, op)?.mended) return;
    const path = pathOf(post.op.backend, post.op.document);
    const first = versionOf(post.condition)! + 1;
    const between = server.documents.versions(path).slice(first, versionOf(answer.headers['etag'])! + 1);
    // A version that was made by a send whose answer was lost is known to nobody.
    const isKnown = (by: number, version: number) => versionOf(delivered.get(by)?.etag) === version;
    if (between.length > 0 && between.every(({ op: by }, at) => by !== null && isKnown(by, first + at) && isFollowed(by, op, process)))
      history.violated('our own deliveries are no conflict', `a ${answer.status}, and since ${post.condition} there was op ${between.map((version) => version.op).join(', ')} only`, op, ...between.map((version) => version.op!));
  });

  /** Whether a delivery has made stale what a later write of its user has, which was stored before the answer came. */
  const isBefore = (earlier: number, later: number, sender: Process): boolean => {
    const answer = delivered.get(earlier);
    const [one, other] = [history.stored.get(earlier), history.stored.get(later)];
    if (!answer || !one || !other) return false;
    const isKnown = answer.process === sender || (history.told.get(earlier) ?? []).some(({ event }) => event.type === 'delivered');
    return isKnown && one.owner === other.owner && one.seq < other.seq && other.order < answer.order;
  };
  const isFollowed = (earlier: number, later: number, sender: Process): boolean => isBefore(earlier, later, sender) && delivered.get(earlier)!.condition !== null && history.stored.get(earlier)!.lane === history.stored.get(later)!.lane;

  disk.onCommit.push(({ changes }) => {
    for (const { store, after } of changes) {
      const event = after as { type?: string; reason?: string } | undefined;
      if (store !== 'journal') continue;
      if (event?.type === 'retrying' && event.reason === 'conflict') roundsAreFew(opOf((after as { url: string }).url));
      if (event?.type === 'cancelled' && (after as CancelledEvent).conflict) isGivenUp(after as CancelledEvent, changes.some(({ store: other, key, after: settlement }) => other === 'settlements' && key === (after as CancelledEvent).seq && (settlement as { conflict?: boolean } | undefined)?.conflict));
    }
  });

  /** A write goes again three times at most for newer versions, until a person retries it. */
  const roundsAreFew = (op: number): void => {
    const rounds = roundsOf(world, op);
    if (rounds > CONFLICT_ROUNDS) history.violated('three rounds at most', `round ${rounds}`, op);
  };

  /** What's given up for a newer version has met one, the app says so, and its settlement does. */
  const isGivenUp = ({ url }: CancelledEvent, isSettled: boolean): void => {
    const op = opOf(url);
    const isMet = (server.documents.conflicts.get(op) ?? 0) > 0;
    const isSaid = setup.onConflict === 'serverWins' || (setup.onConflict === 'own' && fateOf(op) === 'discards');
    if (!isMet || !isSaid || !isSettled) history.violated('given up for a newer version', `${isMet ? '' : 'it met none; '}${isSaid ? '' : 'the app gave nothing up; '}${isSettled ? '' : 'the settlement says another thing'}`, op);
  };
}

/** How often a write has gone again for a newer version since it was retried last. */
function roundsOf({ history }: World, op: number): number {
  const told = history.told.get(op) ?? [];
  const since = told.findLastIndex(({ event }) => event.type === 'queued' && event.reason === 'retried');
  return told.slice(since + 1).filter(({ event }) => event.type === 'retrying' && event.reason === 'conflict').length;
}

/** Whether a write may be a dead letter for a conflict: nobody has mended it, or newer versions came again and again. */
export function isConflictDue(world: World, op: number, { reason }: FailedEvent): boolean {
  const { history, server: { documents }, setup } = world;
  const post = history.posts.get(op)!;
  if ((documents.conflicts.get(op) ?? 0) === 0) return false;
  const fate = setup.onConflict === 'own' ? fateOf(op) : null;
  if (fate === 'throws' || fate === 'never ends') return reason === 'on-conflict';
  if (reason === 'on-conflict' || setup.onConflict === 'serverWins' || fate === 'discards') return false;
  if (setup.onConflict === null || fate === 'gives none') return true;
  // A conflict for want of a condition needs no newer version.
  const { condition } = post;
  const needed = CONFLICT_ROUNDS + (condition === null ? 0 : 1);
  return roundsOf(world, op) === CONFLICT_ROUNDS && documents.versions(pathOf(post.op.backend, post.op.document!)).length - 1 - (versionOf(condition) ?? 0) >= needed;
}

/** What others have changed since the version that a write was made for stays, but for what the write says, unless the app has it overwritten. */
export function othersChangesStay({ history, server: { documents }, setup }: World): void {
  for (const { path, op, condition, met, written } of documents.changes) {
    const post = history.posts.get(op);
    const merges = setup.onConflict === 'mergeJson' || (setup.onConflict === 'own' && fateOf(op) === 'merges late');
    if (!post || setup.onConflict === 'clientWins' || (post.condition === null && !setup.demandsCondition)) continue;
    const versions = documents.versions(path);
    const others = versions.slice((versionOf(post.condition) ?? -1) + 1, met + 1).filter(({ op: by, user }) => by !== op && user !== post.user);
    if (others.length === 0) continue;
    const [before, after] = [versions[met]!.fields, versions[met + 1]!.fields];
    const own = ownFieldsOf(post);
    const isKept = Object.entries(before).every(([name, value]) => name in own || after[name] === value);
    if (!merges || !isKept) history.violated("others' changes stay", `If-Match ${condition} instead of ${post.condition}, ${JSON.stringify(written)} over ${JSON.stringify(before)}`, op);
  }
}

const ownFieldsOf = (post: Post): Record<string, unknown> => JSON.parse(bodyOf(post.op).body) as Record<string, unknown>;
