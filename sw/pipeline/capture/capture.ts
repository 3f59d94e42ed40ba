import type { WaitReason } from '../../protocol/events.js';
import { circuitStirred } from '../../policy/circuit.js';
import type { Decision } from '../../policy/entry.js';
import { credentialOf, type EntryRecord, type Turn } from '../../policy/entry-record.js';
import { DEFAULT_RETRY } from '../../policy/retry.js';
import type { Draft, FetchContext, Ports } from '../../ports.js';
import { duplicate, settledResponse, type AnswerFor } from './page-answer.js';
import type { Backend } from '../backend/backend.js';
import { candidateOf, learnFrom, type Candidate } from './exchange.js';
import type { Directives } from './directives.js';
import { queued, type Enqueue } from './enqueue.js';
import type { Why } from './first-send.js';
import type { Holds } from '../auth/tokens.js';
import type { Heads } from '../backend/heads.js';
import type { Launch } from './launch.js';
import type { Neighbours } from '../workers/neighbours.js';
import type { Report } from '../report.js';
import type { Unanswered } from '../workers/redelivery.js';
import { authView, gateOf } from '../backend/gates.js';
import { newFlight } from '../backend/flights.js';
import type { Nudge } from '../nudge.js';

export type Capture = (
  request: Request,
  directives: Directives,
  backend: Backend,
  context: FetchContext,
  /** Nothing new is captured: the kill switch. */
  isOff: boolean,
) => Promise<Response>;

export interface CaptureParts {
  ports: Ports;
  report: Report;
  holds: Holds;
  nudge: Nudge;
  enqueue: Enqueue;
  launch: Launch;
  answerFor: AnswerFor;
  unanswered: Unanswered;
  neighbours: Neighbours;
  heads: Heads;
  /** Names this worker. */
  instance: string;
}

/**
 * ```
 *  request ─▶ has it come before, to a worker that died? ── yes ───▶ go on from there
 *                  │ no
 *                  ▼
 *             known to be in vain? ── yes ─────────────────────────▶ store ─▶ answer for it
 *                  │ no                                                ▲
 *                  ▼                                                   │
 *             (write-ahead: store)                                     │
 *                  ▼                                                   │
 *                send ─▶ transient, or an expired token ───────────────┘
 *                  └───▶ anything else: the server's own answer
 * ```
 */
