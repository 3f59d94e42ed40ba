import { circuitFailed, CLOSED, type Circuit } from '../../policy/circuit.js';
import type { EntryRecord } from '../../policy/entry-record.js';
import type { SendInput, TransientReason } from '../../policy/entry.js';
import { failureOf } from '../../policy/failure.js';
import { busyDelay, freshKeyFor, isKept, verdictUnderKey } from '../../policy/idempotency.js';
import { isKeyUnused, type KeyHistory } from '../../policy/key-history.js';
import type { Answer, NoAnswer, Outcome } from '../../policy/outcome.js';
import { askedPatienceMs } from '../../policy/retry-after.js';
import type { Ports } from '../../ports.js';
import type { SyncEvent, WaitReason } from '../../protocol/events.js';
import { HOLD_LINE, holdEvents, type Holds } from '../auth/tokens.js';
import type { Backend } from '../backend/backend.js';
import type { State } from '../backend/backends.js';
import type { Flight } from '../backend/flights.js';
import { configurationOf, noteAccepted, stepAuthGate } from '../backend/gates.js';
import { noteDate } from '../backend/server-clock.js';
import { finalAnswer, type Transmission } from './transmit.js';
import type { FinalAnswer } from '../../policy/settlement.js';

/** The fields of an entry, or of a draft, that count when its send fails. */
type Failing = Pick<EntryRecord, 'id' | 'retries' | 'sentAt' | 'unreachable' | 'shunned'>;

/** The facts about a send that its judgement needs: of a page's first send, or of a replay. */
export interface Sent {
  /** The entry, or the draft of an entry for a request that isn't stored. */
  entry: Failing & KeyHistory & Pick<EntryRecord, 'owner' | 'scheme' | 'idempotencyKey' | 'pagesKey' | 'inProgress'>;
  /** When the send began. */
  startedAt: number;
  /** The credential of the send, without its scheme; null for none. */
  credential: string | null;
  /** The token generation of the send. */
  generation: number;
  /** The backend's count of sign-outs when the send began. */
  signOuts: number;
  /**
   * The send is the page's own. It isn't held with `on401: 'pass'` or without a token; its token doesn't count against
   * the entry, as the token may have been old; and it leaves no dead letter: a final failure is the page's answer.
   */
  isFirst: boolean;
}

/** The judgement on a send. */
export type Judgement =
  /** The answer, or the failure, is final. */
  | ({ kind: 'final' } & Final)
  /** The request is to be sent again, unless its transition finds that it has been tried often enough. */
  | ({ kind: 'again' } & Again);

export interface Final {
  isDelivered: boolean;
  /** The server keeps the answer under the idempotency key, and has given it before. */
  kept?: boolean;
}

export interface Again {
  reason: WaitReason;
  input: SendInput;
  /** Events to emit once the input is on disk. */
  events: SyncEvent[];
  /** The hold that the send has begun, if any. */
  hold: BegunHold | null;
}

/** A hold whose gate is closed in memory, and not on disk yet. */
export interface BegunHold {
  /** Notes that the hold is on disk, and that pages have been told. */
  written(): void;
  /** Opens the gate again: the hold can't be written, or the entry alone was refused. Pages aren't told. */
  undo(): void;
}

export interface JudgeParts {
  ports: Pick<Ports, 'clock' | 'chance' | 'log'>;
  holds: Holds;
  state: State;
}

/**
 * Judges a send by its outcome, for first sends and for replays, and updates the backend's circuit and auth gate. A hold is
 * begun here; `sendAgain` in `drain/replay.ts` undoes the hold when the refusal is the entry's last.
 */
export type Judge = (backend: Backend, sent: Sent, flight: Flight, transmission: Transmission) => Promise<Judgement>;

