import type { SyncEvent } from '../../protocol/events.js';
import { transition, type Decision } from '../../policy/entry.js';
import { isQuotaError } from '../../policy/errors.js';
import { aboutEntry, type EntryRecord } from '../../policy/entry-record.js';
import { maskUrl } from '../../policy/secrets.js';
import type { CaptureOrder, Ports } from '../../ports.js';
import { duplicate, type AnswerFor } from './page-answer.js';
import type { Backend } from '../backend/backend.js';
import type { Candidate } from './exchange.js';
import type { Directives } from './directives.js';
import type { Why } from './first-send.js';
import type { Neighbours } from '../workers/neighbours.js';
import type { Report } from '../report.js';
import type { Nudge } from '../nudge.js';

/** Puts requests on disk. */
export interface Enqueue {
  /** Writes an entry, after those that came before it in its lane and are to be written. */
  write(backend: Backend, wanted: Candidate, directives: Directives, how: How): Promise<Written>;
  /** Stores a request, and gives the page's answer, or why it can't be stored. */
  store(backend: Backend, wanted: Candidate, directives: Directives, why: Why): Promise<Response | Unkept>;
}

/** There's no room, or no storage. */
export type Unkept = 'full' | 'failed';

export type Written =
  | { kind: 'stored'; entry: EntryRecord }
  /** Another entry waits under its key. */
  | { kind: 'refused'; answer: Response }
  | { kind: Unkept };

export interface How {
  decide: CaptureOrder['decide'];
  placed?(seq: number): void;
  /** Its first send is still to be made, or under way: it takes nobody's place yet. */
  firstSend?: boolean;
  /** Of a failure nothing is told, as the request isn't in need yet. */
  silent?: boolean;
}

export interface EnqueueParts {
  ports: Ports;
  report: Report;
  nudge: Nudge;
  answerFor: AnswerFor;
  neighbours: Neighbours;
  /** Names this worker. */
  instance: string;
}

export function createEnqueue({ ports, report, nudge, answerFor, neighbours, instance }: EnqueueParts): Enqueue {
  const { clock, log } = ports;

  const write: Enqueue['write'] = async (backend, wanted, { id, replace }, { decide, placed, firstSend = false, silent = false }) => {
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
        isNewId: id === null,
        whenWaiting: replace ? 'replace' : 'refuse',
        // What another living worker has on the wire isn't known here.
        isInFlight: (seq) => firstSend || neighbours.mayHaveStored() || backend.flights.has(seq),
        decide,
        ...(placed && { placed }),
      });
      // It's in the queue of writes: what comes later comes behind it. A Blob may have to be written a second time, as bytes.
      if (!(body instanceof Blob)) berth.place();
      const result = await writing;
      berth.place();
      if (result.kind === 'refused') return { kind: 'refused', answer: duplicate(result.waiting) };
      if (result.kind === 'stored') {
        berth.entry = { seq: result.seq, ...(draft.requestId !== undefined && { requestId: draft.requestId }) };
        return { kind: 'stored', entry: result.decision.entry ?? { ...draft, seq: result.seq } };
      }
      if (!silent) full(method, url, result.limit);
      return { kind: 'full' };
    } catch (error) {
      berth.place();
      const isFull = isQuotaError(error);
      if (isFull && !silent) full(method, url, 'quota');
      else if (!silent) report.storageFailed(method, url, error);
      return { kind: isFull ? 'full' : 'failed' };
    }
  };

  function full(method: string, address: string, limit: 'maxEntries' | 'maxBytes' | 'quota'): void {
    const url = maskUrl(address);
    log.warn(`[holdfast] the outbox is full (${limit}), so ${method} ${url} isn't stored; the page gets the true answer`);
    report.tell({ type: 'outbox-full', at: clock.now(), method, url, limit });
  }

  return {
    write,
    async store(backend, wanted, directives, why) {
      const draft = { ...wanted.draft, reason: why.reason };
      const now = clock.now();
      backend.lanes.begin(draft.turn);
      const written = await write(backend, { ...wanted, draft }, directives, {
        decide: (entry) => queued(entry, why, now),
      });
      const isStored = written.kind === 'stored';
      backend.lanes.end(draft.turn, isStored);
      if (isStored) why.written?.();
      else why.failed?.();
      // Before the answer: it may be one that waits for a drain.
      ports.askForWakeUp();
      void nudge();
      if (isStored) return answerFor(backend, directives, written.entry);
      return written.kind === 'refused' ? written.answer : written.kind;
    },
  };
}

/** The entry as it goes into the line. */
export function queued(entry: EntryRecord, { reason, input, events = [] }: Why, now: number): Decision {
  const event: SyncEvent = { ...aboutEntry(entry, now), type: 'queued', reason };
  const tried: Decision = input ? transition(entry, input, now) : { entry, events: [] };
  return { ...tried, events: [event, ...tried.events, ...events] };
}
