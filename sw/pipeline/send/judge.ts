import { circuitAttempt, circuitFailed, CLOSED } from '../../policy/circuit.js';
import type { EntryInput, FinalAnswer, TransientReason } from '../../policy/entry.js';
import type { EntryRecord } from '../../policy/entry-record.js';
import type { Answer, Outcome } from '../../policy/outcome.js';
import { isNotNow } from '../../policy/retry.js';
import { askedPatienceMs } from '../../policy/retry-after.js';
import type { Ports } from '../../ports.js';
import type { Backend } from '../backend/backend.js';
import { noteDate } from '../backend/server-clock.js';

/** What a transient failure is called. */
function transientReason(outcome: Outcome): TransientReason {
  if (outcome.kind !== 'answer') return outcome.kind === 'unreachable' && outcome.cause === 'timeout' ? 'timeout' : 'unreachable';
  return outcome.status === 429 || outcome.status === 403 ? 'rate-limited' : 'server-error';
}

/** Answers whose `Retry-After` is meant for the client as a whole: a limit, a ban, a server that's down. */
const FOR_ALL: ReadonlySet<number | null> = new Set([403, 429, 503]);

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
  const answered = outcome.kind === 'answer';
  const status = answered ? outcome.status : null;
  const { circuit } = backend.record;

  // What the application itself fails at has the whole ladder, however long a proxy has said "not now" before.
  const isBeyond = config.maxRetries !== null && entry.retries > config.maxRetries;
  const spent = isBeyond && !isNotNow(status) ? 0 : entry.retries;
  const policyDelay = config.retry({
    kind: answered ? 'answered' : 'unreachable',
    attempt: answered ? spent : circuitAttempt(circuit),
    status,
    random: chance.fraction(),
  });
  const rests = answered && policyDelay !== null && config.maxRetries !== null && spent >= config.maxRetries;
  // If others are served, it's this request's own part of the server that isn't there, and the others needn't wait for it.
  const restsAlone = rests && backend.lastServedAt > entry.sentAt;
  // A server that rests is asked by one probe at a time, whatever the probe has tried before.
  const restsOn = answered && isNotNow(status) && circuit.state === 'open' && circuit.restingSince !== undefined;
  const isDown = !answered || status === 503 || rests || restsOn;
  // The server's word is a floor: it may ask for more patience than the ladder has, not for less.
  const floor = answered ? askedPatienceMs(outcome.headers, now) : null;
  const delayMs = policyDelay === null ? null : Math.max(policyDelay, floor ?? 0);
  const othersAnswered = backend.lastAnswerAt > entry.sentAt;

  let record = backend.record;
  if (isDown && !restsAlone) {
    const probe = circuit.state === 'open' && circuit.until <= startedAt;
    record = {
      ...record,
      circuit: circuitFailed(circuit, { probe, answered, rests: rests || restsOn, until: now + (delayMs ?? 0) }, now),
    };
  } else {
    record = { ...record, circuit: CLOSED };
  }
  if (floor !== null && (FOR_ALL.has(status) || (rests && !restsAlone))) {
    record = { ...record, holdUntil: Math.max(record.holdUntil, now + floor) };
  }
  backend.record = record;
  if (answered) heard(backend, outcome, now);
  else backend.validation.doubt();

  return {
    type: 'transient',
    reason: rests ? 'server-unavailable' : transientReason(outcome),
    delayMs,
    retries: answered ? spent + 1 : spent,
    maxAttempts: answered && !rests ? config.maxRetries : null,
    untilProbe: rests && !restsAlone,
    attemptId: chance.uuid(),
    othersAnswered,
    answer: answered ? lastWords(outcome) : null,
    block: config.onDead === 'block',
  };
}

/** What any answer tells, whatever its status. */
function heard(backend: Backend, answer: Answer, now: number): void {
  backend.lastAnswerAt = now;
  noteDate(backend, answer.headers, now);
  backend.validation.heard(answer);
}

/** An answer without its body: all that is kept of one that doesn't end the entry. */
export const lastWords = ({ status, headers }: Answer): FinalAnswer => ({ status, headers, body: null, truncated: false });

/** The backend has answered, and with nothing transient: whatever waited for that may go. */
export function answered(backend: Backend, answer: Answer, now: number): void {
  heard(backend, answer, now);
  backend.lastServedAt = now;
  if (backend.record.circuit.state === 'open') backend.record = { ...backend.record, circuit: CLOSED };
}
