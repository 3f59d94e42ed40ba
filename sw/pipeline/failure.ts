import { circuitAttempt, circuitFailed, CLOSED } from '../policy/circuit.js';
import type { EntryInput, FinalAnswer, TransientReason } from '../policy/entry.js';
import type { EntryRecord } from '../policy/entry-record.js';
import type { Answer, Outcome } from '../policy/outcome.js';
import { askedPatienceMs } from '../policy/retry-after.js';
import type { Ports } from '../ports.js';
import type { Backend } from './backend.js';

/** What a transient failure is called. */
function transientReason(outcome: Outcome): TransientReason {
  if (outcome.kind !== 'answer') return outcome.kind === 'unreachable' && outcome.cause === 'timeout' ? 'timeout' : 'unreachable';
  return outcome.status === 429 ? 'rate-limited' : 'server-error';
}

/**
 * Reckons with a transient failure: asks the retry policy, lets the circuit know, and gives what the
 * entry is to hear of it.
 *
 * @param startedAt when the send began that has failed
 */
export function reckon(
  backend: Backend,
  entry: Pick<EntryRecord, 'retries' | 'sentAt'>,
  startedAt: number,
  outcome: Outcome,
  { clock, chance }: Pick<Ports, 'clock' | 'chance'>,
): EntryInput & { type: 'transient' } {
  const { config } = backend;
  const now = clock.now();
  const reason = transientReason(outcome);
  const answered = outcome.kind === 'answer';
  const status = answered ? outcome.status : null;
  const { circuit } = backend.record;

  const policyDelay = config.retry({
    kind: answered ? 'answered' : 'unreachable',
    attempt: answered ? entry.retries : circuitAttempt(circuit),
    status,
    random: chance.fraction(),
  });
  // The server's word is a floor: it may ask for more patience than the ladder has, not for less.
  const floor = answered ? askedPatienceMs(outcome.headers, now) : null;
  const delayMs = policyDelay === null ? null : Math.max(policyDelay, floor ?? 0);
  const othersAnswered = backend.lastAnswerAt > entry.sentAt;

  let record = backend.record;
  if (!answered || status === 503) {
    const probe = circuit.state === 'open' && circuit.until <= startedAt;
    record = {
      ...record,
      circuit: circuitFailed(circuit, { probe, answered, until: now + (delayMs ?? 0) }, now),
    };
  } else {
    record = { ...record, circuit: CLOSED };
  }
  if (floor !== null && (status === 429 || status === 503)) {
    record = { ...record, holdUntil: Math.max(record.holdUntil, now + floor) };
  }
  backend.record = record;
  if (answered) heard(backend, outcome, now);
  else backend.validation.doubt();

  return {
    type: 'transient',
    reason,
    delayMs,
    maxAttempts: answered ? config.maxRetries : null,
    attemptId: chance.uuid(),
    othersAnswered,
    answer: answered ? lastWords(outcome) : null,
    block: config.onDead === 'block',
  };
}

/** What any answer tells, whatever its status. */
function heard(backend: Backend, answer: Answer, now: number): void {
  backend.lastAnswerAt = now;
  noteClock(backend, answer.headers, now);
  backend.validation.heard(answer);
}

/** Clocks that differ by less agree: a token is given as much, and a `Date` has full seconds. */
const AGREED_MS = 60_000;

/** A device's clock may be wrong by hours, and then no token looks as long as it lives. */
function noteClock(backend: Backend, { date, age }: Answer['headers'], now: number): void {
  const skew = Date.parse(date ?? '') - now;
  // An `Age` tells of a cache, whose `Date` is an old one. And other origins don't show it.
  if (Number.isNaN(skew) || age !== undefined) return;
  const skewMs = Math.abs(skew) < AGREED_MS ? 0 : skew;
  if (Math.abs(skewMs - (backend.record.skewMs ?? 0)) >= AGREED_MS) backend.record = { ...backend.record, skewMs };
}

/** An answer without its body: all that is kept of one that doesn't end the entry. */
export const lastWords = ({ status, headers }: Answer): FinalAnswer => ({ status, headers, body: null, truncated: false });

/** The backend has answered, and not with a 503: whatever waited for that may go. */
export function answered(backend: Backend, answer: Answer, now: number): void {
  heard(backend, answer, now);
  if (backend.record.circuit.state === 'open') backend.record = { ...backend.record, circuit: CLOSED };
}
