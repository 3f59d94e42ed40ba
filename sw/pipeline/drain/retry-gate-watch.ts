import type { Ports } from '../../ports.js';
import type { Backend } from '../backend/backend.js';
import { createDeadline, DeadlineError } from '../deadline.js';
import type { Backoffs } from './backoffs.js';

/** Whether a backend's retry gate is open. If not, the watch waits for the gate, and nudges the drain when it opens. */
export type RetryGateWatch = (backend: Backend) => Promise<boolean>;

/** A gate that opens within this time doesn't count as having been closed, in milliseconds: a validation may take that long. */
const CLOSED_AFTER_MS = 3_000;

/** The wait before a gate that failed is asked again, in milliseconds. */
const PAUSE_MS = 1_000;

export function createRetryGateWatch({ clock, log }: Pick<Ports, 'clock' | 'log'>, backoffs: Backoffs, nudge: () => Promise<void>): RetryGateWatch {
  const deadline = createDeadline({ clock, log });

  /** Waits for a gate. A closed gate is asked anew at each deadline, as its news may have been lost, or its validation may never end. */
  const opening = (backend: Backend): Promise<'open' | 'failed'> =>
    deadline('the gate', (signal) => backend.retryGate.awaitRetryAllowed(signal)).then(
      () => 'open' as const,
      (error: unknown) => {
        if (error instanceof DeadlineError) return opening(backend);
        log.warn('[holdfast] a retry gate failed; it counts as closed for now', error);
        return 'failed' as const;
      },
    );

  return async (backend) => {
    if (backend.isRetryGateClosed) return false;
    const wait = opening(backend);
    const at = await Promise.race([wait, microtasks()]);
    if (at === 'open') return true;
    if (at === 'failed') {
      clock.after(PAUSE_MS, () => void nudge());
      return false;
    }
    backend.isRetryGateClosed = true;
    const since = clock.now();
    void wait.then(async (opened) => {
      // A gate that only had to validate the network hasn't been closed, so backoffs go on.
      if (opened === 'open' && clock.now() - since > CLOSED_AFTER_MS) await backoffs.restart(backend);
      backend.isRetryGateClosed = false;
      await nudge();
    });
    return false;
  };
}

/** Waits a few turns of the microtask queue, within which an open gate answers. */
async function microtasks(): Promise<'waiting'> {
  for (let turn = 0; turn < 8; turn++) await Promise.resolve();
  return 'waiting';
}