export function createCapture(parts: CaptureParts): Capture {
  const { ports, report, holds, nudge, enqueue, launch, answerFor, unanswered, neighbours, heads, instance } = parts;
  const { clock, outbox } = ports;

  /** Why a try would be in vain, or would overtake others; null when it's worth it. */
  function inVain(backend: Backend, draft: Draft): WaitReason | null {
    const now = clock.now();
    const { circuit, holdUntil } = backend.record;
    if (authView(backend, draft, now) === 'held') return gateOf(backend, draft.owner).hold?.reason ?? 'auth-expired';
    if (!ports.isOnline()) return 'offline';
    if (circuit.state === 'open' && !mayProbe(backend, draft.lane, now)) return 'circuit-open';
    if (holdUntil > now) return 'rate-limited';
    return isBehind(backend, draft, now) ? 'behind-waiting' : null;
  }

  /** What waits under the id that the page has chosen. */
  async function waitingUnder(backend: Backend, key: string): Promise<EntryRecord | undefined> {
    // When storage can't be asked, it can't hold anything under that id either.
    const same = await outbox.find(key).catch(() => []);
    const waiting = same.find((entry) => entry.state === 'pending');
    const flight = waiting && backend.flights.get(waiting.seq);
    if (!flight?.settling) return waiting;
    // Its answer is being written: see what came of it.
    await flight.done;
    return waitingUnder(backend, key);
  }

  /**
   * An event that was with a worker that died is taken up where that left it.
   *
   * @param known to be called when it's known whether it is one
   */
  async function resume(
    backend: Backend,
    wanted: Candidate,
    directives: Directives,
    context: FetchContext & { signal: AbortSignal },
    known: () => void,
  ): Promise<Response | null> {
    const flight = newFlight(wanted.draft, true);
    let replay: Promise<void> | null = null;
    const left = await unanswered.claim(wanted.fingerprint, ({ seq, reason }) => {
      replay = backend.flights.get(seq)?.done ?? null;
      if (reason === 'first-send' && !replay) backend.flights.set(seq, flight);
    });
    known();
    if (!left) return null;
    wanted.berth.entry = left;
    // It has its place.
    wanted.berth.place();
    if (!('request' in left)) return settledResponse(left);
    // Its lane didn't wait for the event: what it's answered with is the page's answer, too.
    await (replay as Promise<void> | null)?.catch(() => {});
    const entry = await takenUp(left, await isOvertaking(left));
    if (entry?.reason === 'first-send' && backend.flights.get(left.seq) === flight) {
      // Under its own id and idempotency key.
      const informed = await learnFrom(wanted, backend, holds, true);
      const again = { ...informed, draft: { ...entry, turn: wanted.draft.turn } };
      return launch(backend, again, directives, context, { adopted: { entry, flight } });
    }
    if (backend.flights.get(left.seq) === flight) backend.flights.delete(left.seq);
    void nudge();
    if (entry) {
      const answer = answerFor(backend, directives, entry);
      // Its replay may have been settled in the same transaction in which it was taken up.
      report.lookFor(entry.seq);
      return answer;
    }
    // It was ended meanwhile, by the user or by another worker.
    const settlement = await outbox.settlement(left.seq).catch(() => null);
    return settledResponse(settlement?.requestId === left.requestId ? settlement : null);
  }

  /** Whether it would overtake what waits in its lane, if its first send were made again. */
  async function isOvertaking({ backend, lane, seq, reason }: EntryRecord): Promise<boolean> {
    if (reason !== 'first-send') return false;
    const all = await outbox.heads().catch(() => []);
    return all.some((head) => head.backend === backend && head.lane === lane && head.seq < seq);
  }

  /** Marks an entry as this worker's to answer for. Null when it isn't there any more, or is another's by now. */
  async function takenUp(left: EntryRecord, intoLine: boolean): Promise<EntryRecord | null> {
    const decide = (entry: EntryRecord): Decision | null => {
      if (!entry.asked || entry.asked.worker !== left.asked?.worker) return null;
      const mine = { ...entry, asked: { ...entry.asked, worker: instance } };
      return intoLine ? queued({ ...mine, reason: 'behind-waiting' }, BEHIND, clock.now()) : { entry: mine, events: [] };
    };
    // What can't be marked is taken all the same: a second entry would be worse.
    const decision = await report.commit({ seq: left.seq, decide }).catch(() => ({ entry: left }));
    return decision?.entry ?? null;
  }

  async function capture(
    backend: Backend,
    wanted: Candidate,
    directives: Directives,
    context: FetchContext & { signal: AbortSignal },
  ): Promise<Response> {
    const { draft, berth } = wanted;
    // What another living worker has stored isn't in this one's memory.
    if (neighbours.mayHaveStored()) await heads.read().catch(() => []);
    stir(backend, clock.now());
    let reason = inVain(backend, draft);
    if (!reason && backend.record.circuit.state === 'open') backend.probe = berth;
    if (directives.id !== null) {
      const waiting = await waitingUnder(backend, draft.key);
      if (waiting && !directives.replace) return duplicate(waiting);
      if (waiting) reason = 'replaced';
    }
    const stored = reason && (await enqueue.store(backend, wanted, directives, { reason }));
    if (stored instanceof Response) return stored;
    // What finds no room must not overtake what has. Without a storage there's no telling.
    if (stored === 'full' && isBehind(backend, draft, clock.now())) return Response.error();
    return launch(backend, wanted, directives, context, { unstorable: reason !== null });
  }

  return async (request, directives, backend, context, isOff) => {
    // Before anything is awaited: in the order in which they come.
    const lane = directives.lane ?? backend.config.lane(request);
    const berth = backend.berths.take(lane);
    // One that takes long to be read, or to be written, doesn't hold up those behind it for ever.
    const stopTimer = clock.after(PLACE_MS, berth.place);
    const known = unanswered.enter();
    try {
      const described = await candidateOf(request, directives, backend, { ...context, lane, berth }, ports);
      const whole = { ...context, signal: request.signal };
      const resumed = known && (await resume(backend, described, directives, whole, known));
      if (resumed) return resumed;
      const wanted = await learnFrom(described, backend, holds, false);
      return await (isOff ? launch(backend, wanted, directives, whole, { unstorable: true }) : capture(backend, wanted, directives, whole));
    } finally {
      known?.();
      stopTimer();
      berth.leave();
      if (backend.probe === berth) backend.probe = null;
      const { entry } = berth;
      if (entry) context.waitUntil(context.handled.then(() => unanswered.answered(entry)));
    }
  };
}

const BEHIND: Why = { reason: 'behind-waiting' };

/** So long others of its lane wait for a request's place, in milliseconds. */
const PLACE_MS = 2_000;

/** What a page sends brings the probe of a server that rests forward. */
function stir(backend: Backend, now: number): void {
  const { circuit } = backend.record;
  const stirred = circuitStirred(circuit, DEFAULT_RETRY.answered.capMs, now);
  if (stirred !== circuit) backend.record = { ...backend.record, circuit: stirred };
}

/**
 * Whether a page's request may be the open circuit's probe: its time has come, and nothing stored can be it. Where the
 * server rests, what's stored in other lanes has been tried often enough: a new request goes first.
 */
function mayProbe(backend: Backend, lane: string, now: number): boolean {
  const { record: { circuit }, lanes, flights, probe } = backend;
  if (circuit.state !== 'open' || circuit.until > now || flights.size > 0 || probe) return false;
  const waiting = circuit.restingSince === undefined ? lanes.all() : lanes.turns(lane);
  return !waiting.some((turn) => isMoving(backend, turn, now));
}

/** Whether what waits in this turn may go out, as far as its token is concerned. */
function isMoving(backend: Backend, turn: Turn, now: number): boolean {
  const view = authView(backend, credentialOf(turn), now);
  return view === 'open' || view === 'probing';
}

/**
 * Whether something in the lane waits for its turn. What waits for a token, and this request doesn't
 * need that one, isn't overtaken: it isn't moving. Else a hold would catch the very request that is
 * to renew the session.
 */
function isBehind(backend: Backend, draft: Draft, now: number): boolean {
  const { lanes, flights, config } = backend;
  for (const { lane, firstSend } of flights.values()) if (lane === draft.lane && !firstSend) return true;
  // A dead letter may be what blocks the lane, whoever it belongs to.
  return lanes.turns(draft.lane).some((turn) => config.onDead === 'block' || turn[2] === draft.turn[2] || isMoving(backend, turn, now));
}
