/**
 * One backend's reachability. While it's open, requests are stored without a try and one probe at a
 * time goes out. `until` is when the next probe may go; from then on the circuit is half-open.
 */
export type Circuit =
  | { state: 'closed' }
  | {
      state: 'open';
      since: number;
      failures: number;
      until: number;
      /** Opened by an answer, a 503 most often, so a network that's back is no reason to hurry. */
      answered: boolean;
      /** When the last probe failed, where its retries are used up: the server is only asked now and then. */
      restingSince?: number;
    };

export const CLOSED: Circuit = { state: 'closed' };

/** A send that has failed, as the circuit sees it. */
export interface CircuitFailure {
  /** Whether this was the probe. What was on the wire when the circuit opened tells nothing new, so it doesn't lengthen the wait. */
  probe: boolean;
  /** Whether anybody answered. */
  answered: boolean;
  /** Whether retries are used up, so that the server is only asked now and then. */
  rests: boolean;
  /** When the next probe may go. */
  until: number;
}

/** Nobody answered, a 503 did, or a server that's still not there after all retries. */
export function circuitFailed(circuit: Circuit, { probe, answered, rests, until }: CircuitFailure, now: number): Circuit {
  const failures = circuit.state === 'closed' ? 1 : circuit.failures + 1;
  if (circuit.state === 'open' && !probe) return circuit;
  const since = circuit.state === 'closed' ? now : circuit.since;
  return { state: 'open', since, failures, until, answered, ...(rests && { restingSince: now }) };
}

/**
 * The network may be back, or somebody asks: the next probe may go at once. One that rests goes with any wake-up, as it
 * waits for so long otherwise.
 */
export function circuitHurried(circuit: Circuit, evenIfAnswered: boolean, now: number): Circuit {
  if (circuit.state === 'closed' || circuit.until <= now) return circuit;
  const stands = circuit.answered && circuit.restingSince === undefined;
  return stands && !evenIfAnswered ? circuit : { ...circuit, until: now };
}

/** A page has something new to send to a server that rests: it's asked again, though not more often than while the ladder lasted. */
export function circuitStirred(circuit: Circuit, capMs: number, now: number): Circuit {
  if (circuit.state === 'closed' || circuit.restingSince === undefined) return circuit;
  const soon = Math.max(now, circuit.restingSince + capMs);
  return soon < circuit.until ? { ...circuit, until: soon } : circuit;
}

/** The backoff's `attempt`: failed probes so far. */
export const circuitAttempt = (circuit: Circuit): number => (circuit.state === 'open' ? circuit.failures : 0);
