import { IDEMPOTENCY_HEADER } from '../../../sw/protocol/headers.js';
import { Worker } from '../browser/worker.js';
import { opOf, opOfEntry, type Call, type History } from '../history.js';
import type { World } from '../world.js';
import { entryChanges } from './disk.js';
import { entryOf } from './replays.js';

/** Looks at what becomes of writes while the kill switch is thrown. */
export function watchSwitch(world: World): void {
  const { disk, history, network } = world;

  /** While the kill switch is thrown, nothing that pages write comes onto the disk. */
  disk.onCommit.push((committed) => {
    for (const { before, after } of entryChanges(committed)) {
      const op = after ? opOfEntry(after) : NaN;
      if (!after || (before && opOfEntry(before) === op) || !isThrown(history, op)) continue;
      history.violated('the kill switch captures nothing', `${committed.process.name} has stored it`, op);
    }
  });

  /** What is on disk goes out under its key, whatever is switched off: bare it would act a second time. A redirect to another origin leads past the server. */
  network.onSend.push((process, { url, method, headers }) => {
    if (!(process instanceof Worker) || method !== 'POST' || headers[IDEMPOTENCY_HEADER] !== undefined || disk.hasFailed || network.portalSince !== null) return;
    const op = opOf(url);
    if (entryOf(world, op) && history.posts.get(op)?.op.fails !== 'redirect') history.violated('nothing that is stored goes bare', `${process.name} sends it without its key`, op);
  });
}

/**
 * Whether the switch was thrown when the page wrote it, and hasn't been put back since, nor was about to be. Of two calls
 * that are on their way at once, either may come last.
 */
function isThrown({ calls, posts }: History, op: number): boolean {
  const isDone = ({ answeredOrder, result }: Call) => answeredOrder !== undefined && !(result instanceof Error);
  const thrown = calls.findLast((call) => call.name === 'switch' && isDone(call));
  const isPutBack = (call: Call) => call.name === 'unswitch' && (!isDone(call) || call.answeredOrder! > thrown!.order);
  return thrown !== undefined && (posts.get(op)?.order ?? 0) > thrown.answeredOrder! && !calls.some(isPutBack);
}
