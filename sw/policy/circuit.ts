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
      /** Opened by a 503, so a network that's back is no reason to hurry. */
      answered: boolean;
    };

export const CLOSED: Circuit = { state: 'closed' };

/**
 * Nobody answered, or a 503 did.
 *
 * @param probe whether this was the probe. Requests that were on the wire when the circuit opened
 * tell nothing new, so they don't lengthen the wait.
 */
export function circuitFailed(
  circuit: Circuit,
  { probe, answered, until }: { probe: boolean; answered: boolean; until: number },
  now: number,
): Circuit {
  if (circuit.state === 'closed') return { state: 'open', since: now, failures: 1, until, answered };
  return probe ? { ...circuit, failures: circuit.failures + 1, until, answered } : circuit;
}

/** The network may be back, or somebody asks: the next probe may go at once. */
export function circuitHurried(circuit: Circuit, evenIfAnswered: boolean, now: number): Circuit {
  if (circuit.state === 'closed' || circuit.until <= now || (circuit.answered && !evenIfAnswered)) return circuit;
  return { ...circuit, until: now };
}

/** The backoff's `attempt`: failed probes so far. */
export const circuitAttempt = (circuit: Circuit): number => (circuit.state === 'open' ? circuit.failures : 0);
