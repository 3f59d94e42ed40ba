import type { EntryRecord } from '../policy/entry-record.js';
import type { Clock, FetchContext, Ports } from '../ports.js';
import type { AnswerFor } from './answers.js';
import { newFlight, type Backend, type Flight } from './backend.js';
import type { Candidate } from './candidate.js';
import type { Directives } from './directives.js';
import { answeredAt, queued, type Enqueue, type Why } from './enqueue.js';
import { judgeFirst, sendFirst } from './first-send.js';
import type { Report } from './report.js';
import type { Scheduler } from './scheduler.js';

/**
 * Makes the page's own first send. It's on disk before it with `capture: 'write-ahead'`, else a moment
 * after it began, or when it failed: whichever comes first.
 */
export type Launch = (
  backend: Backend,
  wanted: Candidate,
  directives: Directives,
  context: FetchContext & { signal: AbortSignal },
  how?: Start,
) => Promise<Response>;

export interface Start {
  /** It's on disk already: an earlier worker died over it. */
  adopted?: { entry: EntryRecord; flight: Flight };
  /** It can't be stored, so the page gets what comes. */
  unstorable?: boolean;
}

export interface LaunchParts {
  ports: Ports;
  report: Report;
  scheduler: Scheduler;
  enqueue: Enqueue;
  answerFor: AnswerFor;
}

/**
 * A first send that takes longer is written to disk while it's on the wire, in milliseconds: from then
 * on nothing that dies takes it along. What's answered sooner, as most are, costs no write.
 */
const LATE_MS = 250;

/** An answer is handed over within this, or there's nobody to take it. In milliseconds. */
const HANDED_MS = 1_000;

export function createLaunch({ ports, report, scheduler, enqueue, answerFor }: LaunchParts): Launch {
  const { clock, log } = ports;

  return async (backend, wanted, directives, { signal, handled, waitUntil }, { adopted, unstorable = false } = {}) => {
    const flight = adopted?.flight ?? newFlight(wanted.draft, true);
    const land = landing(backend, flight);
    let writing: Promise<EntryRecord | Response | null> | null = adopted ? Promise.resolve(adopted.entry) : null;
    const write = (silent: boolean) =>
      (writing ??= enqueue.write(backend, wanted, directives, {
        silent,
        answeredAt: Infinity,
        decide: (entry) => {
          // Before anybody can read it from the disk: nobody else may send it.
          backend.flights.set(entry.seq, flight);
          return { entry, events: [] };
        },
      }));

    let storable = !unstorable;
    let paying: Promise<void> | null = null;
    try {
      if (storable && !adopted && backend.config.capture === 'write-ahead') {
        const written = await write(false);
        if (written instanceof Response) return written;
        storable = written !== null;
      }
      if (writing || !storable) wanted.berth.place();
      const stopTimer = writing || !storable ? () => {} : clock.after(LATE_MS, () => void write(true));
      const both = AbortSignal.any([signal, flight.abort.signal]);
      const { outcome, response } = await sendFirst(backend, wanted, both, ports).finally(stopTimer);
      if (backend.probe === wanted.berth) backend.probe = null;
      const next = flight.cancelled ? ANSWER : await judgeFirst(backend, wanted, outcome, ports);
      flight.settling = true;

      const written = await writing;
      const entry = written && 'seq' in written ? written : null;
      if (next.kind === 'store') {
        if (!storable) next.failed?.();
        else {
          const inLine = entry && (await queue(backend, directives, entry, next));
          // Before the answer: it may be one that waits for a drain.
          land();
          void scheduler.look();
          const stored = inLine ? await answerFor(backend, directives, inLine) : await enqueue.store(backend, wanted, directives, next);
          if (stored) {
            void response?.body?.cancel().catch(() => {});
            return stored;
          }
        }
      } else if (entry) {
        // Not before the page has its answer: until then its event may come again, by way of the next worker.
        paying = handedOver(handled, clock).then(() => pay(entry));
        waitUntil(paying.finally(land));
      }
      return response ?? Response.error();
    } finally {
      if (!paying) land();
      if (backend.lanes.any) void scheduler.look();
    }
  };

  /** The page has its answer, or wants none any more: there's nothing left to owe. */
  async function pay({ seq, id }: EntryRecord): Promise<void> {
    try {
      await report.commit({ seq, decide: () => ({ entry: null, events: [] }) });
    } catch (error) {
      log.error(`[holdfast] ${id} can't be removed, so it will be sent again`, error);
    }
    void scheduler.look();
  }

  /** What is on disk goes into the line. Gives the entry as it's there now. */
  async function queue(backend: Backend, directives: Directives, entry: EntryRecord, why: Why): Promise<EntryRecord> {
    const { seq, id, turn } = entry;
    if (turn) backend.lanes.begin(turn);
    try {
      const decision = await report.commit({
        seq,
        backend: backend.record,
        decide: (current) => {
          const now = clock.now();
          const asked = current.asked && { ...current.asked, answeredAt: answeredAt(backend, directives, now) };
          return queued({ ...current, reason: why.reason, asked }, why, now);
        },
      });
      why.written?.();
      return decision?.entry ?? entry;
    } catch (error) {
      why.failed?.();
      log.error(`[holdfast] what became of ${id} can't be written, so it will be sent again`, error);
      return entry;
    } finally {
      if (turn) backend.lanes.end(turn);
      ports.askForWakeUp();
    }
  }
}

/** Resolves when the page has its answer. One that's gone may never have it. */
function handedOver(handled: Promise<void>, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const stop = clock.after(HANDED_MS, resolve);
    void handled.then(stop).then(resolve);
  });
}

/** Gives the way to end a flight. */
function landing(backend: Backend, flight: Flight): () => void {
  let landed = () => {};
  flight.done = new Promise((resolve) => {
    landed = resolve;
  });
  return () => {
    for (const [seq, other] of backend.flights) if (other === flight) backend.flights.delete(seq);
    landed();
  };
}

const ANSWER = { kind: 'answer' } as const;
