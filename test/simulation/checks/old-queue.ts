import type { EntryRecord } from '../../../sw/policy/entry-record.js';
import { IDEMPOTENCY_HEADER } from '../../../sw/protocol/headers.js';
import { Worker } from '../browser/worker.js';
import { opOf, opOfEntry } from '../history.js';
import { OLD_STORE, type OldRow } from '../old-queue.js';
import { isTight } from '../setup.js';
import type { World } from '../world.js';
import { entryChanges } from './disk.js';

const opOfRow = (row: unknown): number => opOf((row as OldRow).requestData?.url ?? '');

/** What a queue of workbox's still has that can be taken over. */
export const rowsLeft = ({ oldQueue, history }: World): number[] => oldQueue.all<OldRow>(OLD_STORE).map(opOfRow).filter((op) => history.owed.has(op));

/** Looks at what becomes of what queues of workbox's owe. */
export function watchOldQueue(world: World): void {
  const { browser, disk, history, network, oldQueue } = world;
  const isThere = (op: number) => rowsLeft(world).includes(op);
  /** The worker that has taken it over lives, and has had no trouble but one lost connection. */
  const isSure = (op: number) => !disk.hasFailed && !oldQueue.hasFailed && oldQueue.connections.lostAt.length < 2 && browser.workers.some(({ name, isAlive }) => isAlive && name === history.stored.get(op)?.by);

  oldQueue.onCommit.push(({ process, changes }) => {
    for (const { before, after } of changes) {
      const op = opOfRow(after ?? before);
      const owed = history.owed.get(op);
      history.trace(() => `old queue: ${process.name} ${after ? 'puts' : 'removes'} op ${op}`);
      if (!owed) {
        if (process instanceof Worker && !after) history.violated('what cannot be taken stays there', `${process.name} has removed it from the old queue`, op);
        continue;
      }
      owed.takenBy = after ? 'nobody' : process instanceof Worker ? 'worker' : 'workbox';
      if (owed.takenBy === 'workbox') owed.wasWorkboxs = true;
      if (owed.takenBy === 'worker' && !history.stored.has(op)) history.violated('removed when it is on disk', `${process.name} has removed it from the old queue, and nothing was stored`, op);
    }
  });

  disk.onCommit.push((committed) => {
    for (const { before, after } of entryChanges(committed)) {
      const op = after ? opOfEntry(after) : NaN;
      const owed = history.owed.get(op);
      if (!owed || before || owed.wasWorkboxs) continue;
      const isSecond = history.stored.get(op)?.seq !== after?.seq;
      if (isSecond) history.violated('taken over once', `${committed.process.name} has stored it as ${after?.seq}, and it was ${history.stored.get(op)?.seq} before`, op);
    }
  });

  network.onSend.push((process, { url, headers }) => {
    const op = opOf(url);
    const owed = history.owed.get(op);
    if (!owed || !(process instanceof Worker) || headers[IDEMPOTENCY_HEADER] === undefined || !isSure(op)) return;
    if (isThere(op) && !owed.wasWorkboxs) history.violated('sent when it is out of the old queue', `${process.name} sends what the old queue has as well`, op);
    if (owed.takenBy === 'workbox') history.violated('what workbox has taken is left to it', `${process.name} sends it too`, op);
  });
}

/** What queues of workbox's owed has been taken over, or taken by workbox itself, and nothing of it is lost. */
export function oldQueueIsTakenOver(world: World): void {
  const { disk, history, oldQueue, setup } = world;
  if (oldQueue.version === 0 || !setup.adopts) return;
  const left = rowsLeft(world);
  if (left.length > 0 && !isTight(setup)) history.violated('the old queue is taken over', `${left.length} rows are left`, ...left);
  const waiting = new Set(disk.all<EntryRecord>('entries').map(opOfEntry));
  const asked = (op: number) => history.calls.some(({ name, op: about }) => name === 'purge' || (name === 'cancel' && about === op));
  for (const [op, { takenBy }] of history.owed) {
    const isFailed = (history.told.get(op) ?? []).some(({ event: { type } }) => type === 'failed');
    if (takenBy !== 'worker' || waiting.has(op) || isFailed || asked(op) || history.effects.some((effect) => effect.op === op)) continue;
    history.violated('nothing that was owed is lost', 'a worker has removed it from the old queue, and the server never acted', op);
  }
}

/** What one queue has owed in one line takes effect in its order. */
export function owedInOrder({ history }: World): void {
  const last = new Map<string, { op: number; at: number }>();
  for (const [op, { wasWorkboxs }] of history.owed) {
    const { page, user } = history.posts.get(op)!;
    const first = history.effects.find((effect) => effect.op === op && effect.key !== null);
    const stored = history.stored.get(op);
    const isOut = (history.told.get(op) ?? []).some(({ event: { type } }) => type === 'failed' || type === 'cancelled');
    if (!first || !stored || wasWorkboxs || isOut) continue;
    const line = `${page} ${first.prefix} ${stored.lane} ${user}`;
    const before = last.get(line);
    if (before && before.at > first.order) history.violated('what is owed goes in order', `op ${op} overtook op ${before.op} (${line})`, op, before.op);
    last.set(line, { op, at: first.order });
  }
}
