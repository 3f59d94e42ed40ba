import type { Decision, KeptSettlement } from '../policy/entry.js';
import type { EntryRecord } from '../policy/entry-record.js';
import type { OutboxStart, Ports } from '../ports.js';

/**
 * How long a new worker waits for fetch events that come again, in milliseconds. Chromium dispatches
 * one at once when it has lost the worker in the middle of it, and does so once
 * (`ServiceWorkerSubresourceLoader` in its sources). The request would be sent, or stored, twice.
 */
const COMES_AGAIN_MS = 2_000;

/** A request that came in time may take so much longer to be read. In milliseconds. */
const READ_MS = 30_000;

/** A lock outlives its worker by a moment. In milliseconds. */
const LOCK_MS = 1_000;

/** Answers that were handed over within this are written down together. In milliseconds. */
const GATHER_MS = 50;

/** The lock that a worker keeps while it lives. */
export const workerLock = (worker: string): string => `holdfast:worker:${worker}`;

/** Fetch events without an answer: those that an earlier worker left, and this one's own. */
export interface Unanswered {
  /**
   * A fetch event has come. Gives what says that it's known whether it came before, and null where it
   * can't be one that did.
   */
  enter(): (() => void) | null;
  /** Whether the entry waits for its event. It isn't replayed meanwhile. */
  has(seq: number): boolean;
  /** When to look again whether an entry still waits; null when none does. */
  end(): number | null;
  /**
   * Takes what the event with this fingerprint left behind: each once. Null when there's nothing, or
   * its worker lives and will answer by itself.
   *
   * @param taken called with an entry in the turn in which it stops waiting
   */
  claim(fingerprint: string, taken: (entry: EntryRecord) => void): Promise<EntryRecord | KeptSettlement | null>;
  /** The event has its answer: another one like it is a request of its own. Never rejects. */
  answered(seq: number): Promise<void>;
  /** What an earlier worker left. */
  found(start: Pick<OutboxStart, 'unanswered' | 'untold'>): void;
}

export function createUnanswered({ clock, locks, outbox, log }: Ports): Unanswered {
  const start = clock.now();
  const deadline = start + COMES_AGAIN_MS;
  let entries: EntryRecord[] = [];
  let settlements: KeptSettlement[] = [];
  let inHand = 0;
  let told: number[] = [];
  let telling: Promise<void> | null = null;

  const isLate = () => clock.now() >= deadline || clock.now() < start;
  const isOver = () => isLate() && (inHand === 0 || clock.now() >= deadline + READ_MS);

  const write = (work: Promise<unknown>): Promise<void> =>
    work.then(
      () => {},
      (error: unknown) => log.warn('[holdfast] an answered request stays marked as open for now', error),
    );

  /** Nobody will ask for these any more. A later worker must not take a new request for one of them. */
  async function close(): Promise<void> {
    if (!isOver()) {
      clock.after(LOCK_MS, () => void write(close()));
      return;
    }
    const left = entries;
    entries = settlements = [];
    for (const { seq, asked } of left) {
      if (!asked || (await locks.isHeld(workerLock(asked.worker)))) continue;
      const closed = (entry: EntryRecord): Decision | null =>
        entry.asked?.worker === asked.worker ? { entry: { ...entry, asked: null }, events: [] } : null;
      await outbox.commit({ seq, decide: closed });
    }
  }

  return {
    enter() {
      if (isLate() || entries.length + settlements.length === 0) return null;
      inHand++;
      let left = false;
      return () => {
        if (!left) inHand--;
        left = true;
      };
    },
    has: (seq) => !isOver() && entries.some((entry) => entry.seq === seq),
    end: () => (isOver() || entries.length === 0 ? null : Math.max(deadline, clock.now() + LOCK_MS)),
    async claim(fingerprint, taken) {
      for (const entry of entries) {
        if (entry.asked?.fingerprint !== fingerprint) continue;
        if (!(await locks.getsFree(workerLock(entry.asked.worker), LOCK_MS))) continue;
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
    answered(seq) {
      told.push(seq);
      return (telling ??= new Promise((resolve) => {
        clock.after(GATHER_MS, () => {
          const seqs = told;
          told = [];
          telling = null;
          resolve(write(outbox.answered(seqs)));
        });
      }));
    },
    found: ({ unanswered, untold }) => {
      entries = unanswered;
      // For what was settled long before, nobody has asked again.
      const isRecent = ({ at }: KeptSettlement) => at >= start - COMES_AGAIN_MS;
      settlements = untold.filter(isRecent);
      const old = untold.filter((settlement) => !isRecent(settlement));
      if (old.length > 0) void write(outbox.answered(old.map(({ seq }) => seq)));
      if (entries.length > 0) clock.after(deadline - clock.now(), () => void write(close()));
    },
  };
}
