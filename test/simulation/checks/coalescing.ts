import type { EntryRecord } from '../../../sw/policy/entry-record.js';
import type { CoalescedEvent, SyncEvent } from '../../../sw/protocol/events.js';
import { joinKey } from '../../../sw/protocol/ids.js';
import { opOf, opOfEntry, type Post } from '../history.js';
import type { World } from '../world.js';
import { entryChanges } from './disk.js';

/** Looks at each two writes that become one. */
export function watchCoalescing({ disk, history, network }: World): void {
  const sends = new Set<number>();
  network.onSend.push((_, { url }) => void sends.add(opOf(url)));
  disk.onCommit.push((committed) => {
    for (const { store, after } of committed.changes) {
      if (store !== 'journal' || (after as CoalescedEvent | undefined)?.type !== 'coalesced') continue;
      const { seq, url, newer, discarded, namespace, baseUrl, lane } = after as CoalescedEvent;
      const [older, by] = [opOf(url), opOf(newer.url)];
      const order = history.next();
      history.coalesced.set(older, { into: discarded ? null : by, order });
      if (discarded) history.coalesced.set(by, { into: null, order });
      const changes = entryChanges(committed);
      const before = changes.find(({ key }) => key === seq)?.before;
      // Captures that come together share a transaction, so the older write, or what that was coalesced with, may be as new, and so may what has replaced it.
      const isReplaced = committed.changes.some(({ store, after: told }) => store === 'journal' && isReplacement(told as SyncEvent | undefined, seq));
      if (before && !isReplaced && history.workOf(opOfEntry(before)) !== history.workOf(older)) history.violated('what waits is coalesced', `op ${opOfEntry(before)} was there instead of op ${older}`, older, by);
      const sent = sends.has(older) && !mayGoBare(history.posts.get(older));
      if (sent || (before && before.state !== 'pending')) history.violated('only what was never sent is coalesced', `op ${older} was ${sent ? 'sent' : before?.state}`, older, by);
      const posts = [older, by].map((op) => history.posts.get(op));
      if (posts[0]?.user !== posts[1]?.user) history.violated('only one user’s writes are coalesced', `of ${posts[0]?.user} and ${posts[1]?.user}`, older, by);
      const passed = disk.all<EntryRecord>('entries').find((entry) => entry.turn && entry.seq > seq && !changes.some(({ key, before: was }) => key === entry.seq && !was) && joinKey(namespace, baseUrl) === entry.backend && entry.lane === lane);
      if (passed) history.violated('coalescing overtakes nothing', `op ${opOfEntry(passed)} stands behind op ${older}, whose place op ${by} has`, opOfEntry(passed), by);
    }
  });
}

const isReplacement = (event: SyncEvent | undefined, seq: number): boolean => event?.type === 'queued' && event.reason === 'replaced' && event.seq === seq;

/** Whether a write may have been sent apart from its entry: by a worker that died over it before anything was on disk, or that had no storage. */
const mayGoBare = (post: Post | undefined): boolean => Boolean(post?.diedBare || post?.isPassed);

/** What's coalesced has one effect, with the newest state: the older write is never sent. */
export function newestStateOnly({ history }: World): void {
  for (const [op, { into }] of history.coalesced) {
    if (!mayGoBare(history.posts.get(op)) && history.arrivals.some((arrival) => arrival.op === op)) history.violated('what’s coalesced has one effect', `op ${op} was sent, though ${into === null ? 'nothing was left to do' : `op ${into} does its work`}`, op, into ?? op);
  }
}
