import { exponentialBackoff, fullJitter, type Ceiling, type Delay } from '../../sw/policy/backoff.js';
import { DEFAULT_RETRY, isNotNow, retryLadder, type RetryPolicy } from '../../sw/policy/retry.js';

/** How a client tries again. */
export interface Strategy {
  name: string;
  retry: RetryPolicy;
  /** Retries after an answer; then an entry rests, if its policy goes on. */
  maxRetries: number;
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

/** Holdfast's ladders, its budget and its rest under another jitter. */
function ladderWith(jitter: (ceiling: Ceiling) => Delay): RetryPolicy {
  const answered = jitter(exponentialBackoff(DEFAULT_RETRY.answered));
  const unreachable = jitter(exponentialBackoff(DEFAULT_RETRY.unreachable));
  const resting = jitter(exponentialBackoff({ ...DEFAULT_RETRY.answered, ...DEFAULT_RETRY.resting }));
  return ({ kind, attempt, status, random }) => {
    if (kind === 'unreachable') return unreachable(attempt, random);
    if (attempt < DEFAULT_RETRY.maxRetries) return answered(attempt, random);
    return isNotNow(status) ? resting(attempt, random) : null;
  };
}

/** Gives up when the retries are used up, whatever the server says. */
const givingUp = (policy: RetryPolicy): RetryPolicy => (question) =>
  question.kind === 'answered' && question.attempt >= DEFAULT_RETRY.maxRetries ? null : policy(question);

const BUDGET = { maxRetries: DEFAULT_RETRY.maxRetries, retryAfterS: null };

const laneByLane = (name: string, retry: RetryPolicy): Strategy => ({ ...BUDGET, name, retry, circuit: false });

const withCircuit = (name: string, retry: RetryPolicy, retryAfterS: number | null = null): Strategy => ({ ...BUDGET, name, retry, circuit: true, retryAfterS });

export const STRATEGIES: readonly Strategy[] = [
  laneByLane('no jitter', ladderWith(noJitter)),
  laneByLane('equal jitter', ladderWith(equalJitter)),
  laneByLane('full jitter', retryLadder()),
  withCircuit('full jitter, single probe', retryLadder()),
];

/** The last of the strategies, once giving up after its retries, and once with a server that says when to come again. */
export const VARIANTS: readonly Strategy[] = [
  withCircuit('single probe, gives up', givingUp(retryLadder())),
  withCircuit('single probe, Retry-After: 30', retryLadder(), 30),
];
