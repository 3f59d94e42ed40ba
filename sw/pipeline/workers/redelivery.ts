import { transition, type KeptSettlement } from '../../policy/entry.js';
import type { Asked, EntryRecord } from '../../policy/entry-record.js';
import type { Ports, Requested } from '../../ports.js';
import { workerLock, type Neighbours } from './neighbours.js';

/**
 * How long a lane waits for a fetch event that may come again, in milliseconds: then the page gets the server's own answer.
 * Chromium dispatches one at once when it has lost the worker in the middle of it, and does so once
 * (`ServiceWorkerSubresourceLoader` in its sources). What comes later is known all the same.
 */
const COMES_AGAIN_MS = 2_000;

/** A request that came in time may take so much longer to be read. In milliseconds. */
const READ_MS = 5_000;

/** No fetch event is older: Chromium ends one that has been open for five minutes. In milliseconds. */
const OLDEST_EVENT_MS = 360_000;

/** A lock outlives its worker by a moment. In milliseconds. */
const LOCK_MS = 1_000;

/** Answers that were handed over within this are written down together. In milliseconds. */
const GATHER_MS = 50;

/** Fetch events without an answer: those that an earlier worker left, and this one's own. */
export interface Redelivery {
  /**
   * Registers a fetch event. Gives a function to call once its fingerprint has been checked; null while no event can
   * come that a dead worker had.
   */
  enter(): (() => void) | null;
  /** Whether any event may come that was with a worker that died. */
  mayCome(): boolean;
  /**
   * Lanes in which nothing is replayed for now: another worker that's alive makes a first send there, or the event may be
   * given to this one of what a dead worker has left. And when to look again, in milliseconds since the epoch; Infinity where
   * no lane is withheld.
   */
  withheld(heads: readonly EntryRecord[]): Promise<{ lanes: ReadonlySet<string>; until: number }>;
  /**
   * Takes what the event with this fingerprint left behind: each once. Null when there's nothing, or
   * its worker lives and will answer by itself.
   *
   * @param taken called with an entry in the turn in which it stops waiting
   */
  claim(fingerprint: () => Promise<string>, taken: (entry: EntryRecord) => void): Promise<EntryRecord | KeptSettlement | null>;
  /** The event has its answer: another one like it is a request of its own. Never rejects. */
  answered(request: Requested): Promise<void>;
  /**
   * An update's worker is the active one now. It may have started long before: the one that it replaces
   * goes on while its events are open, and what it leaves comes here from now on.
   */
  activated(): void;
  /** Reads what an earlier worker left. */
  begin(): Promise<void>;
}

/** When an entry's fetch event came: what takes another's place keeps the other's time of capture. */
const eventAt = ({ agesFrom }: EntryRecord): number => agesFrom;

export function createRedelivery({ clock, locks, outbox, log }: Ports, neighbours: Neighbours, workerId: string): Redelivery {
  let start = clock.now();
  let deadline = start + COMES_AGAIN_MS;
  let entries: EntryRecord[] = [];
  let settlements: KeptSettlement[] = [];
  const claimed = new Set<number>();
  let inHand = 0;
  let told: Requested[] = [];
  let telling: Promise<void> | null = null;

  const isLate = () => clock.now() >= deadline || clock.now() < start;
  const isOver = () => isLate() && (inHand === 0 || clock.now() >= deadline + READ_MS);

  /** Whether an event may come that was with a worker that died: one is on disk, or a worker that may die has some. */
  const mayCome = () => neighbours.mayBe() || entries.some((entry) => !isOld(eventAt(entry))) || settlements.some(({ at }) => !isOld(at));
  const isOld = (since: number) => since < clock.now() - OLDEST_EVENT_MS;

  /** Whether the entry waits for its event. It isn't replayed meanwhile. */
  const waits = (seq: number) => !isOver() && entries.some((entry) => entry.seq === seq);

  const write = (work: Promise<unknown>): Promise<void> =>
    work.then(
      () => {},
      (error: unknown) => log.warn('[holdfast] an answered request stays marked as open for now', error),
    );

  /** Again and again, as the worker before may live on for a while: an update doesn't end it at once. */
  async function read(): Promise<void> {
    const areLiving = await neighbours.any();
    const open = await outbox.open();
    const isAnothers = ({ seq, asked }: Pick<EntryRecord, 'seq'> & { asked?: Asked | null }) => asked?.worker !== workerId && !claimed.has(seq);
    entries = open.entries.filter(isAnothers);
    settlements = open.settlements.filter(isAnothers);
    if (!areLiving) neighbours.gone();
  }

  /** Nobody will ask for the old ones any more. A later worker must not take a new request for one of them. */
  async function close(): Promise<void> {
    const old = settlements.filter(({ at }) => isOld(at));
    if (old.length > 0) await outbox.answered(old);
    for (const entry of entries) {
      const { seq, asked } = entry;
      if (!asked || !isOld(eventAt(entry)) || (await locks.isHeld(workerLock(asked.worker)))) continue;
      await outbox.commit({ seq, decide: (current) => transition(current, { type: 'event-closed', worker: asked.worker }, clock.now()) });
    }
    await read();
  }

  return {
    enter() {
      if (!mayCome()) return null;
      inHand++;
      let left = false;
      return () => {
        if (!left) inHand--;
        left = true;
      };
    },
    mayCome,
    async withheld(heads) {
      const lanes = new Set<string>();
      for (const { seq, asked, reason, lane } of heads) {
        const isAnothers = reason === 'first-send' && asked && asked.worker !== workerId;
        if (waits(seq) || (isAnothers && (await locks.isHeld(workerLock(asked.worker))))) lanes.add(lane);
      }
      if (lanes.size === 0) return { lanes, until: Infinity };
      const now = clock.now();
      return { lanes, until: isOver() || entries.length === 0 ? now + LOCK_MS : Math.max(deadline, now + LOCK_MS) };
    },
    async claim(fingerprint, taken) {
      // What can't be read now was read before.
      await read().catch(() => {});
      if (entries.length + settlements.length === 0) return null;
      const mine = await fingerprint();
      for (const entry of entries) {
        if (entry.asked?.fingerprint !== mine || isOld(eventAt(entry))) continue;
        if (!(await locks.getsFree(workerLock(entry.asked.worker), LOCK_MS))) continue;
        // Another event of the same kind may have been quicker.
        if (claimed.has(entry.seq)) continue;
        claimed.add(entry.seq);
        entries = entries.filter((other) => other.seq !== entry.seq);
        taken(entry);
        return entry;
      }
      const settlement = settlements.find((one) => one.asked?.fingerprint === mine && !isOld(one.at) && !claimed.has(one.seq));
      if (settlement) claimed.add(settlement.seq);
      return settlement ?? null;
    },
    answered(request) {
      told.push(request);
      return (telling ??= new Promise((resolve) => {
        clock.after(GATHER_MS, () => {
          const requests = told;
          told = [];
          telling = null;
          resolve(write(outbox.answered(requests)));
        });
      }));
    },
    activated() {
      start = clock.now();
      deadline = start + COMES_AGAIN_MS;
    },
    async begin() {
      await read();
      if (entries.length + settlements.length > 0) void write(close());
    },
  };
}
