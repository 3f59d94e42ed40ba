/**
 * One backend's reachability. While the circuit is open, requests are stored without a try and one probe at a
 * time goes out. `until` is when the next probe may go; from then on the circuit is half-open.
 */
export type Circuit =
  | { state: 'closed' }
  | {
      state: 'open';
      since: number;
      failures: number;
      until: number;
      /** The circuit was opened by an answer, a 503 most often, so a network that's back is no reason to hurry. */
      answered: boolean;
      /** When the last probe failed whose retries are used up: the server rests, and is only asked now and then. */
      restingSince?: number;
    };

export const CLOSED: Circuit = { state: 'closed' };

/** A failed send, as the circuit sees it. */
export interface CircuitFailure {
  /** Whether the send was the probe. A send that was on the wire when the circuit opened tells nothing new, so it doesn't lengthen the wait. */
  probe: boolean;
  /** Whether anybody answered. */
  answered: boolean;
  /** Whether retries are used up, so that the server is only asked now and then. */
  rests: boolean;
  /** When the next probe may go. */
  until: number;
}

/** Opens the circuit, or keeps it open: nobody answered, or a 503 came, or the server is still not there after all retries. */
export function circuitFailed(circuit: Circuit, { probe, answered, rests, until }: CircuitFailure, now: number): Circuit {
  const failures = circuit.state === 'closed' ? 1 : circuit.failures + 1;
  if (circuit.state === 'open' && !probe) return circuit;
  const since = circuit.state === 'closed' ? now : circuit.since;
  return { state: 'open', since, failures, until, answered, ...(rests && { restingSince: now }) };
}

/**
 * Lets the next probe go at once: the network may be back, or a user asks. A server that rests is probed at any wake-up,
 * as its probe would wait for long otherwise.
 */
export function circuitHurried(circuit: Circuit, evenIfAnswered: boolean, now: number): Circuit {
  if (circuit.state === 'closed' || circuit.until <= now) return circuit;
  const stands = circuit.answered && circuit.restingSince === undefined;
  return stands && !evenIfAnswered ? circuit : { ...circuit, until: now };
}

/** Brings the probe of a server that rests forward, when a page has a new request; `leastRestMs` after the last probe at the soonest. */
export function circuitStirred(circuit: Circuit, leastRestMs: number, now: number): Circuit {
  if (circuit.state === 'closed' || circuit.restingSince === undefined) return circuit;
  const soon = Math.max(now, circuit.restingSince + leastRestMs);
  return soon < circuit.until ? { ...circuit, until: soon } : circuit;
}

/** The backoff's `attempt`: failed probes so far. */
export const circuitAttempt = (circuit: Circuit): number => (circuit.state === 'open' ? circuit.failures : 0);
