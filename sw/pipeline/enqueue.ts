import type { SyncEvent, WaitReason } from '../protocol/events.js';
import { transition, type Decision, type EntryInput } from '../policy/entry.js';
import { aboutEntry, type EntryRecord } from '../policy/entry-record.js';
import type { CaptureOrder, Ports } from '../ports.js';
import { duplicate, type AnswerFor } from './answers.js';
import type { Backend } from './backend.js';
import type { Candidate } from './candidate.js';
import type { Directives } from './directives.js';
import type { Report } from './report.js';
import type { Scheduler } from './scheduler.js';

/** Puts requests on disk. */
export interface Enqueue {
  /** Writes an entry. Gives the refusal where one under its key waits, and null, told, where storage fails. */
  write(
    backend: Backend,
    wanted: Candidate,
    directives: Directives,
    decide: CaptureOrder['decide'],
  ): Promise<EntryRecord | Response | null>;
  /** Stores a request and gives the page's answer; null when it can't be stored. */
  store(
    backend: Backend,
    wanted: Candidate,
    directives: Directives,
    why: { reason: WaitReason; input?: EntryInput; events?: SyncEvent[]; written?(): void; failed?(): void },
  ): Promise<Response | null>;
}

export interface EnqueueParts {
  ports: Ports;
  report: Report;
  scheduler: Scheduler;
  answerFor: AnswerFor;
}

export function createEnqueue({ ports, report, scheduler, answerFor }: EnqueueParts): Enqueue {
  const { clock, log } = ports;

  const write: Enqueue['write'] = async (backend, { draft, body }, { replace }, decide) => {
    try {
      const result = await report.capture({
        draft,
        body,
        backend: backend.record,
        whenWaiting: replace ? 'replace' : 'refuse',
        isInFlight: (seq) => backend.flights.has(seq),
        decide,
      });
      return result.kind === 'refused' ? duplicate(result.waiting) : (result.decision.entry ?? { ...draft, seq: result.seq });
    } catch (error) {
      const { method, url } = draft.request;
      log.error(`[holdfast] ${method} ${url} could not be stored; the page gets the true answer`, error);
      const name = error instanceof Error ? error.name : String(error);
      report.tell({ type: 'storage-failed', at: clock.now(), method, url, error: name });
      return null;
    }
  };

  return {
    write,
    async store(backend, wanted, directives, { reason, input, events = [], written: told, failed }) {
      const draft = { ...wanted.draft, reason };
      backend.lanes.begin(draft.turn);
      const written = await write(backend, { ...wanted, draft }, directives, (entry) =>
        queued(entry, input, events, clock.now()),
      ).finally(() => backend.lanes.end(draft.turn));
      if (written) told?.();
      else failed?.();
      // Before the answer: it may be one that waits for a drain.
      ports.askForWakeUp();
      void scheduler.look();
      return written && 'seq' in written ? answerFor(backend, directives, written) : written;
    },
  };
}

/** The entry as it goes into the line; `input` is what it has to hear of a first try. */
export function queued(entry: EntryRecord, input: EntryInput | undefined, events: SyncEvent[], now: number): Decision {
  const event: SyncEvent = { ...aboutEntry(entry, now), type: 'queued', reason: entry.reason as WaitReason };
  const tried: Decision = input ? transition(entry, input, now) : { entry, events: [] };
  return { ...tried, events: [event, ...tried.events, ...events] };
}
