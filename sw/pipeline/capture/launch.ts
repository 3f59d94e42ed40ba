import type { EntryRecord } from '../../policy/entry-record.js';
import type { Clock, FetchContext } from '../../ports.js';
import type { AnswerFor } from './page-answer.js';
import type { Backend } from '../backend/backend.js';
import type { Candidate } from './exchange.js';
import type { Directives } from './directives.js';
import type { Doubts } from '../workers/doubts.js';
import { queued, type Enqueue, type Written } from './enqueue.js';
import { judgeFirst, sendFirst, type FirstSendParts, type Next, type Why } from './first-send.js';
import type { Report } from '../report.js';
import { configurationOf } from '../backend/gates.js';
import { newFlight, type Flight } from '../backend/flights.js';
import type { Nudge } from '../nudge.js';

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

export interface LaunchParts extends FirstSendParts {
  report: Report;
  nudge: Nudge;
  enqueue: Enqueue;
  answerFor: AnswerFor;
  doubts: Doubts;
}

/**
 * A first send that takes longer is written to disk while it's on the wire, in milliseconds: from then
 * on nothing that dies takes it along. What's answered sooner, as most are, costs no write.
 */
const LATE_MS = 250;

/** An answer is handed over within this, or there's nobody to take it. In milliseconds. */
const HANDED_MS = 1_000;

/** When a removal that failed is tried again, in milliseconds, and how often. */
const AGAIN_MS = 1_000;
const REMOVALS = 60;

export function createLaunch(parts: LaunchParts): Launch {
  const { ports, report, state, nudge, enqueue, answerFor, doubts } = parts;
  const { clock, log } = ports;

  return async (backend, wanted, directives, { signal, handled, waitUntil }, { adopted, unstorable = false } = {}) => {
    const { berth } = wanted;
    const flight = adopted?.flight ?? newFlight(wanted.draft, true);
    const land = landing(backend, flight);
    const onDisk = async (silent: boolean): Promise<Written> => {
      const written = await enqueue.write(backend, wanted, directives, {
        firstSend: true,
        silent,
        decide: (entry) => ({ entry, events: [] }),
        // Nobody else may send it.
        placed: (seq) => backend.flights.set(seq, flight),
      });
      // The number of one that was rolled back is given out again.
      if (written.kind !== 'stored') unset(backend, flight);
      return written;
    };
    let storable = !unstorable;
    let writing: Promise<EntryRecord | null> | null = adopted ? Promise.resolve(adopted.entry) : null;
    let paying: Promise<void> | null = null;
    let looked = false;
    try {
      if (storable && !adopted && backend.config.capture === 'write-ahead') {
        const written = await onDisk(false);
        if (written.kind === 'refused') return written.answer;
        storable = written.kind === 'stored';
        if (written.kind === 'stored') writing = Promise.resolve(written.entry);
      }
      if (writing) berth.place();
      const writeLate = () => {
        writing = onDisk(true).then((written) => (written.kind === 'stored' ? written.entry : null));
      };
      const stopTimer = writing ? () => {} : clock.after(LATE_MS, storable ? writeLate : berth.place);
      const both = AbortSignal.any([signal, flight.abort.signal]);
      const { outcome, response, drop } = await sendFirst(backend, wanted, both, ports).finally(stopTimer);
      if (backend.probe === berth) backend.probe = null;
      const judged = flight.cancelled ? ANSWER : await judgeFirst(backend, wanted, outcome, parts);
      flight.settling = true;
      // The kill switch may have been thrown meanwhile. What is on disk already is in the line all the same.
      const isOff = !writing && !configurationOf(backend, state.settings).offlineMode;
      const next = storable && !isOff ? judged : untold(judged);

      if (next.kind === 'answer') {
        if (writing) {
          // Not before the page has its answer: until then its event may come again, by way of the next worker.
          paying = Promise.all([writing, handedOver(handled, clock)]).then(([entry]) => pay(entry));
          berth.entry = null;
          waitUntil(paying.finally(land));
        }
        return response ?? Response.error();
      }

      const entry = await writing;
      const inLine = entry && (await queue(backend, entry, next));
      land();
      looked = true;
      // Before the answer: it may be one that waits for a drain. What is stored now is looked at then.
      if (entry) void nudge();
      // Somebody has ended it meanwhile.
      if (entry && !inLine) return Response.error();
      const stored = inLine ? await answerFor(backend, directives, inLine) : await enqueue.store(backend, wanted, directives, next);
      if (typeof stored === 'string') return response ?? Response.error();
      drop();
      return stored;
    } finally {
      if (!paying) land();
      if (!looked && backend.lanes.any) void nudge();
    }
  };

  /** The page has its answer, or wants none any more: there's nothing left to owe. */
  async function pay(entry: EntryRecord | null): Promise<void> {
    // What isn't its first send any more has been replaced.
    const decide = ({ reason }: EntryRecord) => (reason === 'first-send' ? { entry: null, events: [] } : null);
    for (let tries = 0; entry && tries < REMOVALS; tries++) {
      try {
        await report.commit({ seq: entry.seq, decide });
        break;
      } catch (error) {
        doubts.add(entry.seq);
        if (tries === 0) log.error(`[holdfast] ${entry.id} is delivered and can't be removed; it's tried again`, error);
        await new Promise<void>((resolve) => void clock.after(AGAIN_MS, resolve));
      }
    }
    void nudge();
  }

  /** What is on disk goes into the line. Gives the entry as it's there now; null when it isn't there any more. */
  async function queue(backend: Backend, entry: EntryRecord, why: Why): Promise<EntryRecord | null> {
    const { seq, id, turn } = entry;
    if (turn) backend.lanes.begin(turn);
    let inLine: EntryRecord | null = entry;
    try {
      const decision = await report.commit({
        seq,
        backend: backend.record,
        decide: (current) =>
          current.reason === 'first-send' ? queued({ ...current, reason: why.reason }, why, clock.now()) : null,
      });
      inLine = decision?.entry ?? null;
      if (inLine) why.written?.();
      else why.failed?.();
    } catch (error) {
      why.failed?.();
      doubts.add(seq);
      log.error(`[holdfast] what became of ${id} can't be written, so it will be sent again`, error);
    } finally {
      if (turn) backend.lanes.end(turn, inLine !== null);
      ports.askForWakeUp();
    }
    return inLine;
  }
}

/** For what can't be stored: the page gets what came, and nobody is told of a hold. */
function untold(next: Next): Next {
  if (next.kind === 'store') next.failed?.();
  return ANSWER;
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
    unset(backend, flight);
    landed();
  };
}

function unset({ flights }: Backend, flight: Flight): void {
  for (const [seq, other] of flights) if (other === flight) flights.delete(seq);
}

const ANSWER: Next = { kind: 'answer' };
