import type { Settlement } from '../protocol/api.js';
import type { SyncEvent } from '../protocol/events.js';
import type { Decision } from '../policy/entry.js';
import { maskUrl } from '../policy/secrets.js';
import type { CaptureOrder, CaptureResult, Commit, Ports, Sweep } from '../ports.js';

/**
 * The one way of changing what's on disk and of telling about it: an event is told when its
 * transaction is committed, and not before.
 */
export interface Report {
  commit(commit: Commit): Promise<Decision | null>;
  capture(order: CaptureOrder): Promise<CaptureResult>;
  sweep(sweep: Sweep): Promise<void>;
  /** Tells of something that isn't stored. */
  tell(...events: SyncEvent[]): void;
  /** Tells that a request went, or goes, to the network as if Holdfast weren't there. */
  storageFailed(method: string, url: string, error: unknown): void;
  /** Another worker has told of something: it may be what somebody waits for here. */
  heard(event: SyncEvent): void;
  /** Resolves with the final answer to an entry while this worker lives; with null when it's replaced. */
  settlementOf(seq: number): Promise<Settlement | null>;
}

export function createReport(
  { clock, outbox, broadcast, log }: Pick<Ports, 'clock' | 'outbox' | 'broadcast' | 'log'>,
  onEvent?: (event: SyncEvent) => void,
): Report {
  const waiters = new Map<number, ((settlement: Settlement | null) => void)[]>();

  const tell = (...events: SyncEvent[]) => {
    for (const event of events) {
      broadcast(event);
      try {
        onEvent?.(Object.freeze(event));
      } catch (error) {
        // The hook observes; it can't break anything.
        log.error('[holdfast] onEvent threw; fix the hook', error);
      }
    }
  };

  const told = (decision: Decision) => {
    const { settlement } = decision;
    if (settlement) end(settlement.seq, settlement);
    tell(...decision.events);
  };

  const end = (seq: number, settlement: Settlement | null) => {
    for (const resolve of waiters.get(seq) ?? []) resolve(settlement);
    waiters.delete(seq);
  };

  return {
    tell,
    storageFailed(method, address, error) {
      const url = maskUrl(address);
      log.error(`[holdfast] the storage fails, so ${method} ${url} goes without it`, error);
      const name = error instanceof Error ? error.name : String(error);
      tell({ type: 'storage-failed', at: clock.now(), method, url, error: name });
    },
    async commit(commit) {
      const decision = await outbox.commit(commit);
      tell(...(commit.events ?? []));
      if (decision) told(decision);
      return decision;
    },
    async capture(order) {
      const result = await outbox.capture(order);
      if (result.kind === 'stored') {
        // Whoever waited for the request that was replaced doesn't wait for this one.
        if (result.replaced) end(result.seq, null);
        told(result.decision);
      }
      return result;
    },
    async sweep(sweep) {
      const decisions = await outbox.sweep(sweep);
      tell(...sweep.events);
      decisions.forEach(told);
    },
    heard(event) {
      if (!('seq' in event) || !waiters.has(event.seq)) return;
      outbox.settlement(event.key).then(
        (settlement) => settlement?.seq === event.seq && end(event.seq, settlement),
        (error: unknown) => log.warn("[holdfast] the answer that a page waits for can't be read", error),
      );
    },
    settlementOf: (seq) =>
      new Promise((resolve) => {
        waiters.set(seq, [...(waiters.get(seq) ?? []), resolve]);
      }),
  };
}
