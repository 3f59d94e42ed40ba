import { DRAIN_LOCK } from '../../../sw/pipeline/drain/drain.js';
import type { Worker } from '../browser/worker.js';
import type { World } from '../world.js';

/** A drain that broke off is followed by another one within this, in milliseconds: a second, and a connection that hangs. */
const AGAIN_MS = 5_000;

/** A drain that broke off is tried again, with nobody's help, while its worker lives. */
export function watchDrains(world: World): void {
  const { agenda, browser, chances, history, setup } = world;
  const asks = new WeakMap<Worker, number>();
  world.asked = (worker, lock) => {
    if (lock === DRAIN_LOCK) asks.set(worker, (asks.get(worker) ?? 0) + 1);
  };
  world.failed = (worker, lock) => {
    // An adoption has the same lock, and fails for good where its queue can't be read.
    if (lock !== DRAIN_LOCK || !worker.isAlive || setup.adopts) return;
    const before = asks.get(worker);
    agenda.in(AGAIN_MS, worker, () => {
      if (asks.get(worker) === before && worker.version === browser.active && !chances.wasSlow) history.violated('drains go on', `${worker.name}'s broke off, and none has followed`);
    });
  };
}
