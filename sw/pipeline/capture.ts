import type { Settlement } from '../protocol/api.js';
import type { SyncEvent, WaitReason } from '../protocol/events.js';
import { ENTRY_HEADER } from '../protocol/headers.js';
import { aboutEntry, transition, type Decision, type EntryInput, type EntryRecord } from '../policy/entry.js';
import type { CaptureOrder, Commit, Draft, Ports } from '../ports.js';
import { authView, gateOf, type Backend, type Flight } from './backend.js';
import { candidateOf, type Candidate } from './candidate.js';
import { refusal, type Directives } from './directives.js';
import { judgeFirst, sendFirst } from './first-send.js';
import type { Holds } from './hold.js';
import type { Listing } from './listing.js';
import type { Report } from './report.js';
import type { Scheduler } from './scheduler.js';

export type Capture = (request: Request, directives: Directives, backend: Backend) => Promise<Response>;

export interface CaptureParts {
  ports: Ports;
  report: Report;
  holds: Holds;
  listing: Listing;
  scheduler: Scheduler;
  /** Names this worker, so that what a dead one was sending can be told. */
  instance: string;
}

/**
 * ```
 *  request ─▶ known to be in vain? ── yes ─────────────────────────▶ store ─▶ answer for it
 *                  │ no                                                ▲
 *                  ▼                                                   │
 *             (write-ahead: store)                                     │
 *                  ▼                                                   │
 *                send ─▶ transient, or an expired token ───────────────┘
 *                  └───▶ anything else: the server's own answer
 * ```
 */
export function createCapture({ ports, report, holds, listing, scheduler, instance }: CaptureParts): Capture {
  const { clock, outbox, log } = ports;

  /** Why a try would be in vain, or would overtake others; null when it's worth it. */
  function inVain(backend: Backend, draft: Draft): WaitReason | null {
    const { circuit, holdUntil } = backend.record;
    if (authView(backend, draft) === 'held') return gateOf(backend, draft.owner).hold?.reason ?? 'auth-expired';
    if (!ports.isOnline()) return 'offline';
    if (circuit.state === 'open' && !mayProbe(backend, clock.now())) return 'circuit-open';
    if (holdUntil > clock.now()) return 'rate-limited';
    return backend.lanes.has(draft.lane) ? 'behind-waiting' : null;
  }

  /** Writes the entry. A storage failure is told, and gives null. */
  async function write(
    backend: Backend,
    { draft, body }: Candidate,
    { replace }: Directives,
    decide: CaptureOrder['decide'],
  ): Promise<EntryRecord | Response | null> {
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
  }

  /** Stores the request and gives the page's answer; null when it can't be stored. */
  async function store(
    backend: Backend,
    wanted: Candidate,
    directives: Directives,
    reason: WaitReason,
    input: EntryInput | null = null,
    events: SyncEvent[] = [],
  ): Promise<Response | null> {
    const { lane } = wanted.draft;
    backend.lanes.begin(lane);
    try {
      const draft = { ...wanted.draft, reason };
      const written = await write(backend, { ...wanted, draft }, directives, (entry) =>
        queued(entry, input, events, clock.now()),
      );
      return written && 'seq' in written ? await answerFor(backend, directives, written) : written;
    } finally {
      backend.lanes.end(lane);
      ports.askForWakeUp();
      void scheduler.look();
    }
  }

  /** What the page hears of a stored request. */
  function answerFor(backend: Backend, { mode }: Directives, entry: EntryRecord): Promise<Response> | Response {
    const respond = mode && mode !== 'bypass' ? mode : backend.config.respond;
    if (respond === 'reject') return Response.error();
    if (respond === 'wait') return report.settlementOf(entry.seq).then(settledResponse);
    const info = listing.describe(entry);
    if (typeof respond === 'function') return respond(info);
    const { id, key, state, reason } = info;
    return Response.json(
      { queued: true, id, key, state, reason },
      { status: 202, headers: { [ENTRY_HEADER]: id, 'Cache-Control': 'no-store' } },
    );
  }

  /** Makes the first send, and stores the request when that came to nothing. */
  async function trySending(backend: Backend, wanted: Candidate, directives: Directives, signal: AbortSignal) {
    const { outcome, response } = await sendFirst(backend, wanted, signal, ports);
    const next = await judgeFirst(backend, wanted, outcome, ports);
    if (next.kind === 'store') {
      const stored = await store(backend, wanted, directives, next.reason, next.input, next.events);
      if (stored) {
        void response?.body?.cancel().catch(() => {});
        return stored;
      }
    } else if (backend.lanes.any) {
      void scheduler.look();
    }
    return response ?? Response.error();
  }

  /** As `trySending`, but the entry is on disk before the first byte goes out. */
  async function tryWrittenAhead(backend: Backend, wanted: Candidate, directives: Directives, signal: AbortSignal) {
    const { lane, scheme } = wanted.draft;
    const { flight, land } = takeOff(lane, scheme !== null);
    const draft = { ...wanted.draft, writer: instance };
    const written = await write(backend, { ...wanted, draft }, directives, (entry) => {
      // Before anybody can read it from the disk: nobody else may send it.
      backend.flights.set(entry.seq, flight);
      return { entry, events: [] };
    });
    if (!written) return trySending(backend, wanted, directives, signal);
    if (!('seq' in written)) return written;
    const { seq } = written;
    try {
      const { outcome, response } = await sendFirst(backend, wanted, AbortSignal.any([signal, flight.abort.signal]), ports);
      if (flight.cancelled) return Response.error();
      const next = await judgeFirst(backend, wanted, outcome, ports);
      flight.settling = true;
      if (next.kind === 'answer') {
        // The page has its answer, or has given up itself: there's nothing left to owe.
        const paid: Commit = { seq, backend: backend.record, decide: () => ({ entry: null, events: [] }) };
        await report.commit(paid).catch((error: unknown) => {
          log.error(`[holdfast] ${written.id} was answered but can't be removed; it will be sent again`, error);
        });
        return response ?? Response.error();
      }
      void response?.body?.cancel().catch(() => {});
      const { reason, input, events } = next;
      backend.lanes.begin(lane);
      const decision = await report
        .commit({
          seq,
          backend: backend.record,
          decide: (entry) => queued({ ...entry, reason, writer: null }, input, events, clock.now()),
        })
        .finally(() => backend.lanes.end(lane));
      backend.flights.delete(seq);
      return await answerFor(backend, directives, decision?.entry ?? written);
    } finally {
      backend.flights.delete(seq);
      land();
      ports.askForWakeUp();
      void scheduler.look();
    }
  }

  return async (request, directives, backend) => {
    const wanted = await candidateOf(request, directives, backend, holds, ports);
    const { draft } = wanted;
    let reason = inVain(backend, draft);
    if (directives.id !== null) {
      const waiting = (await outbox.find(draft.key)).find((entry) => entry.state === 'pending');
      if (waiting && !directives.replace) return duplicate(waiting);
      if (waiting) reason = 'replaced';
    }
    const stored = reason && (await store(backend, wanted, directives, reason));
    if (stored) return stored;
    const attempt = backend.config.capture === 'write-ahead' && !reason ? tryWrittenAhead : trySending;
    const probe = backend.record.circuit.state === 'open';
    if (probe) backend.probing = true;
    return attempt(backend, wanted, directives, request.signal).finally(() => {
      if (probe) backend.probing = false;
    });
  };
}

