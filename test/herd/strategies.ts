import { exponentialBackoff, fullJitter, type Ceiling, type Delay } from '../../sw/policy/backoff.js';
import { DEFAULT_RETRY, retryLadder, type RetryPolicy } from '../../sw/policy/retry.js';

/** How a client tries again. */
export interface Strategy {
  name: string;
  retry: RetryPolicy;
  /** With the circuit one probe goes out for all lanes of a client; without, each lane tries by itself. */
  circuit: boolean;
  /** What the overloaded server asks for with its 503, in seconds; null when it doesn't. */
  retryAfterS: number | null;
}

const noJitter = (ceiling: Ceiling): Delay => (attempt) => ceiling(attempt);

/** Half fixed, half random. */
const equalJitter = (ceiling: Ceiling): Delay => {
  const random = fullJitter(ceiling);
  return (attempt, fraction) => (ceiling(attempt) + random(attempt, fraction)) / 2;
};

/** Holdfast's ladders and its budget under another jitter. */
function ladderWith(jitter: (ceiling: Ceiling) => Delay): RetryPolicy {
  const answered = jitter(exponentialBackoff(DEFAULT_RETRY.answered));
  const unreachable = jitter(exponentialBackoff(DEFAULT_RETRY.unreachable));
  return ({ kind, attempt, random }) => {
    if (kind === 'unreachable') return unreachable(attempt, random);
    return attempt < DEFAULT_RETRY.maxRetries ? answered(attempt, random) : null;
  };
}

const laneByLane = (name: string, retry: RetryPolicy): Strategy => ({ name, retry, circuit: false, retryAfterS: null });

const withCircuit = (name: string, maxRetries: number, retryAfterS: number | null = null): Strategy => ({
  name,
  retry: retryLadder({ maxRetries }),
  circuit: true,
  retryAfterS,
});

export const STRATEGIES: readonly Strategy[] = [
  laneByLane('no jitter', ladderWith(noJitter)),
  laneByLane('equal jitter', ladderWith(equalJitter)),
  laneByLane('full jitter', retryLadder()),
  withCircuit('full jitter, single probe', DEFAULT_RETRY.maxRetries),
];

/** The last of the strategies, with a larger budget, and with a server that says when to come again. */
export const VARIANTS: readonly Strategy[] = [
  withCircuit('single probe, 10 retries', 10),
  withCircuit('single probe, Retry-After: 30', DEFAULT_RETRY.maxRetries, 30),
];
