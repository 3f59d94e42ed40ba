import { firstSender, type EntryRecord } from '../../policy/entry-record.js';
import type { Open, Ports, Requested } from '../../ports.js';
import type { Line } from '../line.js';
import { workerLock, type Neighbours } from './neighbours.js';

/**
 * How long a lane waits for a redelivery, in milliseconds: a redelivered first send gives the page the server's own answer.
 * Chromium redelivers an event at once when it has lost the worker in the middle of it, and does so once
 * (`ServiceWorkerSubresourceLoader` in its sources). A later redelivery is recognised all the same.
 */
const COMES_AGAIN_MS = 2_000;

/** How much longer the reading of a request that came in time may take, in milliseconds. */
const READ_MS = 5_000;

/** The greatest age of a fetch event: Chromium ends an event that has been open for five minutes. In milliseconds. */
const OLDEST_EVENT_MS = 360_000;

/** How long a lock may outlive its worker, in milliseconds. An event that's taken for a new one meanwhile would be sent beside its own entry. */
const LOCK_MS = 5_000;

/** When to look again at what another worker may be sending, in milliseconds. */
const LOOK_MS = 1_000;

/** Recognises redeliveries, among the fetch events that earlier workers left unhandled; and notes which events of this worker are handled. */
export interface Redelivery {
  /**
   * Registers a fetch event. Returns a function to call once the event's fingerprint has been checked; null when
   * redeliveries can't come any more.
   */
  enter(): (() => void) | null;
  /** Whether a redelivery may still come. */
  mayCome(): boolean;
  /**
   * The lanes in which nothing is replayed for now: another living worker makes a first send there, or the event of a dead
   * worker's entry may be redelivered. `until` is when to look again, in milliseconds since the epoch; Infinity where
   * no lane is withheld.
   */
  withheld(heads: readonly EntryRecord[]): Promise<{ lanes: ReadonlySet<string>; until: number }>;
  /**
   * Takes the entry, the settlement or the remainder that the event with this fingerprint left on disk, each once. Null when
   * there's none, or when its worker lives and will answer by itself.
   *
   * @param taken called with the entry at once when its lane stops waiting for it, so that no drain can come between
   */
  claim(fingerprint: () => Promise<string>, taken: (entry: EntryRecord) => void): Promise<Left | null>;
  /** Notes that a request's event is handled, as the page has its answer: an equal event is a request of its own from now on. Never rejects. */
  handled(request: Requested): Promise<void>;
  /**
   * Called on `activate`. The wait for redeliveries starts here: the replaced worker may have kept events open until
   * now, however long ago this worker started.
   */
  activated(): void;
  /** Reads which events an earlier worker left open. */
  begin(): Promise<void>;
}

/** What an open fetch event has left on disk. */
type Left = EntryRecord | Open['settlements'][number];

/**
 * The time of a redelivery, counted from the new worker's start or activation, and at the right from the event itself:
 *
 * ```
 *  0                    2 s (`deadline`)                    7 s                            6 min after the event
 *  ├── its lane waits ──┼── its lane waits while a request ─┼── no lane waits (`isOver`) ──┤
 *  │     (`waits`)      │   of before is being read         │                              │
 *  │                    │   (`isLate`, `inHand`)            │                              │
 *  └── a redelivery is recognised (`claim`), and takes up its entry or its answer ─────────┴── an equal request is new (`isOld`)
 * ```
 * Of an event whose entry has ended the six minutes are counted from that end. What a page hears, case by case: docs/durability.md.
 * A worker doesn't even look for redeliveries once no other worker lives and no open event on disk is young (`mayCome`).
 */
export function createRedelivery({ clock, locks, outbox, log }: Ports, neighbours: Neighbours, line: Line, workerId: string): Redelivery {
  let start = clock.now();
  let deadline = start + COMES_AGAIN_MS;
  let open: Left[] = [];
  const claimed = new Set<number | string>();
  let inHand = 0;

  const isLate = () => clock.now() >= deadline || clock.now() < start;
  const isOver = () => isLate() && (inHand === 0 || clock.now() >= deadline + READ_MS);

  /** Whether a redelivery may come: another worker may live, and die over its events, or a dead worker's open event is on disk. */
  const mayCome = () => neighbours.mayBe() || open.some((left) => !isOld(left));
  /** Whether an event is too old to be redelivered. An entry's event came at `agesFrom`; `capturedAt` may be the time of the entry that it has replaced. */
  const isOld = (left: Left) => ('at' in left ? left.at : left.agesFrom) < clock.now() - OLDEST_EVENT_MS;

  /** Whether the entry waits for the redelivery of its event; it isn't replayed meanwhile. */
  const waits = (seq: number) => !isOver() && open.some((left) => left.seq === seq);

  const write = (work: Promise<unknown>): Promise<void> =>
    work.then(
      () => {},
      (error: unknown) => log.warn('[holdfast] a request whose page has its answer stays marked as open for now', error),
    );

  /** Reads the open events of other workers. Called for each claim, as a replaced worker may live on, and leave more. */
  async function read(): Promise<void> {
    const areLiving = await neighbours.any();
    const { entries, settlements } = await outbox.open();
    open = [...entries, ...settlements].filter(({ seq, asked }) => asked?.worker !== workerId && !claimed.has(seq));
    if (!areLiving) neighbours.gone();
  }

  /** Closes events that are too old to be redelivered, so that no new request is taken for one of them. */
  async function close(): Promise<void> {
    const old: Requested[] = [];
    for (const left of open) if (isOld(left) && !(await locks.isHeld(workerLock(left.asked!.worker)))) old.push(left);
    if (old.length === 0) return;
    await outbox.handled(old);
    await read();
  }

  return {
    enter() {
      if (!mayCome()) return null;
      if (isLate()) return () => {};
      inHand++;
      let isChecked = false;
      return () => {
        if (!isChecked) inHand--;
        isChecked = true;
      };
    },
    mayCome,
    async withheld(heads) {
      const lanes = new Set<string>();
      for (const head of heads) {
        const sender = firstSender(head);
        const isAnothers = sender !== null && sender !== workerId;
        if (waits(head.seq) || (isAnothers && (await locks.isHeld(workerLock(sender))))) lanes.add(head.lane);
      }
      if (lanes.size === 0) return { lanes, until: Infinity };
      const now = clock.now();
      return { lanes, until: isOver() || open.length === 0 ? now + LOOK_MS : Math.max(deadline, now + LOOK_MS) };
    },
    async claim(fingerprint, taken) {
      // When the reading fails, the result of an earlier one counts.
      await read().catch(() => {});
      if (open.length === 0) return null;
      const mine = await fingerprint();
      for (const left of open) {
        if (left.asked?.fingerprint !== mine || isOld(left)) continue;
        if (!(await locks.getsFree(workerLock(left.asked.worker), LOCK_MS))) continue;
        // An equal event may have claimed it meanwhile.
        if (claimed.has(left.seq)) continue;
        claimed.add(left.seq);
        open = open.filter((other) => other.seq !== left.seq);
        if ('request' in left) taken(left);
        return left;
      }
      return null;
    },
    handled: (request) => write(outbox.handledSoon(request, () => line.unhandled(request)).then(() => line.handled(request))),
    activated() {
      start = clock.now();
      deadline = start + COMES_AGAIN_MS;
    },
    async begin() {
      await read();
      if (open.length > 0) void write(close());
    },
  };
}
