import { circuitStirred } from '../../policy/circuit.js';
import { credentialOf, isFirstSend, type EntryRecord, type Turn } from '../../policy/entry-record.js';
import { transition, type Decision } from '../../policy/entry.js';
import { isGrant } from '../../policy/exclude.js';
import type { Draft, FetchContext, Ports } from '../../ports.js';
import type { WaitReason } from '../../protocol/events.js';
import type { Holds } from '../auth/tokens.js';
import type { Backend } from '../backend/backend.js';
import { newFlight } from '../backend/flights.js';
import { authView, authGateOf } from '../backend/gates.js';
import type { Heads } from '../backend/heads.js';
import type { Nudge } from '../nudge.js';
import type { Report } from '../report.js';
import type { Neighbours } from '../workers/neighbours.js';
import type { Redelivery } from '../workers/redelivery.js';
import type { Directives } from './directives.js';
import type { DiskCopies } from './disk-copy.js';
import { queued, type Enqueue } from './enqueue.js';
import { learnFrom, describeExchange, type Exchange } from './exchange.js';
import type { FirstSend } from './first-send.js';
import { duplicate, settledResponse, type AnswerFor } from './page-answer.js';

/** @param isOff whether the kill switch is thrown, so that nothing new is captured */
export type Capture = (request: Request, directives: Directives, backend: Backend, context: FetchContext, isOff: boolean) => Promise<Response>;

export interface CaptureParts {
  ports: Ports;
  report: Report;
  holds: Holds;
  nudge: Nudge;
  enqueue: Enqueue;
  copies: DiskCopies;
  firstSend: FirstSend;
  answerFor: AnswerFor;
  redelivery: Redelivery;
  neighbours: Neighbours;
  heads: Heads;
  /** Names this worker. */
  workerId: string;
}

/**
 * Answers a page's request: sends it, or stores it.
 *
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
  const { ports, report, holds, nudge, enqueue, copies, firstSend, answerFor, redelivery, neighbours, heads, workerId } = parts;
  const { clock, outbox } = ports;

  /** Why a send would be in vain, or would overtake others; null when the request may be sent. */
  function inVain(backend: Backend, draft: Draft): WaitReason | null {
    const now = clock.now();
    const { circuit, throttledUntil } = backend.record;
    if (authView(backend, draft, now) === 'held') return authGateOf(backend, draft.owner).hold?.reason ?? 'auth-expired';
    if (!ports.isOnline()) return 'offline';
    if (circuit.state === 'open' && !mayProbe(backend, draft.lane, now)) return 'circuit-open';
    if (throttledUntil > now) return 'rate-limited';
    return isBehind(backend, draft, now) ? 'behind-waiting' : null;
  }

  /** The entry that waits under the id that the page has chosen. */
  async function waitingUnder(backend: Backend, key: string): Promise<EntryRecord | undefined> {
    // A storage that can't be read counts as having no entry under the id.
    const same = await outbox.find(key).catch(() => []);
    const waiting = same.find((entry) => entry.state === 'pending');
    const flight = waiting && backend.flights.get(waiting.seq);
    if (!flight?.settling) return waiting;
    // The entry's answer is being written, after which it may be gone.
    await flight.done;
    return waitingUnder(backend, key);
  }

  /**
   * Takes a redelivered event up where its dead worker left it. Null for any other event.
   *
   * @param checked called once it's clear whether this is a redelivery
   */
  async function resume(exchange: Exchange, checked: () => void): Promise<Response | null> {
    const { backend, ticket } = exchange;
    const flight = newFlight(exchange.draft, true);
    let replay: Promise<void> | null = null;
    const left = await redelivery.claim(exchange.fingerprint, (entry) => {
      replay = backend.flights.get(entry.seq)?.done ?? null;
      if (isFirstSend(entry) && !replay) backend.flights.set(entry.seq, flight);
    });
    checked();
    if (!left) return null;
    exchange.stored = left;
    // A redelivered request is on disk already, so later arrivals needn't wait.
    ticket.placed();
    if (!('request' in left)) return settledResponse('status' in left ? left : null);
    // A replay of the entry may be under way, if the lane didn't wait for the event: the replay's answer is the page's, too.
    await (replay as Promise<void> | null)?.catch(() => {});
    const entry = await takeOver(left, await isOvertaking(left));
    if (entry && isFirstSend(entry) && backend.flights.get(left.seq) === flight) {
      await learnFrom(exchange, holds, true);
      // The send goes under the stored entry's id and idempotency key.
      exchange.draft = { ...entry, turn: exchange.draft.turn };
      return firstSend(exchange, copies.left(exchange, entry, flight));
    }
    if (backend.flights.get(left.seq) === flight) backend.flights.delete(left.seq);
    void nudge();
    if (entry) return answerFor(exchange, entry);
    // The entry was ended meanwhile, by the user or by another worker.
    const settlement = await outbox.settlement(left.seq).catch(() => null);
    return settledResponse(settlement?.requestId === left.requestId ? settlement : null);
  }

  /** Whether a redelivered first send, made again, would overtake entries that wait in its lane. */
  async function isOvertaking(left: EntryRecord): Promise<boolean> {
    if (!isFirstSend(left)) return false;
    const all = await outbox.heads().catch(() => []);
    return all.some((head) => head.backend === left.backend && head.lane === left.lane && head.seq < left.seq);
  }

  /** Marks an entry as taken over by this worker. Null when the entry isn't there any more, or is another worker's by now. */
  async function takeOver(left: EntryRecord, intoLine: boolean): Promise<EntryRecord | null> {
    const from = left.asked?.worker ?? '';
    const decide = (entry: EntryRecord): Decision | null => {
      const takenOver = transition(entry, { type: 'taken-over', from, by: workerId }, clock.now());
      const inLine = intoLine && takenOver?.entry && queued(takenOver.entry, { reason: 'behind-waiting' }, clock.now());
      return inLine || takenOver;
    };
    // An entry that can't be marked is taken over all the same: a second entry for the request would be worse.
    const decision = await report.commit({ seq: left.seq, decide }).catch(() => ({ entry: left }));
    return decision?.entry ?? null;
  }

  /** Stores a request whose send would be in vain, and sends any other. */
  async function storeOrSend(exchange: Exchange): Promise<Response> {
    const { backend, draft, directives, ticket } = exchange;
    // Entries stored by another living worker aren't in this worker's lane index.
    if (neighbours.mayHaveStored()) await heads.read().catch(() => []);
    stir(backend, clock.now());
    let reason = inVain(backend, draft);
    if (!reason && backend.record.circuit.state === 'open') backend.probe = ticket;
    if (directives.id !== null) {
      const waiting = await waitingUnder(backend, draft.key);
      if (waiting && !directives.replace) return duplicate(waiting);
      if (waiting) reason = 'replaced';
    }
    const stored = reason && (await enqueue.store(exchange, { reason }));
    if (stored instanceof Response) return stored;
    // A request that finds no room must not overtake stored entries. When the storage has failed, the request is sent.
    if (stored === 'full' && isBehind(backend, draft, clock.now())) return Response.error();
    return firstSend(exchange, copies.fresh(exchange, reason === null));
  }

  return async (request, directives, backend, context, isOff) => {
    // The ticket is taken before anything is awaited, so that tickets are in the order of arrival.
    const lane = directives.lane ?? backend.config.lane(request);
    const ticket = backend.arrivals.take(lane);
    // A request that takes long to be read, or to be written, doesn't hold up later ones for ever.
    const stopTimer = clock.after(PLACE_MS, ticket.placed);
    const checked = redelivery.enter();
    let exchange: Exchange | null = null;
    try {
      const described = await describeExchange(request, directives, backend, { lane, clientId: context.clientId }, ports);
      exchange = { ...described, backend, directives, context, signal: request.signal, ticket, stored: null };
      const resumed = checked && (await resume(exchange, checked));
      if (resumed) return resumed;
      // A token that is asked for isn't kept, nor is what asks for it a sign of who is signed in.
      const isToken = backend.config.excludesGrants && asksForToken(exchange);
      if (!isToken) await learnFrom(exchange, holds, false);
      return await (isOff || isToken ? firstSend(exchange, copies.fresh(exchange, false)) : storeOrSend(exchange));
    } finally {
      checked?.();
      stopTimer();
      ticket.release();
      if (backend.probe === ticket) backend.probe = null;
      const stored = exchange?.stored;
      if (stored) context.waitUntil(context.handled.then(() => redelivery.answered(stored)));
    }
  };
}

