import type { EntryRecord } from '../policy/entry-record.js';
import type { Decision } from '../policy/entry.js';
import { maskUrl } from '../policy/secrets.js';
import type { CaptureOrder, CaptureResult, Commit, Ports, Sweep } from '../ports.js';
import type { Settlement } from '../protocol/api.js';
import type { SyncEvent } from '../protocol/events.js';
import type { Doubts } from './workers/doubts.js';

/**
 * The one way to change the outbox and to emit events: an event is emitted once its transaction is
 * committed, and not before.
 */
export interface Report {
  commit(commit: Commit): Promise<Decision | null>;
  capture(order: CaptureOrder): Promise<CaptureResult>;
  sweep(sweep: Sweep): Promise<void>;
  /** Emits events that belong to no transaction. */
  tell(...events: SyncEvent[]): void;
  /** Emits that the storage failed, so that a request went, or goes, to the network as if Holdfast weren't there. */
  storageFailed(method: string, url: string, error: unknown): void;
  /** Takes in an event of another worker, which may have settled an entry that a page of this worker waits for. */
  heard(event: SyncEvent): void;
  /** Resolves with the final answer to an entry's request while this worker lives; with null when another takes its place. */
  settlementOf(entry: Pick<EntryRecord, 'seq' | 'requestId'>): Promise<Settlement | null>;
}

/** A page that waits for the answer to a request. */
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
        // A failing hook must not break the pipeline.
        log.error('[holdfast] onEvent threw; fix the hook', error);
      }
    }
  };

  const announce = (decision: Decision) => {
    const { settlement } = decision;
    if (settlement) end(settlement.seq, settlement.requestId, settlement);
    tell(...decision.events);
  };

  /** Resolves all waiters of a `seq`. A waiter for another request than the ended one gets null, as its request was replaced. */
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
      // The entry is read first: if it ends between the two reads, the second one finds its settlement.
      const [entry] = await outbox.find(seq);
      const settlement = await outbox.settlement(seq);
      if (settlement) end(seq, settlement.requestId, settlement);
      else if (entry) replaced(seq, entry.requestId);
      // Only a purge leaves neither entry nor settlement.
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
      if (decision) announce(decision);
      return decision;
    },
    async capture(order) {
      const result = await outbox.capture(order);
      if (result.kind === 'stored') {
        // The waiters for a replaced request don't wait for the new one.
        if (result.replaced) replaced(result.seq, order.draft.requestId);
        doubts.end(result.seq);
        announce(result.decision);
      }
      return result;
    },
    async sweep(sweep) {
      const decisions = await outbox.sweep({ ...sweep, decide: (entry) => sweep.decide(doubts.on(entry)) });
      tell(...sweep.events);
      decisions.forEach(announce);
    },
    heard: (event) => 'seq' in event && lookFor(event.seq),
    settlementOf: ({ seq, requestId }) =>
      new Promise((resolve) => {
        waiters.set(seq, [...(waiters.get(seq) ?? []), { requestId, resolve }]);
        // The entry may have been ended or replaced since it was stored, or taken over.
        lookFor(seq);
      }),
  };
}
