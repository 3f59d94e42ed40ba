import { IDEMPOTENCY_HEADER } from '../../../sw/protocol/headers.js';
import type { EntryRecord } from '../../../sw/policy/entry-record.js';
import { Worker } from '../browser/worker.js';
import { opOf, opOfEntry, type Post } from '../history.js';
import type { World } from '../world.js';
import { entryChanges } from './disk.js';
import { isReplay } from './replays.js';

/** What was decided on while the one user was there is on the wire within this, in milliseconds. */
const DECIDED_MS = 100;

/** Looks at whose session by cookie what waits travels in. */
export function watchSessions(world: World): void {
  const { agenda, app, disk, history, network, setup } = world;
  if (setup.sessions !== 'cookie') return;
  /** Who asks for the purge that's under way, by the order of its call, and what they have on disk. */
  const purged = new Map<number, { user: string; seqs: number[] }>();

  /** Whether Holdfast has known who is there from the write on. */
  const isKnown = ({ user, said }: Post) => user !== null && said === app.said && app.settledUser === user;

  /** What's captured in a user's session is that user's. */
  disk.onCommit.push((committed) => {
    for (const { before, after } of entryChanges(committed)) {
      const op = after ? opOfEntry(after) : NaN;
      const post = history.posts.get(op);
      if (!after || !post || (before && opOfEntry(before) === op) || !isKnown(post)) continue;
      if (after.owner !== post.user) history.violated('stamped with its session', `${committed.process.name} takes ${post.user}'s for ${after.owner}'s`, op);
    }
  });

  /** What one user has left isn't sent with another's session. */
  network.onSend.push((process, { url, headers, session }) => {
    if (!(process instanceof Worker) || headers[IDEMPOTENCY_HEADER] === undefined || session === null) return;
    const op = opOf(url);
    const post = history.posts.get(op);
    const entry = entryOnDisk(op);
    const user = entry ? entry.owner : (post?.user ?? null);
    if (!post || post.op.isAnonymous || user === null || user === session || agenda.now < app.cookieSince + DECIDED_MS) return;
    // A page's request that comes again, or has taken so long to its first worker, and was never stored, is to that worker what it would be without one.
    if (!entry && (post.deaths > 0 || post.givenAt > app.cookieSince)) return;
    const check = isReplay(world, process, op) ? 'in its own session' : 'a first send in its own session';
    history.violated(check, `${process.name} sends ${user}'s in ${session}'s`, op);
  });

  const entryOnDisk = (op: number) => {
    const entry = disk.get('entries', history.stored.get(op)?.seq ?? NaN) as EntryRecord | undefined;
    return entry && opOfEntry(entry) === op ? entry : null;
  };

  const called = world.called;
  world.called = (page, call) => {
    called(page, call);
    if (call.name !== 'purge' || app.leaving === null) return;
    const user = app.leaving;
    const seqs = disk.all<EntryRecord>('entries').flatMap(({ owner, seq, reason }) => (owner === user && reason !== 'first-send' ? [seq] : []));
    purged.set(call.order, { user, seqs });
  };

  /** A purge takes all that its user had on disk when it was called. */
  const answered = world.answered;
  world.answered = (call) => {
    answered(call);
    const { user, seqs } = purged.get(call.order) ?? { user: null, seqs: [] };
    if (call.result instanceof Error) return;
    for (const seq of seqs) {
      const entry = disk.get('entries', seq) as EntryRecord | undefined;
      if (entry && entry.owner === user) history.violated('a purge takes all of its user', `${user}'s entry ${seq} (${entry.reason}) is still there`, opOfEntry(entry));
    }
  };
}
