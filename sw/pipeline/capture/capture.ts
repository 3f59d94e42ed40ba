import { circuitStirred } from '../../policy/circuit.js';
import { credentialOf, isFirstSend, turnOf, type Credential, type EntryRecord, type Turn } from '../../policy/entry-record.js';
import type { Decision } from '../../policy/entry-decision.js';
import { transition } from '../../policy/entry.js';
import { isGrant } from '../../policy/exclude.js';
import { AHEAD } from '../../policy/lanes.js';
import type { Draft, FetchContext, Ports } from '../../ports.js';
import type { WaitReason } from '../../protocol/events.js';
import type { Holds } from '../auth/tokens.js';
import type { Backend } from '../backend/backend.js';
import { newFlight } from '../backend/flights.js';
import { authGateOf, authView, holdOn, stepAuthGate } from '../backend/gates.js';
import type { Heads } from '../backend/heads.js';
import type { Nudge } from '../nudge.js';
import type { Report } from '../report.js';
import type { Arrival, Providers } from '../providers.js';
import type { Neighbours } from '../workers/neighbours.js';
import type { Redelivery } from '../workers/redelivery.js';
import type { Directives } from './directives.js';
import type { DiskCopies } from './disk-copy.js';
import { queued, type Enqueue } from './enqueue.js';
import { learnFrom, describeExchange, type Exchange } from './exchange.js';
import type { FirstSend } from './first-send.js';
import type { Naming } from './naming.js';
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
  providers: Providers;
  naming: Naming;
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
  const { ports, report, holds, nudge, enqueue, copies, firstSend, answerFor, redelivery, neighbours, heads, providers, naming, workerId } = parts;
  const { clock, outbox } = ports;

  /** Why a send would be in vain; null when it wouldn't. @param mayProbe whether the send may probe the open circuit */
  function inVain(backend: Backend, request: Credential, mayProbe: boolean, now: number): WaitReason | null {
    const { circuit, throttledUntil } = backend.record;
    // A request by cookie may show that the session is live again, so it goes out where it overtakes nothing.
    const hold = authView(backend, request, now) === 'held' && request.scheme !== null && authGateOf(backend, request.owner).hold;
    if (hold) return hold.reason;
    if (!backend.offlineHint.isOnline()) return 'offline';
    if (circuit.state === 'open' && (circuit.until > now || backend.probe || !mayProbe)) return 'circuit-open';
    return throttledUntil > now ? 'rate-limited' : null;
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
   * @param endCheck called once it's clear whether this is a redelivery
   * @param arrival of the temporary id that the request provides
   */
  async function resume(exchange: Exchange, endCheck: () => void, arrival: Arrival | null): Promise<Response | null> {
    const { backend, ticket } = exchange;
    const flight = newFlight(exchange.draft, true);
    let replay: Promise<void> | null = null;
    const left = await redelivery.claim(exchange.fingerprint, (entry) => {
      replay = backend.flights.get(entry.seq)?.done ?? null;
      if (isFirstSend(entry) && !replay) backend.flights.set(entry.seq, flight);
    });
    endCheck();
    if (!left) return null;
    exchange.stored = left;
    // A redelivered request is on disk already, so neither later arrivals nor what names its temporary id need wait.
    ticket.placed();
    arrival?.end();
    if ('into' in left && left.into !== undefined) return answerOf(exchange, left.into);
    if (!('request' in left)) return settledResponse('status' in left ? left : null, exchange.request.url);
    // A replay of the entry may be under way, if the lane didn't wait for the event: the replay's answer is the page's, too.
    await (replay as Promise<void> | null)?.catch(() => {});
    const reason = isFirstSend(left) ? await whyNot(exchange, left).catch(() => 'behind-waiting' as const) : null;
    const entry = await takeEvent(left, reason);
    if (entry && isFirstSend(entry) && backend.flights.get(left.seq) === flight) {
      // The send goes under the stored entry's id and idempotency key.
      exchange.draft = { ...entry, turn: exchange.draft.turn };
      return firstSend(exchange, copies.left(exchange, entry, flight));
    }
    if (backend.flights.get(left.seq) === flight) backend.flights.delete(left.seq);
    ports.askForWakeUp();
    void nudge();
    if (entry) return answerFor(exchange, entry);
    // The entry was ended meanwhile, by the user or by another worker.
    const settlement = await outbox.settlement(left.seq).catch(() => null);
    return settledResponse(settlement?.requestId === left.requestId ? settlement : null, exchange.request.url);
  }

  /** The answer to a redelivered request that was coalesced: that of the entry which it's a part of. */
  async function answerOf(exchange: Exchange, into: number | null): Promise<Response> {
    if (into === null) return new Response(null, { status: 204 });
    const [entry] = await outbox.find(into);
    return entry ? answerFor(exchange, entry) : settledResponse(await outbox.settlement(into), exchange.request.url);
  }

  /**
   * Why a redelivered first send isn't made again at once: it would be in vain, or overtake entries that wait in its lane; null when it's made.
   * Its own entry is on disk, so what stands before that is looked up there, and not in the lane index.
   */
  async function whyNot(exchange: Exchange, left: EntryRecord): Promise<WaitReason | null> {
    const { backend } = exchange;
    await learnFrom(exchange, holds, true);
    const now = clock.now();
    const reason = inVain(backend, left, backend.flights.size === 1, now);
    if (reason) return reason;
    const turns = (await outbox.heads().catch(() => [])).filter(({ backend: key, lane }) => key === left.backend && lane === left.lane).map(turnOf);
    for (const lot of await outbox.lots(turns, AHEAD).catch(() => [])) {
      // First sends stand in no line: the entry behind them may.
      const first = lot.find((entry) => !isFirstSend(entry));
      if (first ? first.seq < left.seq && holdsUp(backend, turnOf(first), turnOf(left), now) : lot.length === AHEAD) return 'behind-waiting';
    }
    return null;
  }

  /**
   * Marks an entry's event as this worker's. Null when the entry isn't there any more, or is another worker's by now. The commit marks the
   * entry as `unheard` as well (`doubts.ts`), as a worker that has died may have sent it: so a server that's still at it isn't taken for a refusal.
   */
  async function takeEvent(left: EntryRecord, reason: WaitReason | null): Promise<EntryRecord | null> {
    const from = left.asked?.worker ?? '';
    const decide = (entry: EntryRecord): Decision | null => {
      const takenOver = transition(entry, { type: 'taken-over', from, by: workerId }, clock.now());
      // A replaced worker leaves the send to the active one: until this is written, the active worker takes the entry for a dead worker's, and may replay it.
      const why = reason ?? (ports.isActive() ? null : 'behind-waiting');
      const inLine = why && takenOver?.entry && queued(takenOver.entry, { reason: why }, clock.now());
      return inLine || takenOver;
    };
    // An entry that can't be marked is taken over all the same: a second entry for the request would be worse.
    const decision = await report.commit({ seq: left.seq, decide }).catch(() => ({ entry: { ...left, unheard: true as const } }));
    return decision?.entry ?? null;
  }

  /** Stores a request whose send would be in vain, and sends any other. */
  async function storeOrSend(exchange: Exchange): Promise<Response> {
    const { backend, draft, directives, ticket } = exchange;
    // Entries stored by another living worker aren't in this worker's lane index.
    if (neighbours.mayHaveStored()) await heads.read().catch(() => []);
    if (backend.inquiry.over) await backend.inquiry.over;
    const now = clock.now();
    stir(backend, now);
    let reason: WaitReason | null = draft.awaits ? 'awaits-id' : inVain(backend, draft, mayProbe(backend, draft.lane, now), now);
    if (!reason && isBehind(backend, draft, now)) reason = (authView(backend, draft, now) === 'held' && holdOn(backend, draft)?.reason) || 'behind-waiting';
    if (!reason && backend.record.circuit.state === 'open') backend.probe = ticket;
    if (directives.id !== null) {
      const waiting = await waitingUnder(backend, draft.key);
      if (waiting && !directives.replace) return duplicate(waiting);
      if (waiting) reason = 'replaced';
    }
    // A page that goes on writing may have renewed the session: the entry that is held is tried for it.
    if (reason && (draft.session || draft.csrf)) stepAuthGate(backend, draft.owner, { type: 'stirred' }, true);
    const stored = reason && (await enqueue.store(exchange, { reason }));
    if (stored instanceof Response) return stored;
    // A request that finds no room must not overtake stored entries, nor name what the server doesn't know yet. When the storage has failed, the request is sent.
    if (draft.awaits || (stored === 'full' && isBehind(backend, draft, clock.now()))) return Response.error();
    return firstSend(exchange, copies.fresh(exchange, reason === null));
  }

  return async (request, directives, backend, context, isOff) => {
    // The ticket is taken before anything is awaited, so that tickets are in the order of arrival.
    const lane = directives.lane ?? backend.config.lane(request);
    const ticket = backend.arrivals.take(lane);
    // A request that takes long to be read, or to be written, doesn't hold up later ones for ever.
    const stopTimer = clock.after(PLACE_MS, ticket.placed);
    const endCheck = redelivery.enter();
    const earlier = providers.arriving(backend.config.key);
    const arrival = directives.provides === null ? null : providers.arrive(backend.config.key, directives.provides);
    let exchange: Exchange | null = null;
    try {
      const described = await describeExchange(request, directives, backend, { lane, clientId: context.clientId }, ports);
      exchange = { ...described, backend, directives, request, context, signal: request.signal, ticket, stored: null };
      await naming(exchange, earlier);
      const resumed = endCheck && (await resume(exchange, endCheck, arrival));
      if (resumed) return resumed;
      // A token that is asked for isn't kept, nor is what asks for it a sign of who is signed in.
      const isToken = backend.config.excludesGrants && asksForToken(exchange);
      if (!isToken) await learnFrom(exchange, holds, false);
      // A GraphQL query by POST is a read, as a GET is.
      if (!isOff && !isToken && exchange.operation !== 'read') return await storeOrSend(exchange);
      return exchange.draft.awaits ? Response.error() : await firstSend(exchange, copies.fresh(exchange, false));
    } finally {
      arrival?.end();
      endCheck?.();
      stopTimer();
      ticket.release();
      if (backend.probe === ticket) backend.probe = null;
      const stored = exchange?.stored;
      if (stored) context.waitUntil(context.handled.then(() => redelivery.handled(stored)));
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
 * Whether a page's request may be the open circuit's probe, once that's due: no stored entry can be the probe. Where the
 * server rests, entries stored in other lanes have been tried often enough: a new request goes first.
 */
function mayProbe(backend: Backend, lane: string, now: number): boolean {
  const { record: { circuit }, lanes, flights } = backend;
  if (circuit.state !== 'open' || flights.size > 0) return false;
  const waiting = circuit.restingSince === undefined ? lanes.all() : lanes.turns(lane);
  return !waiting.some((turn) => isMoving(backend, turn, now));
}

/** Whether the entries of a turn may go out, as far as their token is concerned. */
function isMoving(backend: Backend, turn: Turn, now: number): boolean {
  const view = authView(backend, credentialOf(turn), now);
  return view === 'open' || view === 'probing';
}

/** Whether a request must queue behind entries of its lane. */
function isBehind(backend: Backend, draft: Draft, now: number): boolean {
  const { lanes, flights } = backend;
  for (const { lane, firstSend, isDelivered } of flights.values()) if (lane === draft.lane && !firstSend && !isDelivered) return true;
  return lanes.turns(draft.lane).some((turn) => holdsUp(backend, turn, draft.turn, now));
}

/**
 * Whether the entries of a turn hold up a request of their lane. Entries that wait for a token this request doesn't need
 * may be passed: else a hold would block the very request that renews the session.
 */
const holdsUp = (backend: Backend, turn: Turn, own: Turn, now: number): boolean =>
  // With `onDead: 'block'`, any turn of the lane may be blocked by a dead letter.
  backend.config.onDead === 'block' || turn[2] === own[2] || isMoving(backend, turn, now);

/** Whether a request's body asks for a token by an OAuth grant. */
const asksForToken = ({ body, draft: { request } }: Exchange): boolean =>
  body instanceof ArrayBuffer && isGrant(request.headers['content-type'], body);
