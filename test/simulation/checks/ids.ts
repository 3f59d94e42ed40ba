import type { GivenId } from '../../../sw/policy/given-ids.js';
import type { EntryRecord } from '../../../sw/policy/entry-record.js';
import { Worker } from '../browser/worker.js';
import { nameOf, realIdOf } from '../deeds/ids.js';
import { opOf, type Post } from '../history.js';
import type { World } from '../world.js';

/** Looks at what names the things that pages have made. */
export function watchIds(world: World): void {
  const { disk, history, network } = world;

  network.onSend.push((process, { url, method, body }) => {
    if (!(process instanceof Worker) || method !== 'POST') return;
    const op = opOf(url);
    const post = history.posts.get(op);
    const { names } = post?.op ?? {};
    if (!post || names === undefined) return;
    const isNamed = url.includes(`/${nameOf(names)}/`);
    const isWhole = isNamed === body.includes(`"${nameOf(names)}"`);
    if (!isWhole) history.violated('an id is put in everywhere', `${url} with ${body.slice(0, 80)}`, op, names);
    if (!isNamed) return;
    const provider = history.posts.get(names);
    // A write to what was coalesced with it is the app's own affair.
    if (!provider || history.workOf(names) === op || !isHeldTo(post, provider)) return;
    if (isWaiting(names)) history.violated('no dependent goes before its provider', `${process.name} names ${nameOf(names)}, whose provider is on disk`, op, names);
    else if (idOnDisk(names)) history.violated('nothing names a temporary id whose thing is there', `${process.name} names ${nameOf(names)}, which is ${realIdOf(names)}`, op, names);
  });

  /**
   * Whether a write must know what an earlier one provides: it was on disk when the page made the write, for the same user. A write by cookie of which
   * a dead worker has left nothing is of whoever's session its event comes again in.
   */
  const isHeldTo = (post: Post, { op, user }: Post): boolean =>
    (history.stored.get(op.id)?.order ?? Infinity) < post.order && user === post.user && !post.isPassed && !disk.hasFailed && (world.setup.sessions === 'token' || (post.isSettled && !post.diedBare));

  const isWaiting = (op: number): boolean => disk.all<EntryRecord>('entries').some((entry) => entry.provides === nameOf(op));
  const idOnDisk = (op: number): boolean => disk.all<GivenId>('ids').some(({ name, real }) => name === nameOf(op) && real !== null);
}

/**
 * Which pending entries only a person can set going: those whose lane is blocked by a dead letter in line, and those that await a provider
 * which is dead or stands still itself.
 */
export function standingStill({ disk }: Pick<World, 'disk'>): (entry: EntryRecord) => boolean {
  const entries = disk.all<EntryRecord>('entries');
  const bySeq = new Map(entries.map((entry) => [entry.seq, entry]));
  const laneOf = ({ backend, lane }: EntryRecord) => `${backend} ${lane}`;
  const blocked = new Set(entries.filter(({ state, turn }) => state === 'dead' && turn).map(laneOf));
  const still = new Set<number>();
  const stands = (entry: EntryRecord) => blocked.has(laneOf(entry)) || still.has(entry.seq);
  for (let found = -1; found !== still.size; ) {
    found = still.size;
    for (const entry of entries) {
      const providers = (entry.awaits ?? []).map((seq) => bySeq.get(seq));
      if (entry.state !== 'pending' || !providers.some((provider) => provider && (provider.state === 'dead' || stands(provider)))) continue;
      still.add(entry.seq);
      if (entry.turn) blocked.add(laneOf(entry));
    }
  }
  return stands;
}

/** Whether what a write names was refused, cancelled, discarded or purged, as nobody has made it. */
export function isProviderGone({ history, disk }: World, op: number): boolean {
  const isThere = (name: string) => disk.all<EntryRecord>('entries').some(({ provides }) => provides === name) || disk.all<GivenId>('ids').some((given) => given.name === name);
  // What was coalesced with an older write awaits what that one names.
  return [...history.posts.values()].some(({ op: { id, names } }) => names !== undefined && history.workOf(id) === op && !isThere(nameOf(names)));
}

/** What awaits something awaits what is on disk, or the dead letter's reason says that it isn't. A provider may go while a request that names it is written: then it's found out in the end. */
export function knowsWhatItAwaits({ disk, history }: World): void {
  if (disk.hasFailed) return;
  const entries = disk.all<EntryRecord>('entries');
  const known = new Set([...entries.filter(({ provides }) => provides !== undefined).map(({ seq }) => seq), ...disk.all<GivenId>('ids').map(({ seq }) => seq)]);
  for (const { state, reason, awaits = [], request } of entries) {
    if (state === 'dead' || reason === 'retried' || awaits.every((seq) => known.has(seq))) continue;
    history.violated('who awaits something knows what', `${reason}, and ${awaits.filter((seq) => !known.has(seq)).join(', ')} isn't there any more`, opOf(request.url));
  }
}
