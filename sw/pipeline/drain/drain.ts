import { aboutEntry, backsOff, type EntryRecord } from '../../policy/entry-record.js';
import { withReplays } from '../../policy/backend-record.js';
import { transition } from '../../policy/entry.js';
import { planSends } from '../../policy/lanes.js';
import type { Ports } from '../../ports.js';
import type { Holds } from '../auth/tokens.js';
import type { Backend } from '../backend/backend.js';
import type { State } from '../backend/backends.js';
import { newFlight } from '../backend/flights.js';
import { viewOf } from '../backend/gates.js';
import type { Heads } from '../backend/heads.js';
import type { Nudge } from '../nudge.js';
import type { Report } from '../report.js';
import type { Doubts } from '../workers/doubts.js';
import type { Redelivery } from '../workers/redelivery.js';
import { createBackoffs } from './backoffs.js';
import type { Replay } from './replay.js';
import { createRetryGateWatch } from './retry-gate-watch.js';

/** The lock of the worker that drains. */
export const DRAIN_LOCK = 'holdfast:drain';

/** The wait after a drain that broke off, in milliseconds. */
const PAUSE_MS = 1_000;

/** How long a worker that has started without a token waits for the page that has it, in milliseconds. */
const HAND_OVER_MS = 1_000;

/** How often a worker that waits for an entry's time looks whether it's in the way of an update, in milliseconds. */
const LOOK_ROUND_MS = 1_000;

export interface Drain {
  /** Drains until nothing is due. */
  nudge: Nudge;
  /**
   * Drains after cutting backoffs short, as the network may be back: entries that nobody answered are due now. `all`
   * cuts the backoffs after a transient answer short too; a server's `Retry-After` stands.
   */
  hurry(all?: boolean): Promise<void>;
  /** Resolves when no drain is under way. */
  idle(): Promise<void>;
  /**
   * Goes on draining for up to `budgetMs` while an entry will be due by then. Resolves with false when
   * an entry still waits for its time after that.
   *
   * @param isInTheWay another worker waits until this one's events are over: asked each second
   */
  linger(budgetMs: number, isInTheWay?: () => boolean): Promise<boolean>;
}

export interface DrainParts {
  ports: Ports;
  report: Report;
  holds: Holds;
  state: State;
  replay: Replay;
  redelivery: Redelivery;
  doubts: Doubts;
  heads: Heads;
}

/**
 * Sends entries that are due, until none is.
 *
 * ```
 *           nudge                  under the lock
 *  idle ─────────────▶ waiting ─────────────────▶ pumping ──▶ heads ──▶ plan ──▶ send ─┐
 *   ▲                  (for the lock)                ▲                                  │
 *   │                                                └── a send landed, or a nudge ◀────┤
 *   └──────── nothing under way and nothing due: set the timer ◀────────────────────────┘
 * ```
 */
