import type { Settlement } from '../protocol/api.js';
import type { SyncEvent } from '../protocol/events.js';
import type { Decision } from '../policy/entry.js';
import type { EntryRecord } from '../policy/entry-record.js';
import { maskUrl } from '../policy/secrets.js';
import type { CaptureOrder, CaptureResult, Commit, Ports, Sweep } from '../ports.js';
import type { Doubts } from './workers/doubts.js';

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
  /** Resolves with the final answer to an entry's request while this worker lives; with null when another takes its place. */
  settlementOf(entry: Pick<EntryRecord, 'seq' | 'requestId'>): Promise<Settlement | null>;
}

/** Somebody who waits for the answer to a request. */
interface Waiter {
  requestId: string | undefined;
  resolve(settlement: Settlement | null): void;
}

export function createReport(
  { clock, outbox, broadcast, log }: Pick<Ports, 'clock' | 'outbox' | 'broadcast' | 'log'>,
  doubts: Doubts,
  onEvent?: (event: SyncEvent) => void,
): Report {
  const waiters = new Map<number, Waiter[]>();

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
    if (settlement) end(settlement.seq, settlement.requestId, settlement);
    tell(...decision.events);
  };

  /** Whoever waits for another request than the one that has ended under its `seq` waits in vain: that was replaced. */
  const end = (seq: number, requestId: string | undefined, settlement: Settlement) => {
    for (const waiter of takeWaiters(seq)) waiter.resolve(waiter.requestId === requestId ? settlement : null);
  };

  const takeWaiters = (seq: number): Waiter[] => {
    const all = waiters.get(seq) ?? [];
    waiters.delete(seq);
    return all;
  };

  const replaced = (seq: number, requestId: string | undefined) => {
    const all = waiters.get(seq) ?? [];
    for (const waiter of all) if (waiter.requestId !== requestId) waiter.resolve(null);
    const left = all.filter((waiter) => waiter.requestId === requestId);
    if (left.length > 0) waiters.set(seq, left);
    else waiters.delete(seq);
  };

  function lookFor(seq: number): void {
    if (!waiters.has(seq)) return;
    const look = async () => {
      // The entry first: one that ends between the two has its answer by the second.
      const [entry] = await outbox.find(seq);
      const settlement = await outbox.settlement(seq);
      if (settlement) end(seq, settlement.requestId, settlement);
      else if (entry) replaced(seq, entry.requestId);
      // A purge has left neither.
      else for (const waiter of takeWaiters(seq)) waiter.resolve(null);
    };
    look().catch((error: unknown) => log.warn("[holdfast] the answer that a page waits for can't be read", error));
  }

  return {
    tell,
    storageFailed(method, address, error) {
      const url = maskUrl(address);
      log.error(`[holdfast] the storage fails, so ${method} ${url} goes without it`, error);
      const name = error instanceof Error ? error.name : String(error);
      tell({ type: 'storage-failed', at: clock.now(), method, url, error: name });
    },
    async commit(commit) {
      const { seq, decide } = commit;
      const decision = await outbox.commit(decide ? { ...commit, decide: (entry) => decide(doubts.on(entry)) } : commit);
      if (decision && seq !== undefined) doubts.end(seq);
      tell(...(commit.events ?? []));
      if (decision) told(decision);
      return decision;
    },
    async capture(order) {
      const result = await outbox.capture(order);
      if (result.kind === 'stored') {
        // Whoever waited for the request that was replaced doesn't wait for this one.
        if (result.replaced) replaced(result.seq, order.draft.requestId);
        doubts.end(result.seq);
        told(result.decision);
      }
      return result;
    },
    async sweep(sweep) {
      const decisions = await outbox.sweep({ ...sweep, decide: (entry) => sweep.decide(doubts.on(entry)) });
      tell(...sweep.events);
      decisions.forEach(told);
    },
    heard: (event) => 'seq' in event && lookFor(event.seq),
    settlementOf: ({ seq, requestId }) =>
      new Promise((resolve) => {
        waiters.set(seq, [...(waiters.get(seq) ?? []), { requestId, resolve }]);
        // The very transaction that has stored it, or taken it up, may have ended or replaced it.
        lookFor(seq);
      }),
  };
}
