import { circuitAttempt, type Circuit } from './circuit.js';
import { isNotNow, type RetryPolicy } from './retry.js';

/** A send that failed with a transient outcome. */
export interface FailedSend {
  /** The status of the answer; null when nobody answered. */
  status: number | null;
  /** The entry's retries before this failure. */
  retries: number;
  /** Null where there's no limit. */
  maxRetries: number | null;
  /** The backend's circuit when the failure came. */
  circuit: Circuit;
  /** How often the backend has answered others, and not this entry; null where nothing shows that it answers at present. */
  shunned: number | null;
  /** Whether the backend has served another request since the entry's last send. */
  servedOthers: boolean;
}

/**
 * What a transient failure shows of the server.
 *
 * | kind | when | the circuit | the entry |
 * |---|---|---|---|
 * | `unreachable` | nobody answered | opens | waits, and spends no retry |
 * | `suspect` | nobody answered this entry, and the backend answers others | stays as it is | waits alone, and spends no retry |
 * | `failed` | any other answer | closes | waits, and spends a retry |
 * | `down` | a 503 | opens | waits, and spends a retry |
 * | `still-resting` | "not now" from a server that rests | stays open, and the server rests | waits, and spends a retry |
 * | `rests` | "not now", and the entry's retries are used up | opens, and the server rests | rests until the next probe |
 * | `rests-alone` | the same, and the server serves other requests: only this request's part of the server is missing | closes | rests for a time of its own |
 */
export type FailureKind = 'unreachable' | 'suspect' | 'failed' | 'down' | 'still-resting' | 'rests' | 'rests-alone';

export interface Failure {
  kind: FailureKind;
  /** The entry's retries after this failure. */
  retries: number;
  /** The policy's wait, in milliseconds; null when it gives up. */
  delayMs: number | null;
}

/**
 * Names a transient failure, and asks the retry policy for the wait. An entry that has rested has more retries on record than
 * the policy has steps; when the application itself fails at such an entry, its ladder starts anew. An entry that hasn't
 * rested has one budget for all its failures: after five 503s, a 500 at the sixth send is the last.
 *
 * @param random a random number in [0, 1), for the policy
 */
export function failureOf({ status, retries, maxRetries, circuit, servedOthers, shunned }: FailedSend, retry: RetryPolicy, random: number): Failure {
  if (status === null) {
    const delayMs = retry({ kind: 'unreachable', attempt: shunned ?? circuitAttempt(circuit), status, random });
    return { kind: shunned === null ? 'unreachable' : 'suspect', retries, delayMs };
  }
  const hasRested = maxRetries !== null && retries > maxRetries;
  const spent = hasRested && !isNotNow(status) ? 0 : retries;
  const delayMs = retry({ kind: 'answered', attempt: spent, status, random });
  const rests = delayMs !== null && maxRetries !== null && spent >= maxRetries;
  return { kind: kindOf(), retries: spent + 1, delayMs };

  function kindOf(): FailureKind {
    if (rests) return servedOthers ? 'rests-alone' : 'rests';
    // A server that rests is asked by one probe at a time, however often the probing entry was sent before.
    if (isNotNow(status) && circuit.state === 'open' && circuit.restingSince !== undefined) return 'still-resting';
    return status === 503 ? 'down' : 'failed';
  }
}
