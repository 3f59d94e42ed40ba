import type { EntryRecord } from '../policy/entry-record.js';
import type { Commit, Ports } from '../ports.js';
import type { AnswerFor } from './answers.js';
import { newFlight, type Backend, type Flight } from './backend.js';
import type { Candidate } from './candidate.js';
import type { Directives } from './directives.js';
import { queued, type Enqueue } from './enqueue.js';
import { judgeFirst, sendFirst } from './first-send.js';
import type { Report } from './report.js';
import type { Scheduler } from './scheduler.js';

/** Makes the first send of a request that's on disk already. Null when it can't be put there. */
export type WriteAhead = (
  backend: Backend,
  wanted: Candidate,
  directives: Directives,
  signal: AbortSignal,
) => Promise<Response | null>;

export interface WriteAheadParts {
  ports: Ports;
  report: Report;
  scheduler: Scheduler;
  enqueue: Enqueue;
  answerFor: AnswerFor;
  /** Names this worker, so that what a dead one was sending can be told. */
  instance: string;
}

export function createWriteAhead(parts: WriteAheadParts): WriteAhead {
  const { ports, report, scheduler, enqueue, answerFor, instance } = parts;
  const { clock, log } = ports;

  return async (backend, wanted, directives, signal) => {
    const flight = newFlight(wanted.draft, true);
    let land = () => {};
    flight.done = new Promise((resolve) => {
      land = resolve;
    });
    const draft = { ...wanted.draft, writer: instance };
    const written = await enqueue.write(backend, { ...wanted, draft }, directives, (entry) => {
      // Before anybody can read it from the disk: nobody else may send it.
      backend.flights.set(entry.seq, flight);
      return { entry, events: [] };
    });
    if (!written || !('seq' in written)) {
      for (const [seq, other] of backend.flights) if (other === flight) backend.flights.delete(seq);
      return written;
    }

    const answer = await fly(backend, wanted, written, flight, signal).finally(() => {
      backend.flights.delete(written.seq);
      land();
      ports.askForWakeUp();
      void scheduler.look();
    });
    return 'seq' in answer ? answerFor(backend, directives, answer) : answer;
  };

  /** Sends it. Gives the server's answer, or the entry as it's in line now. */
  async function fly(
    backend: Backend,
    wanted: Candidate,
    written: EntryRecord,
    flight: Flight,
    signal: AbortSignal,
  ): Promise<Response | EntryRecord> {
    const { seq, id } = written;
    const { outcome, response } = await sendFirst(backend, wanted, AbortSignal.any([signal, flight.abort.signal]), ports);
    const next = flight.cancelled ? null : await judgeFirst(backend, wanted, outcome, ports);
    flight.settling = true;
    if (!next || next.kind === 'answer') {
      // The page has its answer, or wants none any more: there's nothing left to owe.
      const paid: Commit = { seq, backend: backend.record, decide: () => ({ entry: null, events: [] }) };
      await report
        .commit(paid)
        .catch((error: unknown) => log.error(`[holdfast] ${id} can't be removed, so it will be sent again`, error));
      return response ?? Response.error();
    }

    void response?.body?.cancel().catch(() => {});
    const { reason, input, events } = next;
    const { turn } = wanted.draft;
    backend.lanes.begin(turn);
    try {
      const decision = await report.commit({
        seq,
        backend: backend.record,
        decide: (entry) => queued({ ...entry, reason, writer: null }, input, events, clock.now()),
      });
      next.written?.();
      return decision?.entry ?? written;
    } catch (error) {
      next.failed?.();
      log.error(`[holdfast] what became of ${id} can't be written, so it will be sent again`, error);
      return written;
    } finally {
      backend.lanes.end(turn);
    }
  }
}
