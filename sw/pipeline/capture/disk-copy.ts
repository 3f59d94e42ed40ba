import type { EntryRecord } from '../../policy/entry-record.js';
import { transition } from '../../policy/entry.js';
import type { RealId } from '../../policy/temporary-ids.js';
import type { Clock, Ports } from '../../ports.js';
import type { State } from '../backend/backends.js';
import { LATE_MS, newFlight, type Flight } from '../backend/flights.js';
import { configurationOf } from '../backend/gates.js';
import type { Nudge } from '../nudge.js';
import type { Providers } from '../providers.js';
import type { Report } from '../report.js';
import type { Doubts } from '../workers/doubts.js';
import { queued, type Enqueue, type StoreFailure, type Waiting } from './enqueue.js';
import type { Exchange } from './exchange.js';
import type { AnswerFor } from './page-answer.js';

/**
 * The entry on disk of a request whose first send is under way.
 *
 * ```
 *  in memory ── write-ahead: at once; else after 250 ms ──▶ writing ──▶ on disk
 *     │                                                                   │
 *     ├ final: the page has its answer                                    ├ final: the page has its answer, then it's removed
 *     └ again: stored, in the line                                        └ again: it goes into the line
 * ```
 * A request that is answered within the 250 ms, as most are, costs no write.
 */
export interface DiskCopy {
  readonly flight: Flight;
  /** Whether the request can be kept for another send: it's on disk already, or there's room and the kill switch isn't thrown. */
  isKept(): boolean;
  /** Writes the request before its send, with `capture: 'write-ahead'` or where it provides a temporary id. Returns the page's answer where another entry waits under the request's id. */
  writeAhead(): Promise<Response | null>;
  /** Writes the request once its send takes long. Returns a function that stops the timer. */
  writeWhenLate(): () => void;
  /** Writes the id in the answer to a request that provides a temporary one, before the page has the answer. */
  provided(real: RealId | null): Promise<void>;
  /** Removes the entry from the disk, once the page has its answer. */
  removeOnceAnswered(): void;
  /** Puts the request into the line. Returns the page's answer, or why the request can't be stored. */
  intoLine(why: Waiting): Promise<Response | StoreFailure>;
  /** Ends the exchange: the flight lands now, or once a removal under way is done. */
  close(): void;
}

export interface DiskCopies {
  /** The copy of a request that isn't on disk. @param canStore whether the request may be stored */
  fresh(exchange: Exchange, canStore: boolean): DiskCopy;
  /** The copy of a redelivered request that a dead worker left on disk. */
  left(exchange: Exchange, entry: EntryRecord, flight: Flight): DiskCopy;
}

export interface DiskCopyParts {
  ports: Pick<Ports, 'clock' | 'log' | 'askForWakeUp' | 'isActive'>;
  report: Report;
  state: State;
  nudge: Nudge;
  enqueue: Enqueue;
  answerFor: AnswerFor;
  doubts: Doubts;
  providers: Providers;
}

/** How long the handing over of an answer may take, in milliseconds: a page that's gone never takes it. */
const HANDOVER_TIMEOUT_MS = 1_000;

/** The wait before a failed write is tried again, in milliseconds, and the number of tries of a removal. */
const RETRY_MS = 1_000;
const MAX_REMOVAL_TRIES = 60;

