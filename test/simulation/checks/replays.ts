import type { EntryRecord } from '../../../sw/policy/entry-record.js';
import type { Worker } from '../browser/worker.js';
import { opOfEntry } from '../history.js';
import type { World } from '../world.js';

/** What waits of an op on disk. */
export function entryOf({ disk, history }: Pick<World, 'disk' | 'history'>, op: number): EntryRecord | null {
  const entry = disk.get('entries', history.stored.get(op)?.seq ?? NaN) as EntryRecord | undefined;
  return entry?.state === 'pending' && opOfEntry(entry) === op ? entry : null;
}

/** Whether it's what waits in line that a worker sends, and not its page's own first try. */
export function isReplay(world: World, worker: Worker, op: number): boolean {
  const entry = entryOf(world, op);
  return (entry !== null && entry.reason !== 'first-send') || ![...worker.fetches].some(({ open }) => open.op === op);
}
