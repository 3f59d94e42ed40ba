import { circuitHurried } from '../../policy/circuit.js';
import { transition } from '../../policy/entry.js';
import { isResting, type EntryRecord } from '../../policy/entry-record.js';
import { askedPatienceMs } from '../../policy/retry-after.js';
import type { Ports } from '../../ports.js';
import type { Backend } from '../backend/backend.js';
import type { Report } from '../report.js';
import type { State } from '../backend/backends.js';

/** What changes the times that entries wait for. Neither call rejects: a drain looks at what is there. */
export interface Backoffs {
  /** What nobody answered is due now, and what rests; with `all`, so is what was answered. A `Retry-After` stands. */
  cutShort(all: boolean): Promise<void>;
  /**
   * The retry gate was closed and has opened. The order is gate first, backoff after: what backs off
   * after a transient answer starts to do so now. What nobody answered has nothing to wait for any more.
   */
  restart(backend: Backend): Promise<void>;
}

/** Until when the last answer has asked to be left alone; 0 where it hasn't. */
function patienceUntil({ lastAnswer }: EntryRecord): number {
  const asked = lastAnswer && askedPatienceMs(lastAnswer.headers, lastAnswer.at);
  return lastAnswer && asked !== null ? lastAnswer.at + asked : 0;
}

export function createBackoffs({ ports, report, state }: { ports: Ports; report: Report; state: State }): Backoffs {
  const { clock, outbox, log } = ports;

  const hurryCircuit = (backend: Backend, all: boolean) => {
    const circuit = circuitHurried(backend.record.circuit, all, clock.now());
    backend.record = { ...backend.record, circuit };
  };

  const told = (work: () => Promise<void>) =>
    work().catch((error: unknown) => log.error("[holdfast] the outbox can't be read", error));

  return {
    cutShort: (all) =>
      told(async () => {
        await state.ready();
        for (const backend of state.backends.values()) hurryCircuit(backend, all);
        const now = clock.now();
        const anyWaits = [...state.backends.values()].some(({ lanes }) => lanes.any);
        for (const head of anyWaits ? await outbox.heads() : []) {
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
      told(async () => {
        hurryCircuit(backend, false);
        for (const head of await outbox.heads()) {
          const backsOff = head.state === 'pending' && head.retries > 0 && head.unreachable === 0 && !isResting(head);
          if (head.backend !== backend.config.key || !backsOff) continue;
          await report.commit({
            seq: head.seq,
            decide: (entry) => transition(entry, { type: 'backoff-restarted' }, clock.now()),
          });
        }
      }),
  };
}