/** Whether a page's request may be the open circuit's probe: its time has come, and nothing stored wants to. */
function mayProbe({ record: { circuit }, lanes, flights, probing }: Backend, now: number): boolean {
  return circuit.state === 'open' && circuit.until <= now && !lanes.any && flights.size === 0 && !probing;
}

/** The entry as it goes into the line; `input` is what it has to hear of a first try. */
function queued(entry: EntryRecord, input: EntryInput | null, events: SyncEvent[], now: number): Decision {
  const { reason } = entry;
  const event: SyncEvent = { ...aboutEntry(entry, now), type: 'queued', reason: reason as WaitReason };
  const tried: Decision = input ? transition(entry, input, now) : { entry, events: [] };
  return { ...tried, events: [event, ...tried.events, ...events] };
}

function takeOff(lane: string, needsToken: boolean): { flight: Flight; land: () => void } {
  let land = () => {};
  const done = new Promise<void>((resolve) => {
    land = resolve;
  });
  const abort = new AbortController();
  return { flight: { lane, needsToken, firstSend: true, abort, cancelled: false, settling: false, done }, land };
}

const duplicate = (waiting: EntryRecord): Response =>
  refusal(
    409,
    'duplicate-task-id',
    `holdfast: an entry with the task id "${waiting.id}" is waiting; send Holdfast-Replace: 1 to take its place`,
    waiting.id,
  );

/** The server's real answer, for a page that waited for it. */
function settledResponse({ status, headers, body, state }: Settlement): Response {
  if (state === 'cancelled' || status === null || status < 200) return Response.error();
  const bodiless = status === 204 || status === 205 || status === 304;
  const answer = new Response(bodiless ? null : body, { status, headers });
  // They speak of the bytes on the wire; these have been decoded.
  answer.headers.delete('Content-Encoding');
  answer.headers.delete('Content-Length');
  return answer;
}