export function createDrain({ ports, report, holds, state, replay, redelivery, doubts, heads }: DrainParts): Drain {
  const { clock, locks, log } = ports;
  const backoffs = createBackoffs({ ports, report, state, heads });
  const isGateOpen = createRetryGateWatch(ports, backoffs, () => nudge());
  let running: Promise<void> | null = null;
  /** The heads are to be read again. */
  let isNudged = false;
  let wake = () => {};
  let stopTimer = () => {};
  /** When the next entry will be due, as the last drain found; null for none. */
  let nextLook: number | null = null;
  /** When the next entry will be too old. */
  let expiresAt = Infinity;
  const toldParked = new Set<number>();

  const nudge = (): Promise<void> => {
    if (!ports.isActive()) return Promise.resolve();
    isNudged = true;
    wake();
    return (running ??= run());
  };

  async function run(): Promise<void> {
    try {
      await state.ready();
      while (isNudged) {
        isNudged = false;
        await locks.exclusive(DRAIN_LOCK, () => pump().finally(doubts.released));
      }
    } catch (error) {
      log.error('[holdfast] replay broke off and will be tried again', error);
      // After a newer worker's upgrade of the database, this worker can't open it any more.
      if (!(error instanceof Error && error.name === 'VersionError')) nudgeIn(PAUSE_MS);
      nextLook = clock.now() + PAUSE_MS;
    } finally {
      // `running` is cleared in the same turn of the event loop as the last look at `isNudged`, so that no nudge is lost.
      running = null;
    }
  }

  function nudgeIn(ms: number): void {
    stopTimer();
    stopTimer = clock.after(ms, () => void nudge());
  }

  async function pump(): Promise<void> {
    /** Sends under way. */
    const flying = new Set<Promise<void>>();
    /** Results that are being written. */
    const writing = new Set<Promise<void>>();
    let broken: { error: unknown } | null = null;
    let due: number | null = null;

    const follow = (work: Promise<void>, among: Set<Promise<void>>) => {
      const followed = work
        .catch((error: unknown) => {
          broken = { error };
        })
        .finally(() => {
          isNudged = true;
          among.delete(followed);
          wake();
        });
      among.add(followed);
    };
    const start = (backend: Backend, entry: EntryRecord) => {
      const { landed, done } = fly(backend, entry);
      follow(landed, flying);
      follow(done, writing);
    };

    for (;;) {
      isNudged = false;
      const woken = new Promise<void>((resolve) => {
        wake = resolve;
      });
      due = null;
      expiresAt = Infinity;
      // A worker that an update has replaced leaves the rest to the newer one.
      if (!state.settings.paused && !broken && ports.isActive()) {
        try {
          const known = await heads.read();
          await doubts.look(heads.perhapsSent);
          for (const backend of state.backends.values()) {
            const ownHeads = known.filter((head) => head.backend === backend.config.key);
            const soon = await startDue(backend, ownHeads, start);
            if (soon !== null) due = Math.min(due ?? soon, soon);
          }
        } catch (error) {
          // The lock is kept while sends are under way: another worker would send their entries once more.
          if (writing.size === 0) throw error;
          log.error("[holdfast] the outbox can't be read for replay, and will be tried again", error);
          nudgeIn(PAUSE_MS);
        }
      }
      if (isNudged) continue;
      if (writing.size === 0) {
        if (broken) throw (broken as { error: unknown }).error;
        stopTimer();
        nextLook = due;
        const next = Math.min(due ?? Infinity, expiresAt);
        if (next !== Infinity) nudgeIn(Math.max(0, next - clock.now()));
        return;
      }
      // Nothing more can be delivered for now, so nothing more can be written along.
      if (flying.size === 0) void report.written();
      await woken;
    }
  }

  /** Starts the sends that may go out now at one backend. Returns the time to look again, or null. */
  async function startDue(backend: Backend, heads: EntryRecord[], start: (backend: Backend, entry: EntryRecord) => void): Promise<number | null> {
    if (heads.length === 0) return null;
    const withheld = await redelivery.withheld(heads);
    // A stalled entry isn't overtaken, as the entries behind it aren't among the heads. An answer may have come since those were read.
    const candidates = heads.filter(({ lane, seq }) => !withheld.lanes.has(lane) && !backend.stalled.has(seq) && !backend.flights.get(seq)?.isDelivered);
    const now = clock.now();
    let plan = planSends(candidates, viewOf(backend, backend.isRetryGateClosed, now), now);
    // A gate that closes during a backoff must be noticed, as the backoff counts from the gate's opening.
    const anyBacksOff = candidates.some((head) => backsOff(head) && head.notBefore > now);
    if ((plan.send.length > 0 || plan.over.length > 0 || anyBacksOff) && !(await isGateOpen(backend))) {
      plan = planSends(candidates, viewOf(backend, true, now), now);
    }
    for (const entry of plan.parked) tellParked(entry);
    if (plan.send.length > 0) await noteReplay(backend);
    for (const entry of plan.send) start(backend, entry);
    // A failed write must not stop the entries that can be sent.
    const failed: unknown[] = [];
    const noteFailure = (work: Promise<void>) => work.catch((error: unknown) => void failed.push(error));
    // The page that gave an earlier worker its token may have it still: it's asked before anybody is told to sign in.
    if (plan.missing.length > 0 && backend.record.last) {
      if (backend.askedUntil === 0) {
        ports.broadcast({ type: 'token', isLost: true });
        backend.askedUntil = now + HAND_OVER_MS;
      }
      if (backend.askedUntil > now) {
        plan.missing = [];
        plan.due = Math.min(plan.due ?? Infinity, backend.askedUntil);
      }
    }
    for (const entry of [...plan.missing, ...plan.over]) await noteFailure(holds.missing(backend, entry));
    for (const entry of plan.expired) await noteFailure(expire(backend, entry));
    for (const entry of plan.aside) await noteFailure(setAside(backend, entry));
    if (failed.length > 0) log.error("[holdfast] a change of state can't be written, and will be tried again", failed[0]);
    expiresAt = Math.min(plan.expiresAt ?? Infinity, expiresAt);
    const next = Math.min(plan.due ?? Infinity, failed.length > 0 ? clock.now() + PAUSE_MS : withheld.until);
    return next === Infinity ? null : next;
  }

  /** Writes that what waits may have been sent from now on, where the disk says that it wasn't. Where that can't be written, it's sent all the same: a full disk must be emptied. */
  async function noteReplay(backend: Backend): Promise<void> {
    const record = withReplays(backend.record, true);
    if (record === backend.record) return;
    backend.record = record;
    await report.commit({ backend: record }).then(
      () => void (backend.recordOnDisk = record),
      () => {},
    );
  }

  async function expire(backend: Backend, { seq, agesFrom }: EntryRecord): Promise<void> {
    const block = backend.config.onDead === 'block';
    await report.commit({
      seq,
      // A request that has taken the old one's place since the heads were read is young.
      decide: (entry) =>
        entry.agesFrom === agesFrom ? transition(entry, { type: 'permanent', reason: 'expired', answer: null, block }, clock.now()) : null,
    });
    isNudged = true;
  }

  /** Takes an entry out of the line, as the id that it waits for isn't to be had for now, or won't ever be. */
  async function setAside({ providers }: Backend, { seq, key }: EntryRecord): Promise<void> {
    await report.commit({
      seq,
      decide(entry) {
        const reason = providers.standing(entry.awaits);
        if (reason === 'ready' || reason === 'awaits-id') return null;
        return transition(entry, reason === 'gone' ? { type: 'provider-gone' } : { type: 'set-aside', reason }, clock.now());
      },
    });
    ports.broadcast({ type: 'changed', key, seq });
    isNudged = true;
  }

  /** Sends an entry. `landed` settles when its lane may go on, and `done` when the result is on disk. */
  function fly(backend: Backend, entry: EntryRecord): { landed: Promise<void>; done: Promise<void> } {
    const flight = newFlight(entry, false);
    toldParked.delete(entry.seq);
    backend.flights.set(entry.seq, flight);
    const landed = replay(backend, entry, flight);
    const written = async () => {
      try {
        await landed;
        await flight.writing;
      } finally {
        await flight.cancelling?.catch(() => {});
        backend.flights.delete(entry.seq);
      }
    };
    flight.done = written();
    return { landed, done: flight.done };
  }

  function tellParked(entry: EntryRecord): void {
    if (toldParked.has(entry.seq)) return;
    toldParked.add(entry.seq);
    report.tell({ ...aboutEntry(entry, clock.now()), type: 'parked', owner: entry.owner });
  }

  async function hurry(all = false): Promise<void> {
    for (const backend of state.backends.values()) backend.stalled.clear();
    await backoffs.cutShort(all);
    await nudge();
  }

  async function linger(budgetMs: number, isInTheWay = () => false): Promise<boolean> {
    const end = clock.now() + budgetMs;
    await nudge();
    while (nextLook !== null && nextLook <= end && clock.now() < end && ports.isActive() && !isInTheWay()) {
      const wait = Math.max(0, nextLook - clock.now());
      await new Promise<void>((resolve) => void clock.after(Math.min(wait, LOOK_ROUND_MS), resolve));
      if (wait <= LOOK_ROUND_MS) await nudge();
    }
    return nextLook === null;
  }

  return { nudge, hurry, linger, idle: () => running ?? Promise.resolve() };
}
