import type { EntryRecord } from '../policy/entry-record.js';
import type { Decision } from '../policy/entry-decision.js';
import { maskUrl } from '../policy/secrets.js';
import { resolvedEvent, type GivenId } from '../policy/given-ids.js';
import type { Body, CaptureOrder, CaptureResult, Commit, Ports, Sweep } from '../ports.js';
import type { Settlement } from '../protocol/api.js';
import type { AboutEntry, SyncEvent } from '../protocol/events.js';
import type { Line } from './line.js';
import type { Providers } from './providers.js';
import type { Doubts } from './workers/doubts.js';

/**
 * The one way to change the outbox and to emit events: an event is emitted once its transaction is
 * committed, and not before.
 */
export interface Report {
  commit(commit: Commit): Promise<Decision | null>;
  /**
   * Commits a delivery along with others, within 50 ms. Deliveries are committed in their order and before whatever is
   * committed after them: the disk never shows a later delivery of a lane without the earlier ones.
   */
  deliver(commit: Commit): Promise<Decision | null>;
  /** Writes the deliveries that wait, and resolves when all that were asked for are on disk, or have failed. */
  written(): Promise<void>;
  capture(order: CaptureOrder): Promise<CaptureResult>;
  sweep(sweep: Sweep): Promise<void>;
  /** Writes an id that a page has told. Returns the decisions about the entries that await it. */
  resolve(given: GivenId, about: Pick<AboutEntry, 'baseUrl' | 'namespace'>): Promise<Decision[]>;
  /** Emits events that belong to no transaction. */
  tell(...events: SyncEvent[]): void;
  /** Emits that the storage failed, so that a request went, or goes, to the network as if Holdfast weren't there. */
  storageFailed(method: string, url: string, error: unknown): void;
  /** Takes in an event of another worker, which may have settled an entry that a page of this worker waits for. */
  heard(event: SyncEvent): void;
  /** Resolves with the final answer to an entry's request while this worker lives; with null when another takes its place. */
  settlementOf(entry: Pick<EntryRecord, 'seq' | 'requestId'>): Promise<Settlement | null>;
}

/** How many deliveries are committed together, and how long one waits for others, in milliseconds. */
const LOT = 8;
const LOT_MS = 50;

/** A page that waits for the answer to a request. */
interface Waiter {
  seq: number;
  requestId: string | undefined;
  resolve(settlement: Settlement | null): void;
}

