import type { WaitReason } from '../protocol/events.js';
import { credentialOf } from '../policy/entry-record.js';
import type { Draft, Ports } from '../ports.js';
import { duplicate } from './answers.js';
import { authView, gateOf, type Backend } from './backend.js';
import { candidateOf, type Candidate } from './candidate.js';
import type { Directives } from './directives.js';
import type { Enqueue } from './enqueue.js';
import { judgeFirst, sendFirst } from './first-send.js';
import type { Holds } from './hold.js';
import type { Scheduler } from './scheduler.js';
import type { WriteAhead } from './write-ahead.js';

export type Capture = (request: Request, directives: Directives, backend: Backend) => Promise<Response>;

export interface CaptureParts {
  ports: Ports;
  holds: Holds;
  scheduler: Scheduler;
  enqueue: Enqueue;
  writeAhead: WriteAhead;
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
export function createCapture({ ports, holds, scheduler, enqueue, writeAhead }: CaptureParts): Capture {
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

  /** Makes the first send, and stores the request when that came to nothing. */
  async function trySending(backend: Backend, wanted: Candidate, directives: Directives, signal: AbortSignal) {
    const { outcome, response } = await sendFirst(backend, wanted, signal, ports);
    const next = await judgeFirst(backend, wanted, outcome, ports);
    if (next.kind === 'store') {
      const stored = await enqueue.store(backend, wanted, directives, next);
      if (stored) {
        void response?.body?.cancel().catch(() => {});
        return stored;
      }
    } else if (backend.lanes.any) {
      void scheduler.look();
    }
    return response ?? Response.error();
  }

  return async (request, directives, backend) => {
    const wanted = await candidateOf(request, directives, backend, holds, ports);
    const { draft } = wanted;
    let reason = inVain(backend, draft);
    if (directives.id !== null) {
      // When storage can't be asked, it can't hold anything under that id either.
      const same = await outbox.find(draft.key).catch(() => []);
      const waiting = same.find((entry) => entry.state === 'pending');
      if (waiting && !directives.replace) return duplicate(waiting);
      if (waiting) reason = 'replaced';
    }
    const stored = reason && (await enqueue.store(backend, wanted, directives, { reason }));
    if (stored) return stored;

    const probe = backend.record.circuit.state === 'open';
    if (probe) backend.probing = true;
    try {
      const ahead = backend.config.capture === 'write-ahead' && !reason;
      const answer = ahead && (await writeAhead(backend, wanted, directives, request.signal));
      return answer || (await trySending(backend, wanted, directives, request.signal));
    } finally {
      if (probe) backend.probing = false;
    }
  };
}

/** Whether a page's request may be the open circuit's probe: its time has come, and nothing stored wants to. */
function mayProbe({ record: { circuit }, lanes, flights, probing }: Backend, now: number): boolean {
  return circuit.state === 'open' && circuit.until <= now && !lanes.any && flights.size === 0 && !probing;
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
