import { circuitHurried } from '../../policy/circuit.js';
import { backsOff, isResting, type EntryRecord } from '../../policy/entry-record.js';
import { transition } from '../../policy/entry.js';
import { askedPatienceMs } from '../../policy/retry-after.js';
import type { Ports } from '../../ports.js';
import type { Backend } from '../backend/backend.js';
import type { State } from '../backend/backends.js';
import type { Heads } from '../backend/heads.js';
import type { Report } from '../report.js';

/** Changes the times that entries wait for. No call rejects: after a failure, the drain goes by the times on disk. */
export interface Backoffs {
  /** Makes entries due now that nobody answered, or that rest; with `all`, also those with a transient answer. A `Retry-After` stands. */
  cutShort(all: boolean): Promise<void>;
  /**
   * Called when a closed retry gate has opened: a backoff counts from the opening of the gate. Backoffs after a transient
   * answer start anew now. Entries that nobody answered are due now.
   */
  restart(backend: Backend): Promise<void>;
}

/** The end of the wait that an entry's last answer asked for; 0 where it asked for none. */
function patienceUntil({ lastAnswer }: EntryRecord): number {
  const asked = lastAnswer && askedPatienceMs(lastAnswer.headers, lastAnswer.at);
  return lastAnswer && asked !== null ? lastAnswer.at + asked : 0;
}

export function createBackoffs({ ports, report, state, heads }: { ports: Ports; report: Report; state: State; heads: Heads }): Backoffs {
  const { clock, log } = ports;

  const hurryCircuit = (backend: Backend, all: boolean) => {
    const circuit = circuitHurried(backend.record.circuit, all, clock.now());
    backend.record = { ...backend.record, circuit };
  };

  const logFailure = (work: () => Promise<void>) =>
    work().catch((error: unknown) => log.error("[holdfast] the outbox can't be read", error));

  return {
    cutShort: (all) =>
      logFailure(async () => {
        await state.ready();
        for (const backend of state.backends.values()) hurryCircuit(backend, all);
        const now = clock.now();
        const anyWaits = [...state.backends.values()].some(({ lanes }) => lanes.any);
        for (const head of anyWaits ? await heads.look() : []) {
          const { seq, notBefore } = head;
          const due = Math.max(now, patienceUntil(head));
          if (notBefore <= due || !(all || isResting(head))) continue;
          await report.commit({
            seq,
            decide: (entry) => transition(entry, { type: 'hurried', until: due }, now),
          });
        }
      }),

    restart: (backend) =>
      logFailure(async () => {
        hurryCircuit(backend, false);
        for (const head of await heads.look()) {
          if (head.backend !== backend.config.key || !backsOff(head)) continue;
          await report.commit({
            seq: head.seq,
            decide: (entry) => transition(entry, { type: 'backoff-restarted' }, clock.now()),
          });
        }
      }),
  };
}
