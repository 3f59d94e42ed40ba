import type { EntryRecord } from '../../policy/entry-record.js';
import { transition } from '../../policy/entry.js';
import type { Clock, Ports } from '../../ports.js';
import type { State } from '../backend/backends.js';
import { newFlight, type Flight } from '../backend/flights.js';
import { configurationOf } from '../backend/gates.js';
import type { Nudge } from '../nudge.js';
import type { Report } from '../report.js';
import type { Doubts } from '../workers/doubts.js';
import { queued, type Enqueue, type StoreFailure, type Waiting } from './enqueue.js';
import type { Exchange } from './exchange.js';
import type { AnswerFor } from './page-answer.js';

/**
 * What the disk has of a request while the page's own send of it is under way.
 *
 * ```
 *  in memory ── write-ahead: at once; else after 250 ms ──▶ writing ──▶ on disk
 *     │                                                                   │
 *     ├ final: the page has its answer                                    ├ final: the page has its answer, then it's removed
 *     └ again: stored, in the line                                        └ again: it goes into the line
 * ```
 * What is answered within the 250 ms, as most requests are, costs no write.
 */
export interface DiskCopy {
  readonly flight: Flight;
  /** Whether what is to be sent again can be kept: there's room, and the kill switch isn't thrown, or it's on disk already. */
  isKept(): boolean;
  /** Write-ahead. Gives the page's answer where another entry waits under the request's id. */
  writeAhead(): Promise<Response | null>;
  /** Writes the request once its send takes long. Gives the way to stop that. */
  writeWhenLate(): () => void;
  /** Removes what is on disk, once the page has its answer. */
  removeOnceAnswered(): void;
  /** Puts the request into the line. Gives the page's answer, or why it can't be stored. */
  intoLine(why: Waiting): Promise<Response | StoreFailure>;
  /** The exchange is over: the flight has landed, unless what's on disk is still to be removed. */
  close(): void;
}

export interface DiskCopies {
  /** Of a request that isn't on disk. @param canStore whether it may be */
  fresh(exchange: Exchange, canStore: boolean): DiskCopy;
  /** Of a request that a worker has died over, and left on disk. */
  left(exchange: Exchange, entry: EntryRecord, flight: Flight): DiskCopy;
}

export interface DiskCopyParts {
  ports: Pick<Ports, 'clock' | 'log' | 'askForWakeUp'>;
  report: Report;
  state: State;
  nudge: Nudge;
  enqueue: Enqueue;
  answerFor: AnswerFor;
  doubts: Doubts;
}

/** From then on nothing that dies takes the request along. In milliseconds. */
const LATE_MS = 250;

/** An answer is handed over within this, or there's nobody to take it. In milliseconds. */
const HANDOVER_TIMEOUT_MS = 1_000;

/** When a removal that failed is tried again, in milliseconds, and how often. */
const REMOVAL_RETRY_MS = 1_000;
const MAX_REMOVAL_TRIES = 60;

export function createDiskCopies({ ports, report, state, nudge, enqueue, answerFor, doubts }: DiskCopyParts): DiskCopies {
  const { clock, log } = ports;

  function copyOf(exchange: Exchange, flight: Flight, left: EntryRecord | null, canStore: boolean): DiskCopy {
    const { backend, ticket, context } = exchange;
    const land = landing(exchange, flight);
    let canBeStored = canStore;
    /** The entry on disk, once it's there; null when it can't be written. Not begun while the request is in memory alone. */
    let writing: Promise<EntryRecord | null> | null = left && Promise.resolve(left);
    let removing: Promise<void> | null = null;
    let isNudged = false;

    const write = async (reportsFailure: boolean) => {
      // From its `seq` on, nobody else may send it.
      const placed = (seq: number) => backend.flights.set(seq, flight);
      const written = await enqueue.write(exchange, { placed, reportsFailure });
      // The number of one that was rolled back is given out again.
      if (written.kind !== 'stored') unset(exchange, flight);
      return written;
    };

    return {
      flight,
      isKept: () => canBeStored && (writing !== null || configurationOf(backend, state.settings).offlineMode),
      async writeAhead() {
        if (!writing && canBeStored && backend.config.capture === 'write-ahead') {
          const written = await write(true);
          if (written.kind === 'refused') return written.answer;
          canBeStored = written.kind === 'stored';
          if (written.kind === 'stored') writing = Promise.resolve(written.entry);
        }
        if (writing) ticket.placed();
        return null;
      },
      writeWhenLate() {
        if (writing) return () => {};
        const writeNow = () => {
          // Nothing is told of a failure: the request is still on the wire.
          writing = write(false).then((written) => (written.kind === 'stored' ? written.entry : null));
        };
        return clock.after(LATE_MS, canBeStored ? writeNow : ticket.placed);
      },
      removeOnceAnswered() {
        if (!writing) return;
        // Until the page has its answer, the browser may give its event to the next worker.
        removing = Promise.all([writing, handedOver(context.handled, clock)]).then(([entry]) => remove(entry));
        exchange.stored = null;
        context.waitUntil(removing.finally(land));
      },
      async intoLine(why) {
        const entry = await writing;
        const inLine = entry && (await step(exchange, entry, why));
        land();
        isNudged = true;
        // Before the answer: it may be one that waits for a drain.
        if (entry) void nudge();
        // Somebody has ended it meanwhile.
        if (entry && !inLine) return Response.error();
        return inLine ? answerFor(exchange, inLine) : enqueue.store(exchange, why);
      },
      close() {
        if (!removing) land();
        if (!isNudged && backend.lanes.any) void nudge();
      },
    };
  }

  /** The page has its answer, or wants none any more: there's nothing left to owe. */
  async function remove(entry: EntryRecord | null): Promise<void> {
    for (let tries = 0; entry && tries < MAX_REMOVAL_TRIES; tries++) {
      try {
        await report.commit({ seq: entry.seq, decide: (current) => transition(current, { type: 'answered' }, clock.now()) });
        break;
      } catch (error) {
        doubts.add(entry.seq);
        if (tries === 0) log.error(`[holdfast] ${entry.id} is delivered and can't be removed; it's tried again`, error);
        await new Promise<void>((resolve) => void clock.after(REMOVAL_RETRY_MS, resolve));
      }
    }
    void nudge();
  }

  /** Puts what is on disk into the line. Gives the entry as it's there now; null when it isn't there any more. */
  async function step({ backend }: Exchange, entry: EntryRecord, why: Waiting): Promise<EntryRecord | null> {
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

/** Resolves when the page has its answer. One that's gone may never have it. */
function handedOver(handled: Promise<void>, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const stop = clock.after(HANDOVER_TIMEOUT_MS, resolve);
    void handled.then(stop).then(resolve);
  });
}

/** Gives the way to end a flight. */
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