export function createJudge({ ports, holds, state }: JudgeParts): Judge {
  const { clock, log } = ports;

  const isHeld = (backend: Backend, { entry, credential, isFirst }: Sent): boolean => {
    if (!configurationOf(backend, state.settings).autoRetry) return false;
    return isFirst ? backend.config.auth?.on401 === 'hold' && entry.scheme !== null : credential !== null;
  };

  /** Judges a send whose token was refused: the entry stays, and the backend's gate closes, unless the token was renewed meanwhile. */
  async function refused(backend: Backend, sent: Sent, flight: Flight, answer: Answer, response: Response | null): Promise<Judgement> {
    const { entry, isFirst } = sent;
    const digest = await holds.digestOf(sent.credential ?? '', entry.scheme ?? '');
    const kept = isFirst || !response ? withoutBody(answer) : await finalAnswer(response, clock);
    if (flight.cancelled) return UNDELIVERED;
    flight.settling = true;
    const at = clock.now();
    const freshKey = entry.pagesKey ? null : freshKeyFor(entry, backend.config.idempotencyKey, ports.chance.uuid());
    // A refusal that the server keeps under the key was an earlier token's. Under a key that's new there's none to keep.
    const isOld = isKept(answer.headers) && freshKey !== null && !isKeyUnused(entry);
    const resend: Judgement = { kind: 'again', reason: 'auth-expired', input: { type: 'resend', freshKey, kept: isOld }, events: [], hold: null };
    // After a sign-out nobody is asked for a token; the entry goes out with its user's next token.
    if (isOld || backend.record.signedOut) return resend;
    const { effect, undo } = stepAuthGate(backend, entry.owner, { type: 'refused', generation: sent.generation, digest, at });
    if (effect === 'resend') return resend;
    const { auth, onDead } = backend.config;
    const written = () => {
      holds.told(backend, entry.owner);
      log.info(HOLD_LINE, { id: entry.id, attempt: entry.sends + 1 });
    };
    return {
      kind: 'again',
      reason: 'auth-expired',
      input: isFirst
        ? { type: 'refused', digest: null, maxRejections: Infinity, answer: kept, block: false, freshKey }
        : { type: 'refused', digest, maxRejections: auth?.maxRejections ?? Infinity, answer: kept, block: onDead === 'block', freshKey },
      events: effect === 'hold' ? holdEvents(backend, entry.owner, 'auth-expired', entry.id, at) : [],
      hold: effect === 'hold' ? { written, undo } : null,
    };
  }

  /**
   * Whether a HEAD has shown that the backend answers, though a replay got no answer. The validation before the replay has
   * asked already; where nothing is validated, the HEAD is sent after the second failure.
   */
  const isWitnessed = ({ validation, config }: Backend, { sentAt, unreachable }: Failing, { abort }: Flight): boolean | Promise<boolean> =>
    validation.answeredAt >= sentAt || (unreachable > 0 && config.validate === null && validation.isBackendThere(abort.signal));

  return async (backend, sent, flight, { outcome, response }) => {
    const { config } = backend;
    const { entry, isFirst } = sent;
    if (isCut(outcome) && !isFirst && (await isWitnessed(backend, entry, flight))) outcome = { ...outcome, witnessed: true };
    if (outcome.kind === 'unsendable') log.warn(`[holdfast] ${outcome.message}`);
    const said = config.classify(outcome);
    const verdict = outcome.kind === 'answer' ? verdictUnderKey(said, outcome, sent, config.busyCodes) : said;
    if (outcome.kind === 'answer' && verdict === 'in-progress') {
      const input = recordBusy(backend, entry, outcome, ports);
      return { kind: 'again', reason: input.reason, input, events: [], hold: null };
    }
    if (verdict === 'transient' && outcome.kind !== 'aborted') {
      // With `maxRetries: 0` a first send is never stored for an answer, whatever it says.
      if (isFirst && outcome.kind === 'answer' && config.maxRetries === 0) return UNDELIVERED;
      const input = recordFailure(backend, entry, sent.startedAt, outcome, ports);
      // A policy that gives up at once wants no retry either.
      if (isFirst && input.delayMs === null) return UNDELIVERED;
      return { kind: 'again', reason: input.reason, input, events: [], hold: null };
    }
    if (outcome.kind !== 'answer') return UNDELIVERED;
    recordAnswer(backend, outcome, clock.now());
    if (verdict === 'auth-expired' && isHeld(backend, sent)) return refused(backend, sent, flight, outcome, response);
    const isDelivered = verdict === 'delivered';
    // A 401 that's about another credential doesn't show whether the token was taken, nor does a login page.
    if (sent.credential !== null && verdict !== 'auth-expired' && outcome.status !== 401 && !outcome.isPage) {
      stepAuthGate(backend, entry.owner, { type: 'served', generation: sent.generation });
      if (isDelivered) noteAccepted(backend, sent.credential, sent.signOuts);
    }
    return { kind: 'final', isDelivered, kept: isKept(outcome.headers) };
  };
}

const isCut = (outcome: Outcome): outcome is NoAnswer => outcome.kind === 'unreachable' && outcome.cause === 'network';

const UNDELIVERED: Judgement = { kind: 'final', isDelivered: false };

/** The reason of a transient failure. */
function transientReason(outcome: Outcome): TransientReason {
  if (outcome.kind !== 'answer') return outcome.kind === 'unreachable' && outcome.cause === 'timeout' ? 'timeout' : 'unreachable';
  return outcome.status === 429 || outcome.status === 403 ? 'rate-limited' : 'server-error';
}

/** Statuses whose `Retry-After` is meant for the client as a whole: a limit, a ban, a server that's down. */
const FOR_ALL: ReadonlySet<number | null> = new Set([403, 429, 503]);

/**
 * Records a transient failure: updates the circuit by what the failure shows, and returns the input for the entry.
 *
 * @param startedAt when the failed send began
 */