export function createReport(
  { clock, outbox, broadcast, log }: Pick<Ports, 'clock' | 'outbox' | 'broadcast' | 'log'>,
  doubts: Doubts,
  line: Line,
  providers: Providers,
  onEvent?: (event: SyncEvent) => void,
): Report {
  const waiters = new Set<Waiter>();
  /** Requests that were coalesced with a newer one, by their ids. */
  const newer = new Map<string | undefined, string | undefined>();

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

  /** Deliveries that are to be committed together. */
  let lot: { commit: Commit; resolve(decision: Decision | null): void; reject(error: unknown): void }[] = [];
  let stopTimer = () => {};
  let writing: Promise<unknown> = Promise.resolve();

  function flush(): void {
    if (lot.length === 0) return;
    stopTimer();
    const deliveries = lot;
    lot = [];
    const made = commitAll(deliveries.map(({ commit }) => commit)).then(
      (decisions) => deliveries.forEach(({ resolve }, index) => resolve(decisions[index]!)),
      (error: unknown) => deliveries.forEach(({ reject }) => reject(error)),
    );
    writing = Promise.all([writing, made]);
  }

  async function commitAll(commits: readonly Commit[]): Promise<(Decision | null)[]> {
    const since = line.age;
    const ends = commits.flatMap(({ seq }) => (seq === undefined ? [] : [line.writing(seq)]));
    try {
      const marked = commits.map((commit) => {
        const { decide } = commit;
        return decide ? { ...commit, decide: (entry: EntryRecord) => decide(doubts.on(entry)) } : commit;
      });
      const decisions = await outbox.commitAll(marked).catch(lost);
      for (const [index, { seq, events = [] }] of commits.entries()) {
        const decision = decisions[index];
        if (seq !== undefined) {
          if (decision) doubts.end(seq);
          if (decision) line.changed(seq, decision.entry, since);
          else line.unsure(seq);
          if (decision) providers.changed(seq, decision);
        }
        tell(...events);
        if (decision) announce(decision);
      }
      return decisions;
    } finally {
      for (const end of ends) end();
    }
  }

  /** Nobody knows what a failed write has left on disk. */
  const lost = (error: unknown): never => {
    line.forget();
    throw error;
  };

  const announce = (decision: Decision) => {
    const { settlement, followed = [] } = decision;
    // The entries that followed have left their lanes, or are back in them.
    if (followed.length > 0) line.forget();
    if (settlement) end(settlement.seq, settlement.requestId, settlement);
    tell(...decision.events);
    followed.forEach(announce);
  };

  /**
   * Resolves the waiters of a `seq` for a request with its settlement; without one they wait on. A waiter for another request
   * gets null, as its request was replaced.
   */
  const end = (seq: number, requestId: string | undefined, settlement: Settlement | null = null) => {
    for (const waiter of waiters) {
      while (newer.has(waiter.requestId)) waiter.requestId = newer.get(waiter.requestId);
      const isForOther = waiter.requestId !== requestId;
      if (waiter.seq !== seq || !(isForOther || settlement)) continue;
      waiters.delete(waiter);
      waiter.resolve(isForOther ? null : settlement);
    }
  };

  function lookFor(seq: number): void {
    if (![...waiters].some((waiter) => waiter.seq === seq)) return;
    const look = async () => {
      // The entry is read first: if it ends between the two reads, the second one finds its settlement.
      const [entry] = await outbox.find(seq);
      const settlement = await outbox.settlement(seq);
      // Only a purge leaves neither entry nor settlement.
      const { requestId } = settlement ?? entry ?? { requestId: '' };
      end(seq, requestId, settlement);
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
      flush();
      return (await commitAll([commit]))[0]!;
    },
    deliver: (commit) =>
      new Promise((resolve, reject) => {
        lot.push({ commit, resolve, reject });
        if (lot.length >= LOT) flush();
        else if (lot.length === 1) stopTimer = clock.after(LOT_MS, flush);
      }),
    async written() {
      flush();
      await writing;
    },
    async capture(order) {
      flush();
      const since = line.age;
      const ends: (() => void)[] = [];
      // A waiting entry that isn't in flight is about to be replaced.
      const isInFlight = (seq: number) => {
        const isFlying = order.isInFlight(seq);
        if (!isFlying) ends.push(line.writing(seq));
        return isFlying;
      };
      try {
        const { coalesce } = order;
        const onLast = coalesce && { coalesce: (last: EntryRecord, body: Body | null) => coalesce(doubts.on(last), body) };
        const result = await outbox.capture({ ...order, ...onLast, isInFlight }).catch(lost);
        if (result.kind === 'gone') {
          const { seq, decision } = result;
          line.changed(seq, null, since);
          providers.changed(seq, decision);
          announce(decision);
        }
        if (result.kind === 'stored') {
          const { seq, decision } = result;
          const entry = decision.entry ?? { ...order.draft, seq };
          if (result.of !== undefined) newer.set(result.of, entry.requestId);
          // The waiters for a replaced request don't wait for the new one.
          if (result.replaced) end(seq, order.draft.requestId);
          if (result.replaced) line.changed(seq, entry, since);
          else line.added(entry, since);
          doubts.end(seq);
          providers.changed(seq, { ...decision, entry });
          announce(decision);
        }
        return result;
      } finally {
        for (const end of ends) end();
      }
    },
    async sweep(sweep) {
      flush();
      const ended = line.sweeping();
      const decisions = await outbox.sweep({ ...sweep, decide: (entry) => sweep.decide(doubts.on(entry)) }).finally(ended);
      if (providers.any) await providers.refresh();
      tell(...sweep.events);
      decisions.forEach(announce);
    },
    async resolve(given, about) {
      flush();
      const decisions = await outbox.resolve(given, { input: { type: 'rejoined' }, at: given.at });
      line.forget();
      providers.answered(given);
      tell(resolvedEvent(given, about));
      decisions.forEach(announce);
      return decisions;
    },
    heard: (event) => 'seq' in event && lookFor(event.seq),
    settlementOf: ({ seq, requestId }) =>
      new Promise((resolve) => {
        waiters.add({ seq, requestId, resolve });
        // The entry may have been ended or replaced since it was stored, or taken over.
        lookFor(seq);
      }),
  };
}
