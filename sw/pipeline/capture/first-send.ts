import type { SyncEvent, WaitReason } from '../../protocol/events.js';
import type { EntryInput } from '../../policy/entry.js';
import type { Answer, Outcome } from '../../policy/outcome.js';
import type { Ports } from '../../ports.js';
import { expiryOf, isGoodForLonger, isOver } from '../../policy/jwt.js';
import type { Backend } from '../backend/backend.js';
import type { Candidate } from './exchange.js';
import { answered, lastWords, reckon } from '../send/judge.js';
import { HOLD_LINE, holdEvents, type Holds } from '../auth/tokens.js';
import type { State } from '../backend/backends.js';
import { transmit, type Transmission } from '../send/transmit.js';
import { clocksOf, configurationOf, noteAccepted, stepGate } from '../backend/gates.js';
import { travelHeaders } from '../send/stored-request.js';

/** What to do after the page's own first try. */
export type Next =
  /** The page gets the server's answer, or its true failure. */
  | { kind: 'answer' }
  | ({ kind: 'store' } & Why);

export interface FirstSendParts {
  ports: Ports;
  holds: Holds;
  state: State;
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

/** Sends the page's request as it is, and tells with the answer what was known of its token. */
export async function sendFirst(
  backend: Backend,
  { draft, body, authorization, credential, bearer }: Candidate,
  signal: AbortSignal,
  { send, restore, clock }: Ports,
): Promise<Transmission> {
  const { config } = backend;
  const headers = { ...travelHeaders(draft), ...(authorization !== null && { authorization }) };
  const request = restore({ ...draft.request, headers }, body);
  const expiresAt = bearer && credential !== null ? expiryOf(credential) : null;
  const wasOver = isOver(expiresAt, clocksOf(backend, clock.now()));
  const sent = await transmit(request, {
    send,
    clock,
    timeoutMs: config.networkTimeoutMs,
    signal,
    bearer,
    readsAll: config.auth?.bodyErrors !== undefined,
  });
  if (sent.outcome.kind !== 'answer') return sent;
  const isAccepted = credential === backend.acceptedCredential && isGoodForLonger(expiresAt, clocksOf(backend, clock.now()));
  const token = wasOver ? 'over' : isAccepted ? 'accepted' : null;
  return token ? { ...sent, outcome: { ...sent.outcome, token } } : sent;
}

/** Judges the first try, and lets the backend's circuit and auth gate know of it. */
export async function judgeFirst(
  backend: Backend,
  wanted: Candidate,
  outcome: Outcome,
  { ports, holds, state }: FirstSendParts,
): Promise<Next> {
  const { config } = backend;
  const verdict = config.classify(outcome);
  if (verdict === 'transient' && outcome.kind !== 'aborted') {
    // Who wants no retries has nothing stored for an answer, whatever it says.
    if (outcome.kind === 'answer' && config.maxRetries === 0) return { kind: 'answer' };
    const input = reckon(backend, wanted.draft, wanted.draft.capturedAt, outcome, ports);
    // A policy that gives up at once wants no retry either.
    if (input.delayMs === null) return { kind: 'answer' };
    return { kind: 'store', reason: input.reason, input, events: [] };
  }
  if (outcome.kind !== 'answer') return { kind: 'answer' };

  answered(backend, outcome, ports.clock.now());
  if (verdict !== 'auth-expired') {
    if (wanted.bearer) stepGate(backend, wanted.draft.owner, { type: 'accepted', generation: wanted.generation });
    if (wanted.bearer && verdict === 'delivered') noteAccepted(backend, wanted.credential, wanted.signOuts);
    return { kind: 'answer' };
  }
  const { autoRetry } = configurationOf(backend, state.settings);
  const isHeld = autoRetry && config.auth?.on401 === 'hold' && wanted.draft.scheme !== null;
  return isHeld ? holdFirst(backend, wanted, outcome, ports, holds) : { kind: 'answer' };
}

/** A JWT 401 on the first try: hold, unless the token has been renewed meanwhile. */
async function holdFirst(
  backend: Backend,
  { draft, credential, generation }: Candidate,
  outcome: Answer,
  { clock, log }: Ports,
  holds: Holds,
): Promise<Next> {
  const mark = await holds.mark(credential ?? '', draft.scheme ?? '');
  const at = clock.now();
  // Nobody is to be asked for a token. The user's next one sends it.
  if (backend.record.signedOut) return { kind: 'store', reason: 'auth-expired', input: { type: 'resend' }, events: [] };
  const { effect, undo } = stepGate(backend, draft.owner, { type: 'refused', generation, digest: mark, at });
  if (effect === 'resend') return { kind: 'store', reason: 'auth-expired', input: { type: 'resend' }, events: [] };
  return {
    kind: 'store',
    reason: 'auth-expired',
    // The token was the page's own and may have been old already: it doesn't count against the entry.
    input: { type: 'refused', digest: null, maxRejections: Infinity, answer: lastWords(outcome), block: false },
    events: effect === 'hold' ? holdEvents(backend, draft.owner, 'auth-expired', draft.id, at) : [],
    written: () => {
      if (effect !== 'hold') return;
      holds.told(backend, draft.owner);
      log.info(HOLD_LINE, { id: draft.id, attempt: 1 });
    },
    // Nobody has been told of a hold, so there is none.
    failed: undo,
  };
}