export function recordFailure(
  backend: Backend,
  entry: Failing,
  startedAt: number,
  outcome: Outcome,
  { clock, chance }: Pick<Ports, 'clock' | 'chance'>,
): SendInput & { type: 'transient' } {
  const { config, record: { circuit } } = backend;
  const now = clock.now();
  const answer = outcome.kind === 'answer' ? outcome : null;
  const status = answer && answer.status;

  // While the backend answers others, this entry is the suspect: it backs off alone, and the circuit doesn't open. A HEAD
  // speaks against one entry at a time, as a server may answer HEADs and nothing else.
  const wasWitnessed = isCut(outcome) && outcome.witnessed === true;
  const isAccused = wasWitnessed && (backend.accused === null || (backend.accused === entry.id && circuit.state === 'closed'));
  if (wasWitnessed) backend.accused ??= entry.id;
  const alone = isAccused || (isCut(outcome) && backend.lastAnswerAt > (entry.unreachable > 0 ? entry.sentAt : startedAt));

  const failed = { status, retries: entry.retries, maxRetries: config.maxRetries, circuit, servedOthers: backend.lastServedAt > entry.sentAt, shunned: alone ? entry.shunned : null };
  const { kind, retries, delayMs: policyDelay } = failureOf(failed, config.retry, chance.fraction());
  const isResting = kind === 'rests' || kind === 'rests-alone';
  // The server's `Retry-After` is a floor: the server may ask for a longer wait than the ladder's, not for a shorter one.
  const floor = answer && askedPatienceMs(answer.headers, now);
  const delayMs = policyDelay === null ? null : Math.max(policyDelay, floor ?? 0);
  const othersAnswered = wasWitnessed || backend.lastAnswerAt > entry.sentAt;

  let opened: Circuit = kind === 'suspect' ? circuit : CLOSED;
  // An answer may have opened the circuit, a 503 most often.
  if (isAccused && circuit.state === 'open' && !circuit.answered) opened = CLOSED;
  else if (kind !== 'failed' && kind !== 'rests-alone' && kind !== 'suspect') {
    const probe = circuit.state === 'open' && circuit.until <= startedAt;
    const rests = kind === 'rests' || kind === 'still-resting';
    opened = circuitFailed(circuit, { probe, answered: answer !== null, rests, until: now + (delayMs ?? 0) }, now);
  }
  backend.record = { ...backend.record, circuit: opened };
  if (floor !== null && (FOR_ALL.has(status) || kind === 'rests')) {
    backend.record = { ...backend.record, throttledUntil: Math.max(backend.record.throttledUntil, now + floor) };
  }
  if (answer) recordAnyAnswer(backend, answer, now);
  else {
    backend.validation.invalidate();
    backend.offlineHint.isIgnored = false;
  }

  return {
    type: 'transient',
    reason: isResting ? 'server-unavailable' : transientReason(outcome),
    delayMs,
    retries,
    maxAttempts: answer && !isResting ? config.maxRetries : null,
    untilProbe: kind === 'rests',
    attemptId: chance.uuid(),
    othersAnswered,
    alone,
    answer: answer && withoutBody(answer),
    block: config.onDead === 'block',
  };
}

/** Records an answer by which the server is still at the first request under the key, and returns the input for the entry: it's asked again. */
function recordBusy(backend: Backend, entry: Sent['entry'], answer: Answer, { clock, chance }: Pick<Ports, 'clock' | 'chance'>): SendInput & { type: 'transient' } {
  const now = clock.now();
  recordAnswer(backend, answer, now);
  return {
    type: 'transient',
    reason: 'in-progress',
    delayMs: busyDelay(entry.inProgress, askedPatienceMs(answer.headers, now), chance.fraction(), now),
    retries: entry.retries,
    maxAttempts: null,
    untilProbe: false,
    attemptId: chance.uuid(),
    othersAnswered: false,
    alone: false,
    answer: withoutBody(answer),
    block: backend.config.onDead === 'block',
  };
}

/** Records what any answer shows, whatever its status. */
function recordAnyAnswer(backend: Backend, answer: Answer, now: number): void {
  backend.lastAnswerAt = now;
  backend.accused = null;
  noteDate(backend, answer.headers, now);
  backend.validation.heard(answer);
}

/** An answer without its body, as kept for an answer that doesn't end the entry. */
const withoutBody = ({ status, headers }: Answer): FinalAnswer => ({ status, headers, body: null, truncated: false });

/** Records an answer that isn't transient, and closes the circuit. */
export function recordAnswer(backend: Backend, answer: Answer, now: number): void {
  recordAnyAnswer(backend, answer, now);
  backend.lastServedAt = now;
  if (backend.record.circuit.state === 'open') backend.record = { ...backend.record, circuit: CLOSED };
}