/** How long later requests of a lane wait for a request to be placed, in milliseconds. */
const PLACE_MS = 2_000;

/** Brings the probe of a server that rests forward, as a page has a new request. */
function stir(backend: Backend, now: number): void {
  const { circuit } = backend.record;
  const stirred = circuitStirred(circuit, backend.config.leastRestMs, now);
  if (stirred !== circuit) backend.record = { ...backend.record, circuit: stirred };
}

/**
 * Whether a page's request may be the open circuit's probe: the probe is due, and no stored entry can be the probe. Where
 * the server rests, entries stored in other lanes have been tried often enough: a new request goes first.
 */
function mayProbe(backend: Backend, lane: string, now: number): boolean {
  const { record: { circuit }, lanes, flights, probe } = backend;
  if (circuit.state !== 'open' || circuit.until > now || flights.size > 0 || probe) return false;
  const waiting = circuit.restingSince === undefined ? lanes.all() : lanes.turns(lane);
  return !waiting.some((turn) => isMoving(backend, turn, now));
}

/** Whether the entries of a turn may go out, as far as their token is concerned. */
function isMoving(backend: Backend, turn: Turn, now: number): boolean {
  const view = authView(backend, credentialOf(turn), now);
  return view === 'open' || view === 'probing';
}

/**
 * Whether a request must queue behind entries of its lane. An entry that waits for a token this request doesn't
 * need may be passed: else a hold would block the very request that renews the session.
 */
function isBehind(backend: Backend, draft: Draft, now: number): boolean {
  const { lanes, flights, config } = backend;
  for (const { lane, firstSend, isDelivered } of flights.values()) if (lane === draft.lane && !firstSend && !isDelivered) return true;
  // With `onDead: 'block'`, any turn of the lane may be blocked by a dead letter.
  return lanes.turns(draft.lane).some((turn) => config.onDead === 'block' || turn[2] === draft.turn[2] || isMoving(backend, turn, now));
}

/** Whether a request's body asks for a token by an OAuth grant. */
const asksForToken = ({ body, draft: { request } }: Exchange): boolean =>
  body instanceof ArrayBuffer && isGrant(request.headers['content-type'], body);
