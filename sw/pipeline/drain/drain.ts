import { transition } from '../../policy/entry.js';
import { aboutEntry, type EntryRecord } from '../../policy/entry-record.js';
import { planSends } from '../../policy/lanes.js';
import type { Ports } from '../../ports.js';
import type { Backend } from '../backend/backend.js';
import { createBackoffs } from './backoffs.js';
import type { Doubts } from '../workers/doubts.js';
import { createGatekeeper } from './retry-gate-watch.js';
import type { Heads } from '../backend/heads.js';
import type { Holds } from '../auth/tokens.js';
import type { Replay } from './replay.js';
import type { Report } from '../report.js';
import type { State } from '../backend/backends.js';
import { workerLock } from '../workers/neighbours.js';
import type { Unanswered } from '../workers/redelivery.js';
import { newFlight, type Flight } from '../backend/flights.js';
import { viewOf } from '../backend/gates.js';

/** Held by whoever drains, in this worker or another. */
export const DRAIN_LOCK = 'holdfast:drain';

/** How long to wait after a drain that broke off, or while another worker makes a first send. */
const PAUSE_MS = 1_000;

export interface Drain {
  /** Drains until nothing is due. Resolves when it's done; never rejects. */
  nudge(): Promise<void>;
  /**
   * The network may be back: what waits only because nobody answered is due now. `all` cuts the
   * backoffs after a transient answer short too; a server's `Retry-After` stands.
   */
  hurry(all?: boolean): Promise<void>;
  /** Resolves when no drain is under way. */
  idle(): Promise<void>;
  /**
   * Goes on draining for up to `budgetMs` while something will be due by then. Gives false when
   * something still waits for its time after that.
   */
  linger(budgetMs: number): Promise<boolean>;
}

export interface DrainParts {
  ports: Ports;
  report: Report;
  holds: Holds;
  state: State;
  replay: Replay;
  unanswered: Unanswered;
  doubts: Doubts;
  heads: Heads;
  instance: string;
}

/**
 * ```
 *            nudge                 under the lock
 *  idle ─────────────▶ waiting ─────────────────▶ pumping ──▶ read the heads ──▶ plan ──▶ send ─┐
 *   ▲                  (for the lock)                ▲          (or take what's behind)         │
 *   │                                                └──── a send came back, or look again ◀────┤
 *   └──────── nothing under way and nothing due: set the timer ◀────────────────────────────────┘
 * ```
 */