export function createDiskCopies({ ports, report, state, nudge, enqueue, answerFor, doubts, providers }: DiskCopyParts): DiskCopies {
  const { clock, log } = ports;

  function copyOf(exchange: Exchange, flight: Flight, left: EntryRecord | null, canStore: boolean): DiskCopy {
    const { backend, ticket, context } = exchange;
    const land = landing(exchange, flight);
    let canBeStored = canStore;
    /** The entry on disk; null when it can't be written. No promise while the request is in memory alone. */
    let writing: Promise<EntryRecord | null> | null = left && Promise.resolve(left);
    let removing: Promise<void> | null = null;
    let isNudged = false;
    /** The id in the answer; undefined where there's no such answer. */
    let real: RealId | null | undefined;

    const write = async (reportsFailure: boolean) => {
      // The flight is listed as soon as the entry has a `seq`, so that no drain sends the entry.
      const placed = (seq: number) => backend.flights.set(seq, flight);
      const result = await enqueue.write(exchange, { placed, reportsFailure });
      // A `seq` that was rolled back is given out again.
      if (result.kind !== 'stored') unset(exchange, flight);
      return result;
    };

    return {
      flight,
      isKept: () => canBeStored && (writing !== null || configurationOf(backend, state.settings).offlineMode),
      async writeAhead() {
        if (!writing && canBeStored && (backend.config.capture === 'write-ahead' || exchange.draft.provides !== undefined)) {
          const result = await write(true);
          if (result.kind === 'refused') return result.answer;
          canBeStored = result.kind === 'stored';
          if (result.kind === 'stored') writing = Promise.resolve(result.entry);
        }
        if (writing) ticket.placed();
        return null;
      },
      writeWhenLate() {
        if (writing) return () => {};
        const writeNow = () => {
          // A failed write isn't reported, as the request is still on the wire.
          writing = write(false).then((result) => (result.kind === 'stored' ? result.entry : null));
        };
        return clock.after(LATE_MS, canBeStored ? writeNow : ticket.placed);
      },
      async provided(given) {
        real = given;
        const entry = await writing;
        const decision = entry && (await report.commit({ seq: entry.seq, decide: (current) => transition(current, { type: 'provided', real: given }, clock.now()) }).catch(() => null));
        // Where there's no room for the id, this worker knows it, and the removal tries to write it again.
        const { backend: key, owner, provides: name } = exchange.draft;
        if (!decision && name !== undefined) providers.answered({ ...(entry && { seq: entry.seq }), backend: key, owner, name, real: given });
      },
      removeOnceAnswered() {
        if (!writing) return;
        // The browser may redeliver the event until the page has its answer.
        removing = Promise.all([writing, handedOver(context.handled, clock)]).then(([entry]) => remove(entry, real));
        exchange.stored = null;
        context.waitUntil(removing.finally(land));
      },
      async intoLine(why) {
        const entry = await writing;
        const inLine = entry && (await step(exchange, entry, why));
        land();
        isNudged = true;
        // The nudge comes before the answer, as an answer with `respond: 'wait'` waits for the drain.
        if (entry) void nudge();
        // A user or another worker has ended the entry meanwhile.
        if (entry && !inLine) return Response.error();
        return inLine ? answerFor(exchange, inLine) : enqueue.store(exchange, why);
      },
      close() {
        if (!removing) land();
        if (!isNudged && backend.lanes.any) void nudge();
      },
    };
  }

  /** Removes an entry whose page has its answer, or is gone. */
  async function remove(entry: EntryRecord | null, real: RealId | null | undefined): Promise<void> {
    for (let tries = 0; entry && tries < MAX_REMOVAL_TRIES; tries++) {
      try {
        await report.commit({ seq: entry.seq, decide: (current) => transition(current, { type: 'answered', ...(real !== undefined && { real }) }, clock.now()) });
        break;
      } catch (error) {
        doubts.add(entry.seq);
        if (tries === 0) log.error(`[holdfast] ${entry.id} is delivered and can't be removed; it's tried again`, error);
        await new Promise<void>((resolve) => void clock.after(RETRY_MS, resolve));
      }
    }
    void nudge();
  }

  /** Puts an entry on disk into the line. Returns the entry in its new state; null when it isn't there any more. */
  async function step(exchange: Exchange, entry: EntryRecord, why: Waiting): Promise<EntryRecord | null> {
    const { backend } = exchange;
    const { seq, id, turn } = entry;
    if (turn) backend.lanes.writeStarted(turn);
    let inLine: EntryRecord | null = entry;
    try {
      const decision = await report.commit({ seq, backend: backend.record, decide: (current) => queued(current, why, clock.now()) });
      inLine = decision?.entry ?? null;
      if (inLine) why.hold?.written();
      else why.hold?.undo();
    } catch (error) {
      why.hold?.undo();
      doubts.add(seq);
      log.error(`[holdfast] what became of ${id} can't be written, so it will be sent again`, error);
      // By the active worker, which leaves a first send alone while this worker lives.
      clock.after(RETRY_MS, () => ports.isActive() || void step(exchange, entry, { reason: why.reason }));
    } finally {
      if (turn) backend.lanes.writeEnded(turn, inLine !== null);
      ports.askForWakeUp();
    }
    return inLine;
  }

  return {
    fresh: (exchange, canStore) => copyOf(exchange, newFlight(exchange.draft, true), null, canStore),
    left: (exchange, entry, flight) => copyOf(exchange, flight, entry, true),
  };
}

/** Resolves when the page has its answer, or after a timeout, as a page that's gone may never take it. */
function handedOver(handled: Promise<void>, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const stop = clock.after(HANDOVER_TIMEOUT_MS, resolve);
    void handled.then(stop).then(resolve);
  });
}

/** Returns a function that ends a flight. */
function landing(exchange: Exchange, flight: Flight): () => void {
  let landed = () => {};
  flight.done = new Promise((resolve) => {
    landed = resolve;
  });
  return () => {
    unset(exchange, flight);
    landed();
  };
}

function unset({ backend: { flights } }: Exchange, flight: Flight): void {
  for (const [seq, other] of flights) if (other === flight) flights.delete(seq);
}
