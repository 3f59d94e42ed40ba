import { circuitFailed, CLOSED, type Circuit } from '../../policy/circuit.js';
import type { EntryRecord } from '../../policy/entry-record.js';
import type { SendInput, TransientReason } from '../../policy/entry-decision.js';
import { failureOf } from '../../policy/failure.js';
import { busyDelay } from '../../policy/idempotency.js';
import type { Answer, NoAnswer, Outcome } from '../../policy/outcome.js';
import { askedPatienceMs } from '../../policy/retry-after.js';
import type { FinalAnswer } from '../../policy/settlement.js';
import type { Ports } from '../../ports.js';
import type { Backend } from '../backend/backend.js';
import { noteDate } from '../backend/server-clock.js';

/** The fields of an entry, or of a draft, that count when its send fails. */
export type Failing = Pick<EntryRecord, 'id' | 'retries' | 'sentAt' | 'unreachable' | 'shunned'>;

/** Whether a send got no answer for another reason than a timeout. */
export const isCut = (outcome: Outcome): outcome is NoAnswer => outcome.kind === 'unreachable' && outcome.cause === 'network';

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
  if (opened !== circuit) backend.record = { ...backend.record, circuit: opened };
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
export function recordBusy(backend: Backend, entry: Pick<EntryRecord, 'retries' | 'inProgress'>, answer: Answer, { clock, chance }: Pick<Ports, 'clock' | 'chance'>): SendInput & { type: 'transient' } {
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
  noteDate(backend.clock, answer.headers, now);
  backend.validation.heard(answer);
}

/** An answer without its body, as kept for an answer that doesn't end the entry. */
export const withoutBody = ({ status, headers }: Answer): FinalAnswer => ({ status, headers, body: null, truncated: false });

/** Records an answer that isn't transient, and closes the circuit. */
export function recordAnswer(backend: Backend, answer: Answer, now: number): void {
  recordAnyAnswer(backend, answer, now);
  backend.lastServedAt = now;
  if (backend.record.circuit.state === 'open') backend.record = { ...backend.record, circuit: CLOSED };
}