export function createDrain({ ports, report, holds, state, replay, unanswered, doubts, heads, instance }: DrainParts): Drain {
  const { clock, locks, log } = ports;
  const backoffs = createBackoffs({ ports, report, state });
  const isGateOpen = createGatekeeper(ports, backoffs, () => nudge());
  let running: Promise<void> | null = null;
  let again = false;
  let kick = () => {};
  let stopTimer = () => {};
  /** When the last drain wanted to look again, as something will be due. */
  let nextLook: number | null = null;
  /** When the next entry will be too old. */
  let expiresAt = Infinity;
  const parked = new Set<number>();

  const nudge = (): Promise<void> => {
    if (!ports.isActive()) return Promise.resolve();
    again = true;
    kick();
    return (running ??= run());
  };

  async function run(): Promise<void> {
    try {
      await state.ready();
      while (again) {
        again = false;
        await locks.exclusive(DRAIN_LOCK, () => pump().finally(doubts.released));
      }
    } catch (error) {
      log.error('[holdfast] replay broke off and will be tried again', error);
      // A newer worker has upgraded the database: this one won't come to it any more.
      if (!(error instanceof Error && error.name === 'VersionError')) lookIn(PAUSE_MS);
      nextLook = clock.now() + PAUSE_MS;
    } finally {
      // In the same turn as the last look at `again`, so that no call falls between.
      running = null;
    }
  }

  function lookIn(ms: number): void {
    stopTimer();
    stopTimer = clock.after(ms, () => void nudge());
  }

  async function pump(): Promise<void> {
    const flying = new Map<Promise<void>, EntryRecord>();
    /** What comes after those that were delivered: the heads of their turns now. */
    let followers: EntryRecord[] = [];
    let broken: { error: unknown } | null = null;
    let due: number | null = null;

    const started = (entry: EntryRecord, flight: Flight) => {
      const settled = flight.done
        .then(() => {
          // Then that is the head of its turn now, and none must be looked for.
          if (flight.delivered && flight.behind) followers.push(flight.behind);
          else again = true;
        })
        .catch((error: unknown) => {
          broken = { error };
          again = true;
        })
        .finally(() => {
          flying.delete(settled);
          kick();
        });
      flying.set(settled, entry);
    };

    for (;;) {
      const isPart = followers.length > 0 && [...state.backends.values()].every((backend) => isAll(followers, [...flying.values()], backend));
      const isWhole: boolean = again || (followers.length > 0 && !isPart) || (flying.size === 0 && followers.length === 0);
      const taken = followers;
      followers = [];
      again = false;
      const kicked = new Promise<void>((resolve) => {
        kick = resolve;
      });
      if (isWhole) {
        due = null;
        expiresAt = Infinity;
      }
      // A worker that an update has replaced leaves the rest to the newer one.
      if (!state.settings.paused && !broken && ports.isActive()) {
        try {
          const known = isWhole ? await heads.read() : taken;
          if (isWhole) doubts.found(known.filter(({ seq, backend }) => !state.backends.get(backend)?.flights.has(seq)));
          for (const backend of state.backends.values()) {
            const mine = known.filter((head) => head.backend === backend.config.key);
            const soon = await startDue(backend, mine, started);
            if (soon !== null) due = Math.min(due ?? soon, soon);
          }
        } catch (error) {
          // What's on the wire keeps the lock: another worker would send it once more.
          if (flying.size === 0) throw error;
          log.error('[holdfast] the outbox can\'t be read for replay, and will be tried again', error);
          lookIn(PAUSE_MS);
        }
      }
      if (again || followers.length > 0) continue;
      if (flying.size === 0) {
        // All heads are read once more before it's said that nothing is due.
        if (!isWhole) continue;
        if (broken) throw (broken as { error: unknown }).error;
        stopTimer();
        nextLook = due;
        const next = Math.min(due ?? Infinity, expiresAt);
        if (next !== Infinity) lookIn(Math.max(0, next - clock.now()));
        return;
      }
      await kicked;
    }
  }

  /**
   * Whether those that come after delivered ones are all that may go out at a backend now: each of its lanes has a
   * send under way, or one of them. Whoever waits for a time, or a token, is looked at with the heads.
   */
  function isAll(followers: readonly EntryRecord[], flying: readonly EntryRecord[], { config, lanes, flights }: Backend): boolean {
    const isMine = ({ backend }: EntryRecord) => backend === config.key;
    const mine = followers.filter(isMine);
    const busy = new Set([...mine, ...flying.filter(isMine), ...flights.values()].map(({ lane }) => lane));
    // A lane with two turns may have an older entry in the other.
    return mine.length === 0 || (lanes.all().every(([, lane]) => busy.has(lane)) && mine.every(({ lane }) => lanes.turns(lane).length === 1));
  }

  /** Starts what may go out now at one backend. Gives the time to look again, or null. */
  async function startDue(
    backend: Backend,
    heads: EntryRecord[],
    started: (entry: EntryRecord, flight: Flight) => void,
  ): Promise<number | null> {
    if (heads.length === 0) return null;
    const withheld = await lanesWithheld(heads);
    // What is behind a stalled entry isn't among the heads, so nothing overtakes it.
    const mine = heads.filter((head) => !withheld.has(head.lane) && !backend.stalled.has(head.seq));
    const now = clock.now();
    let plan = planSends(mine, viewOf(backend, backend.gated, now), now);
    const backsOff = mine.some((head) => head.retries > 0 && head.notBefore > now);
    if ((plan.send.length > 0 || plan.over.length > 0 || backsOff) && !(await isGateOpen(backend))) {
      plan = planSends(mine, viewOf(backend, true, now), now);
    }
    for (const entry of plan.parked) tellParked(entry);
    for (const entry of plan.send) started(entry, fly(backend, entry));
    // What can't be written now must not stop those that can be sent.
    const failed: unknown[] = [];
    const written = (work: Promise<void>) => work.catch((error: unknown) => void failed.push(error));
    for (const entry of [...plan.missing, ...plan.over]) await written(holds.missing(backend, entry));
    for (const entry of plan.expired) await written(expire(backend, entry));
    if (failed.length > 0) log.error("[holdfast] a change of state can't be written, and will be tried again", failed[0]);
    expiresAt = Math.min(plan.expiresAt ?? Infinity, expiresAt);
    const soon = clock.now() + PAUSE_MS;
    const lookAgain = failed.length > 0 ? soon : withheld.size > 0 ? (unanswered.end() ?? soon) : Infinity;
    const next = Math.min(plan.due ?? Infinity, lookAgain);
    return next === Infinity ? null : next;
  }

  /**
   * Lanes in which another worker that's alive makes a first send, or whose page may ask again for
   * what a dead one left.
   */
  async function lanesWithheld(heads: readonly EntryRecord[]): Promise<Set<string>> {
    const lanes = new Set<string>();
    for (const { seq, asked, reason, lane } of heads) {
      if (unanswered.has(seq)) lanes.add(lane);
      else if (reason === 'first-send' && asked && asked.worker !== instance && (await locks.isHeld(workerLock(asked.worker))))
        lanes.add(lane);
    }
    return lanes;
  }

  async function expire(backend: Backend, { seq }: EntryRecord): Promise<void> {
    const block = backend.config.onDead === 'block';
    await report.commit({
      seq,
      decide: (entry) => transition(entry, { type: 'permanent', reason: 'expired', answer: null, block }, clock.now()),
    });
    again = true;
  }

  function fly(backend: Backend, entry: EntryRecord): Flight {
    const flight = newFlight(entry, false);
    parked.delete(entry.seq);
    backend.flights.set(entry.seq, flight);
    const flown = async () => {
      try {
        await replay(backend, entry, flight);
      } finally {
        await flight.cancelling?.catch(() => {});
        backend.flights.delete(entry.seq);
      }
    };
    flight.done = flown();
    return flight;
  }

  function tellParked(entry: EntryRecord): void {
    if (parked.has(entry.seq)) return;
    parked.add(entry.seq);
    report.tell({ ...aboutEntry(entry, clock.now()), type: 'parked', owner: entry.owner });
  }

  async function hurry(all = false): Promise<void> {
    for (const backend of state.backends.values()) backend.stalled.clear();
    await backoffs.cutShort(all);
    await nudge();
  }

  async function linger(budgetMs: number): Promise<boolean> {
    const end = clock.now() + budgetMs;
    await nudge();
    while (nextLook !== null && nextLook <= end && clock.now() < end && ports.isActive()) {
      const wait = Math.max(0, nextLook - clock.now());
      await new Promise<void>((resolve) => void clock.after(wait, resolve));
      await nudge();
    }
    return nextLook === null;
  }

  return { nudge, hurry, linger, idle: () => running ?? Promise.resolve() };
}
