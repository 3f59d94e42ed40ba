import type { BackendRecord } from '../../../sw/policy/backend-record.js';
import type { Process } from '../agenda.js';
import type { Worker } from '../browser/worker.js';
import type { World } from '../world.js';

/** A worker that has found an untold hold on disk has told of it after this, in milliseconds. */
const TOLD_MS = 10_000;

/** Looks at whether pages hear of what they're to do something about. */
export function watchHolds(world: World): void {
  const { agenda, browser, chances, disk, history } = world;

  /** Holds on disk of which no page is known to have been told, as text. */
  const untold = (): string[] =>
    disk.all<BackendRecord>('backends').flatMap(({ key, gates, signedOut }) =>
      Object.entries(gates).flatMap(([owner, { hold }]) => (hold && !hold.told && !signedOut ? [`${key}, ${owner}, since ${hold.since}`] : [])),
    );

  /** Who has written anything has read what the one before has left. */
  const writers = new WeakSet<Process>();
  disk.onCommit.push(({ process }) => writers.add(process));

  /** A worker that starts tells of the holds that the one before has written, and hasn't lived to tell of. */
  world.started = (worker: Worker) => {
    const before = new Set(untold());
    if (before.size === 0) return;
    agenda.in(TOLD_MS, worker, () => {
      const isAtWork = writers.has(worker) && worker.version === browser.active;
      const [left] = untold().filter((hold) => before.has(hold));
      if (left && isAtWork && !chances.wasSlow && !disk.hasFailed) history.violated('holds are told', `${left}: ${worker.name} has said nothing of it`);
    });
  };
}
