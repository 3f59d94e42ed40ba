import type { SyncEvent, WaitReason } from '../protocol/events.js';
import { transition, type Decision, type EntryInput } from '../policy/entry.js';
import { isQuotaError } from '../policy/errors.js';
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
  /**
   * Writes an entry, after those that came before it in its lane and are to be written. Gives the
   * refusal where one under its key waits, and null where there's no room or no storage.
   */
  write(backend: Backend, wanted: Candidate, directives: Directives, how: How): Promise<EntryRecord | Response | null>;
  /** Stores a request, and gives the page's answer; null when it can't be stored. */
  store(backend: Backend, wanted: Candidate, directives: Directives, why: Why): Promise<Response | null>;
}

export interface How {
  decide: CaptureOrder['decide'];
  /** Its first send is under way: it takes nobody's place yet, and of a failure nothing is told. */
  early?: boolean;
}

/** Why a request is stored, and what the entry has to hear of a first try. */
export interface Why {
  reason: WaitReason;
  input?: EntryInput;
  events?: SyncEvent[];
  /** What is to follow when that's on disk, and when it can't be written. */
  written?(): void;
  failed?(): void;
}

export interface EnqueueParts {
  ports: Ports;
  report: Report;
  scheduler: Scheduler;
  answerFor: AnswerFor;
  /** Names this worker. */
  instance: string;
}

export function createEnqueue({ ports, report, scheduler, answerFor, instance }: EnqueueParts): Enqueue {
  const { clock, log } = ports;

  const write: Enqueue['write'] = async (backend, wanted, { replace }, { decide, early = false }) => {
    const { body, berth } = wanted;
    const { method, url } = wanted.draft.request;
    try {
      const asked = { worker: instance, fingerprint: await wanted.fingerprint() };
      await berth.earlier();
      const draft = { ...wanted.draft, asked };
      const writing = report.capture({
        draft,
        body,
        limits: backend.config.limits,
        backend: backend.record,
        whenWaiting: replace ? 'replace' : 'refuse',
        isInFlight: (seq) => early || backend.flights.has(seq),
        decide,
      });
      // It's in the queue of writes: what comes later comes behind it.
      berth.place();
      const result = await writing;
      if (result.kind === 'refused') return duplicate(result.waiting);
      if (result.kind === 'stored') {
        berth.seq = result.seq;
        return result.decision.entry ?? { ...draft, seq: result.seq };
      }
      if (!early) full(method, url, result.limit);
    } catch (error) {
      berth.place();
      if (early) return null;
      if (isQuotaError(error)) full(method, url, 'quota');
      else report.storageFailed(method, url, error);
    }
    return null;
  };

  function full(method: string, url: string, limit: 'maxEntries' | 'maxBytes' | 'quota'): void {
    log.warn(`[holdfast] the outbox is full (${limit}), so ${method} ${url} isn't stored; the page gets the true answer`);
    report.tell({ type: 'outbox-full', at: clock.now(), method, url, limit });
  }

  return {
    write,
    async store(backend, wanted, directives, why) {
      const draft = { ...wanted.draft, reason: why.reason };
      backend.lanes.begin(draft.turn);
      const written = await write(backend, { ...wanted, draft }, directives, {
        decide: (entry) => queued(entry, why, clock.now()),
      });
      const entry = written && 'seq' in written ? written : null;
      backend.lanes.end(draft.turn, entry !== null);
      if (entry) why.written?.();
      else why.failed?.();
      // Before the answer: it may be one that waits for a drain.
      ports.askForWakeUp();
      void scheduler.look();
      return entry ? answerFor(backend, directives, entry) : (written as Response | null);
    },
  };
}

/** The entry as it goes into the line. */
export function queued(entry: EntryRecord, { reason, input, events = [] }: Why, now: number): Decision {
  const event: SyncEvent = { ...aboutEntry(entry, now), type: 'queued', reason };
  const tried: Decision = input ? transition(entry, input, now) : { entry, events: [] };
  return { ...tried, events: [event, ...tried.events, ...events] };
}
