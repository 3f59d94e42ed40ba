import type { EntryRecord } from '../../../sw/policy/entry-record.js';
import { IDEMPOTENCY_HEADER } from '../../../sw/protocol/headers.js';
import type { Process } from '../agenda.js';
import { Worker } from '../browser/worker.js';
import { opOf, opOfEntry } from '../history.js';
import type { World } from '../world.js';
import { entryChanges } from './disk.js';

/** A read or a write that meets two losses within this has failed, in milliseconds. */
const REPEATED_MS = 2_000;

/** A write without an id of its page's is in nobody's way: it has found itself, on disk since its connection was lost. */
export function noConflictWithItself({ history }: World): void {
  for (const { op, heard } of history.posts.values())
    // A server that's still at an earlier send has said it last, or there was no room for the request.
    if (heard?.kind === 'answer' && heard.status === 409 && op.taskId === null && !op.document && !history.full.has(op.id) && !history.told.get(op.id)?.some(({ event }) => event.type === 'failed' && event.status === 409)) history.violated('no conflict with itself', 'its page heard 409', op.id);
}

/** Looks at what becomes of writes when the database is lost, or kept by somebody. */
export function watchDatabase(world: World): void {
  const { agenda, chances, disk, history, network, server, setup } = world;

  /** One request is stored once: what may be on disk, as its connection was lost over it, isn't added a second time. */
  disk.onCommit.push((committed) => {
    for (const { before, after } of entryChanges(committed)) {
      if (!after || before) continue;
      const other = disk.all<EntryRecord>('entries').find(({ seq, requestId }) => seq !== after.seq && requestId !== undefined && requestId === after.requestId);
      if (other) history.violated('stored once', `${committed.process.name} has stored it as ${after.seq}, and it was ${other.seq} already`, opOfEntry(after));
    }
  });

  /** Requests of which a worker has told that the storage fails. */
  const told = new Map<Process, Set<number>>();
  world.noStorage = (worker, op) => {
    told.set(worker, (told.get(worker) ?? new Set()).add(op));
    // A connection that's lost once is opened again, and the work repeated.
    const isTwice = disk.connections.lostAt.filter((at) => at > agenda.now - REPEATED_MS).length > 1;
    if (!disk.hasFailed && !isTwice && !chances.wasSlow && setup.keepsBlobs) history.violated('a lost connection costs nothing', `${worker.name} says that the storage fails`, op);
  };

  /** What goes without Holdfast for want of a storage is told of. Where a redirect leads to another origin, a request goes without its key. */
  network.onSend.push((process, { url, method, headers }) => {
    const op = opOf(url);
    const post = history.posts.get(op);
    if (!(process instanceof Worker) || method !== 'POST' || headers[IDEMPOTENCY_HEADER] !== undefined || !post || post.op.mode === 'bypass' || network.portalSince !== null || post.op.fails === 'redirect') return;
    const isOff = server.said.some(({ offlineMode }) => !offlineMode) || history.calls.some(({ name }) => name === 'switch');
    if (!isOff && !told.get(process)?.has(op)) history.violated('no storage is told of', `${process.name} sends it bare, and has said nothing`, op);
  });
}
