import type { Settlement } from '../protocol/api.js';
import type { Decision } from '../policy/entry.js';
import type { EntryRecord } from '../policy/entry-record.js';
import type { OutboxStart, Ports } from '../ports.js';

/**
 * How long a new worker waits for fetch events that come again, in milliseconds. Chromium dispatches
 * one at once when it has lost the worker in the middle of it, and does so once
 * (`ServiceWorkerSubresourceLoader` in its sources). The request would be sent, or stored, twice.
 */
export const COMES_AGAIN_MS = 2_000;

/** The lock that a worker keeps while it lives. */
export const workerLock = (worker: string): string => `holdfast:worker:${worker}`;

/** Fetch events that an earlier worker left without an answer, as far as the disk knows. */
export interface Unanswered {
  /** Where nothing of that kind is known, no fingerprint need be made. */
  any(): boolean;
  /** Whether the entry waits for its event. It isn't replayed meanwhile. */
  has(seq: number): boolean;
  /** When the waiting is over; null when it is. */
  end(): number | null;
  /**
   * Takes what the event with this fingerprint left behind: each once. Null when there's nothing, or
   * its worker lives and will answer by itself.
   *
   * @param taken called with an entry in the turn in which it stops waiting
   */
  claim(fingerprint: string, taken: (entry: EntryRecord) => void): Promise<EntryRecord | Settlement | null>;
  /** What was answered before this had its answer; an event that comes again was open at the worker's end. */
  readonly since: number;
  /** What an earlier worker left. */
  found(start: Pick<OutboxStart, 'unanswered' | 'untold'>): void;
}

export function createUnanswered({ clock, locks, outbox, log }: Ports): Unanswered {
  const start = clock.now();
  const deadline = start + COMES_AGAIN_MS;
  let entries: EntryRecord[] = [];
  let settlements: Settlement[] = [];
  const isOver = () => clock.now() >= deadline;

  /** Nobody will ask for these any more. A later worker must not take a new request for one of them. */
  async function close(): Promise<void> {
    for (const { seq, asked } of entries) {
      if (asked?.answeredAt !== Infinity || (await locks.isHeld(workerLock(asked.worker)))) continue;
      const closed = (entry: EntryRecord): Decision | null =>
        entry.asked?.worker === asked.worker ? { entry: { ...entry, asked: null }, events: [] } : null;
      await outbox.commit({ seq, decide: closed });
    }
  }

  return {
    any: () => !isOver() && entries.length + settlements.length > 0,
    has: (seq) => !isOver() && entries.some((entry) => entry.seq === seq),
    end: () => (isOver() || entries.length === 0 ? null : deadline),
    async claim(fingerprint, taken) {
      for (const entry of entries) {
        if (entry.asked?.fingerprint !== fingerprint) continue;
        if (!(await locks.getsFree(workerLock(entry.asked.worker), deadline - clock.now()))) continue;
        // Another event of the same kind may have been quicker.
        if (!entries.includes(entry)) continue;
        entries = entries.filter((other) => other !== entry);
        taken(entry);
        return entry;
      }
      const settlement = settlements.find(({ asked }) => asked === fingerprint);
      settlements = settlements.filter((other) => other !== settlement);
      return settlement ?? null;
    },
    since: start - COMES_AGAIN_MS,
    found: ({ unanswered, untold }) => {
      entries = unanswered;
      settlements = untold;
      if (entries.length === 0) return;
      const failed = (error: unknown) => log.warn('[holdfast] a request of an earlier worker stays marked as open', error);
      clock.after(deadline - clock.now(), () => void close().catch(failed));
    },
  };
}
