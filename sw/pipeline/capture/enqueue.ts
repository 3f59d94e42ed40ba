import { isFirstSend, type EntryRecord } from '../../policy/entry-record.js';
import { withReplays } from '../../policy/backend-record.js';
import type { Decision, SendInput } from '../../policy/entry-decision.js';
import { transition } from '../../policy/entry.js';
import { isQuotaError } from '../../policy/errors.js';
import { maskUrl } from '../../policy/secrets.js';
import type { CaptureOrder, CaptureResult, Ports } from '../../ports.js';
import type { SyncEvent, WaitReason } from '../../protocol/events.js';
import { joinKey } from '../../protocol/ids.js';
import type { Nudge } from '../nudge.js';
import type { Report } from '../report.js';
import type { BegunHold } from '../send/judge.js';
import type { Neighbours } from '../workers/neighbours.js';
import type { Coalescing } from './coalescing.js';
import type { Exchange } from './exchange.js';
import { duplicate, type AnswerFor } from './page-answer.js';

/** Puts requests on disk. */
export interface Enqueue {
  /** Writes an exchange's request, after the writes of earlier arrivals in its lane. */
  write(exchange: Exchange, order?: WriteOrder): Promise<WriteResult>;
  /** Puts a request that isn't on disk into the line. Returns the page's answer, or why the request can't be stored. */
  store(exchange: Exchange, why: Waiting): Promise<Response | StoreFailure>;
}

/** Why a request can't be stored: there's no room, or the storage fails. */
export type StoreFailure = 'full' | 'failed';

export type WriteResult =
  | { kind: 'stored'; entry: EntryRecord }
  /** Another entry waits under the request's key. */
  | { kind: 'refused'; answer: Response }
  /** Nothing is left to be sent, as what the request would delete will never be made. */
  | { kind: 'gone' }
  | { kind: StoreFailure };

export interface WriteOrder {
  /** Left out for a first send, which replaces no entry. */
  decide?: CaptureOrder['decide'];
  placed?(seq: number): void;
  /** Whether an event tells of a failure. @default true */
  reportsFailure?: boolean;
  /** Whether the request may become one with the last that waits in its lane. @default false */
  mayCoalesce?: boolean;
}

/** Why a request goes into the line, and the result of its first send, if there was a first send. */
export interface Waiting {
  reason: WaitReason;
  input?: SendInput;
  events?: SyncEvent[];
  hold?: BegunHold | null;
}

export interface EnqueueParts {
  ports: Ports;
  report: Report;
  nudge: Nudge;
  answerFor: AnswerFor;
  neighbours: Neighbours;
  coalescing: Coalescing;
  /** Names this worker. */
  workerId: string;
}

export function createEnqueue({ ports, report, nudge, answerFor, neighbours, coalescing, workerId }: EnqueueParts): Enqueue {
  const { clock, log } = ports;

  const write: Enqueue['write'] = async (exchange, wanted = {}) => {
    const { decide, placed, reportsFailure = true, mayCoalesce = false } = wanted;
    const { backend, body, directives, ticket } = exchange;
    const { method, url } = exchange.draft.request;
    try {
      const asked = { worker: workerId, fingerprint: await exchange.fingerprint() };
      await ticket.precedingPlaced();
      const draft = { ...exchange.draft, asked };
      const order: CaptureOrder = {
        draft,
        body,
        limits: backend.config.limits,
        backend: backend.record,
        isNewId: exchange.isNewId,
        whenWaiting: directives.replace ? 'replace' : 'refuse',
        // The flights of another living worker aren't known here, so any entry may be on the wire.
        isInFlight: (seq) => !decide || neighbours.mayHaveStored() || backend.flights.has(seq),
        ...(decide && { decide }),
        ...(placed && { placed }),
      };
      // Whoever knows the id of a request, or may make the request again under it, looks for an entry of its own. Another worker may have sent any entry.
      const coalesces = mayCoalesce && backend.config.coalesce && exchange.isNewId && neighbours.isAlone();
      if (coalesces) order.coalesce = coalescing.order(exchange, draft);
      const writing = report.capture(order);
      // The write is queued, so writes of later arrivals come after it. Not where it may have to be repeated: a Blob's, as bytes, or once the app's function has answered.
      if (!(body instanceof Blob || coalesces)) ticket.placed();
      let result = await writing;
      if (result.kind === 'asked') result = await report.capture({ ...order, coalesce: coalescing.order(exchange, draft, await coalescing.given(result)) });
      ticket.placed();
      if (result.kind === 'refused') {
        if (directives.id !== null) return { kind: 'refused', answer: duplicate(result.waiting) };
        // The page has been told of no failure yet: these are two equal writes.
        if (isFirstSend(result.waiting)) return await write(withNewId(exchange), wanted);
        return { kind: 'refused', answer: Response.error() };
      }
      if (result.kind === 'stored') {
        exchange.stored = { seq: result.seq, ...(draft.requestId !== undefined && { requestId: draft.requestId }) };
        return { kind: 'stored', entry: result.decision.entry ?? { ...draft, seq: result.seq } };
      }
      if (result.kind === 'gone') {
        exchange.stored = { seq: draft.requestId!, requestId: draft.requestId! };
        return { kind: 'gone' };
      }
      if (reportsFailure) full(method, url, (result as Extract<CaptureResult, { kind: 'full' }>).limit);
      return { kind: 'full' };
    } catch (error) {
      ticket.placed();
      const isFull = isQuotaError(error);
      if (isFull && reportsFailure) full(method, url, 'quota');
      else if (reportsFailure) report.storageFailed(method, url, error);
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
    async store(exchange, why) {
      const { backend, draft: { turn } } = exchange;
      const { lanes } = backend;
      const now = clock.now();
      // Where nothing else waits, nothing that waits has been sent.
      if (backend.config.coalesce && !lanes.any && neighbours.isAlone()) backend.record = withReplays(backend.record, false);
      lanes.writeStarted(turn);
      const result = await write(exchange, { decide: (entry) => queued(entry, why, now), mayCoalesce: !why.input });
      const isStored = result.kind === 'stored';
      lanes.writeEnded(turn, isStored);
      if (isStored) why.hold?.written();
      else why.hold?.undo();
      // The nudge comes before the answer, as an answer with `respond: 'wait'` waits for the drain.
      ports.askForWakeUp();
      void nudge();
      if (isStored) return answerFor(exchange, result.entry);
      if (result.kind === 'gone') return new Response(null, { status: 204 });
      return result.kind === 'refused' ? result.answer : result.kind;
    },
  };
}

/** Gives an exchange's draft an id of its own. */
function withNewId(exchange: Exchange): Exchange {
  const { namespace, baseUrl, requestId = '' } = exchange.draft;
  exchange.draft = { ...exchange.draft, id: requestId, key: joinKey(namespace, baseUrl, requestId) };
  exchange.isNewId = true;
  return exchange;
}

/** The decision that puts an entry into the line. Null for an entry that isn't a first send any more. */
export function queued(entry: EntryRecord, { reason, input, events = [] }: Waiting, now: number): Decision | null {
  const decision = transition(entry, { type: 'queued', reason, sent: input }, now);
  return decision && { ...decision, events: [...decision.events, ...events] };
}
