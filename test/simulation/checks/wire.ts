import type { Process } from '../agenda.js';
import { Worker } from '../browser/worker.js';
import { opOf, opOfEntry } from '../history.js';
import { isTight } from '../setup.js';
import type { World } from '../world.js';
import type { EntryRecord } from '../../../sw/policy/entry-record.js';
import { entryChanges } from './disk.js';
import { isReplay } from './replays.js';

/** A worker that was replaced may have had a replay in hand, which is on the wire after no longer than this. In milliseconds. */
const LATE_MS = 1_000;

/** A first send is on disk after this, in milliseconds: 250, and the write. */
const STORED_MS = 1_000;

/** Looks at each request as it's sent. */
export function watchWire(world: World): void {
  const { agenda, browser, chances, disk, history, network } = world;
  /** On the wire, by op; and who has had a good answer. */
  const flying = new Map<number, { process: Process; since: number }>();
  const served = new Map<number, Process>();

  network.onSend.push((process, { url, headers }) => {
    const op = opOf(url);
    // What has no key isn't captured.
    if (headers['idempotency-key'] === undefined) return;
    const other = flying.get(op)?.process;
    if (other?.isAlive) history.violated('once at a time', `${process.name} sends what ${other.name} has on the wire`, op);
    const server = served.get(op);
    if (server?.isAlive && !disk.wasBroken) history.violated('no send after the answer', `${process.name} sends what ${server.name} had a good answer to`, op);
    if (isReplacedAndReplays(process, op)) history.violated('replays by the active worker', `${process.name} was replaced`, op);
    const gone = history.gone.get(op);
    if (process instanceof Worker && gone?.how === 'replaced' && isReplay(world, process, op)) history.violated('what was replaced stays here', `${process.name} sends it ${Math.round(agenda.now - gone.at)} ms after op ${gone.byOp} has its place`, op);
    flying.set(op, { process, since: agenda.now });
  });

  /** A worker that was replaced sends what its own fetch events ask for, and no replay. */
  const isReplacedAndReplays = (process: Process, op: number): boolean =>
    process instanceof Worker &&
    process.version < browser.active &&
    agenda.now > browser.activeSince + LATE_MS &&
    !chances.wasSlow &&
    ![...process.fetches].some(({ open }) => open.op === op);

  network.onEnd.push((process, { url, headers }, answer) => {
    const op = opOf(url);
    if (headers['idempotency-key'] === undefined) return;
    if (flying.get(op)?.process === process) flying.delete(op);
    if (answer && answer.status < 300) served.set(op, process);
  });

  world.told = (worker, event) => {
    if (event.type === 'outbox-full') history.full.add(opOf(event.url));
    const post = event.type === 'storage-failed' ? history.posts.get(opOf(event.url)) : undefined;
    if (post) post.isPassed = true;
    if (event.type === 'storage-failed') world.noStorage(worker, opOf(event.url));
  };

  /** What's on the wire keeps its place: a request in its stead queues up behind it. */
  disk.onCommit.push((committed) => {
    for (const { before, after } of entryChanges(committed)) {
      const op = before ? opOfEntry(before) : NaN;
      if (after && opOfEntry(after) !== op && flying.get(op)?.process.isAlive)
        history.violated('what is on the wire keeps its place', `op ${opOfEntry(after)} has taken it`, op);
    }
  });

  /** What sends have come to is on disk from the beginning of a turn: nothing of a later entry without the deliveries before it. */
  disk.onCommit.push((committed) => {
    if (disk.hasFailed) return;
    for (const { before, after } of entryChanges(committed)) {
      // First sends go side by side, and have no order of their own.
      if (!before?.turn || !after || before.reason === 'first-send' || after.sends <= before.sends) continue;
      const isServed = (entry: EntryRecord) => served.get(opOfEntry(entry)) === committed.process && String(entry.turn) === String(before.turn);
      const earlier = disk.all<EntryRecord>('entries').find((entry) => entry.seq < before.seq && isServed(entry));
      if (earlier) history.violated('results are a prefix', `that of op ${opOfEntry(before)} is written, and op ${opOfEntry(earlier)} before it, which is delivered, isn't`, opOfEntry(before), opOfEntry(earlier));
    }
  });

  /** Nothing that has been on the wire for a while dies with its worker. */
  world.died = (worker) => {
    for (const [op, { process, since }] of flying)
      if (process === worker && agenda.now > since + STORED_MS && !history.stored.has(op) && !disk.hasFailed && !chances.wasSlow && !wasFull(op))
        history.violated('stored in a moment', `${worker.name} died ${Math.round(agenda.now - since)} ms into its first send`, op);
  };
  const wasFull = (op: number) => isTight(world.setup) || world.server.said.some(({ offlineMode }) => !offlineMode) || history.calls.some(({ name }) => name === 'switch') || history.posts.get(op)?.op.taskId !== null;
}
