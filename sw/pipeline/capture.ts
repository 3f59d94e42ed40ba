import type { WaitReason } from '../protocol/events.js';
import type { Decision } from '../policy/entry.js';
import { credentialOf, type EntryRecord } from '../policy/entry-record.js';
import type { Draft, FetchContext, Ports } from '../ports.js';
import { duplicate, settledResponse, type AnswerFor } from './answers.js';
import { authView, gateOf, newFlight, type Backend } from './backend.js';
import { candidateOf, type Candidate } from './candidate.js';
import type { Directives } from './directives.js';
import type { Enqueue } from './enqueue.js';
import type { Holds } from './hold.js';
import type { Launch } from './launch.js';
import type { Scheduler } from './scheduler.js';
import type { Unanswered } from './unanswered.js';

export type Capture = (
  request: Request,
  directives: Directives,
  backend: Backend,
  context: FetchContext,
) => Promise<Response>;

export interface CaptureParts {
  ports: Ports;
  holds: Holds;
  scheduler: Scheduler;
  enqueue: Enqueue;
  launch: Launch;
  answerFor: AnswerFor;
  unanswered: Unanswered;
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
  const { ports, holds, scheduler, enqueue, launch, answerFor, unanswered, instance } = parts;
  const { clock, outbox } = ports;

  /** Why a try would be in vain, or would overtake others; null when it's worth it. */
  function inVain(backend: Backend, draft: Draft): WaitReason | null {
    const { circuit, holdUntil } = backend.record;
    if (authView(backend, draft) === 'held') return gateOf(backend, draft.owner).hold?.reason ?? 'auth-expired';
    if (!ports.isOnline()) return 'offline';
    if (circuit.state === 'open' && !mayProbe(backend, clock.now())) return 'circuit-open';
    if (holdUntil > clock.now()) return 'rate-limited';
    return isBehind(backend, draft) ? 'behind-waiting' : null;
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

  /** An event that was with a worker that died is taken up where that left it. */
  async function resume(
    backend: Backend,
    wanted: Candidate,
    directives: Directives,
    context: FetchContext & { signal: AbortSignal },
  ): Promise<Response | null> {
    const flight = newFlight(wanted.draft, true);
    const left = await unanswered.claim(await wanted.fingerprint(), ({ seq, reason }) => {
      if (reason === 'first-send') backend.flights.set(seq, flight);
    });
    if (!left) return null;
    if (!('request' in left)) return settledResponse(left);
    const entry = await takenOver(left);
    if (entry?.reason === 'first-send') {
      // Under its own id and idempotency key.
      const again = { ...wanted, draft: { ...entry, turn: wanted.draft.turn } };
      return launch(backend, again, directives, context, { adopted: { entry, flight } });
    }
    backend.flights.delete(left.seq);
    void scheduler.look();
    if (entry) return answerFor(backend, directives, entry);
    // Another worker was quicker.
    const settlement = await outbox.settlement(left.key).catch(() => null);
    return settlement?.seq === left.seq ? settledResponse(settlement) : null;
  }

  /** Marks an entry as this worker's to answer for. Null when it isn't there any more, or is another's by now. */
  async function takenOver(left: EntryRecord): Promise<EntryRecord | null> {
    const decide = (entry: EntryRecord): Decision | null =>
      entry.asked && entry.asked.worker === left.asked?.worker
        ? { entry: { ...entry, asked: { ...entry.asked, worker: instance } }, events: [] }
        : null;
    // What can't be marked is taken all the same: a second entry would be worse.
    const decision = await outbox.commit({ seq: left.seq, decide }).catch(() => ({ entry: left }));
    return decision?.entry ?? null;
  }

  async function capture(
    backend: Backend,
    wanted: Candidate,
    directives: Directives,
    context: FetchContext & { signal: AbortSignal },
  ): Promise<Response> {
    const resumed = unanswered.any() && (await resume(backend, wanted, directives, context));
    if (resumed) return resumed;
    const { draft } = wanted;
    let reason = inVain(backend, draft);
    if (!reason && backend.record.circuit.state === 'open') backend.probe = wanted.berth;
    if (directives.id !== null) {
      const waiting = await waitingUnder(backend, draft.key);
      if (waiting && !directives.replace) return duplicate(waiting);
      if (waiting) reason = 'replaced';
    }
    // Asked before it stands in line itself.
    const behind = reason !== null && isBehind(backend, draft);
    const stored = reason && (await enqueue.store(backend, wanted, directives, { reason }));
    if (stored) return stored;
    // What can't be stored must not overtake what is.
    if (behind) return Response.error();
    return launch(backend, wanted, directives, context, { unstorable: reason !== null });
  }

  return async (request, directives, backend, context) => {
    const wanted = await candidateOf(request, directives, backend, context.clientId, holds, ports);
    try {
      return await capture(backend, wanted, directives, { ...context, signal: request.signal });
    } finally {
      wanted.berth.leave();
      if (backend.probe === wanted.berth) backend.probe = null;
    }
  };
}

/** Whether a page's request may be the open circuit's probe: its time has come, and nothing stored wants to. */
function mayProbe({ record: { circuit }, lanes, flights, probe }: Backend, now: number): boolean {
  return circuit.state === 'open' && circuit.until <= now && !lanes.any && flights.size === 0 && !probe;
}

/**
 * Whether something in the lane waits for its turn. What waits for a token, and this request doesn't
 * need that one, isn't overtaken: it isn't moving. Else a hold would catch the very request that is
 * to renew the session.
 */
function isBehind(backend: Backend, draft: Draft): boolean {
  const { lanes, flights, config } = backend;
  for (const { lane, firstSend } of flights.values()) if (lane === draft.lane && !firstSend) return true;
  return lanes.turns(draft.lane).some((turn) => {
    // A dead letter may be what blocks the lane, whoever it belongs to.
    if (config.onDead === 'block' || turn[2] === draft.turn[2]) return true;
    const view = authView(backend, credentialOf(turn));
    return view === 'open' || view === 'probing';
  });
}
