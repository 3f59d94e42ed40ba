/** Gives the longest wait before retry `attempt` (0, 1, 2 …), in milliseconds. */
export type Ceiling = (attempt: number) => number;

/** Gives the wait before retry `attempt` (0, 1, 2 …), in milliseconds. `random` is in [0, 1). */
export type Delay = (attempt: number, random: number) => number;

/** A ladder of ceilings: each is twice the previous ceiling. */
export interface BackoffOptions {
  /** The first ceiling, in milliseconds. */
  baseMs: number;
  /** The highest ceiling, in milliseconds. */
  capMs: number;
}

const nonNegative = (value: number): number => (Number.isFinite(value) && value > 0 ? value : 0);

/** `min(cap, base * 2^attempt)`. Attempts count from 0; anything negative or not finite counts as 0. */
export function exponentialBackoff({ baseMs, capMs }: BackoffOptions): Ceiling {
  return (attempt) => Math.min(nonNegative(capMs), nonNegative(baseMs) * 2 ** nonNegative(attempt));
}

/**
 * A wait drawn evenly from zero up to the ceiling, never above it: the jitter that spreads a
 * returning crowd best.
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function fullJitter(ceiling: Ceiling): Delay {
  return (attempt, random) => Math.min(1, nonNegative(random)) * ceiling(attempt);
}

/**
 * A wait of the ceiling plus up to `share` of it, never above the cap. The exponential part stops
 * short of the cap by the same share, as a clamp at the cap would give everybody the same wait.
 */
export function addedJitter({ baseMs, capMs }: BackoffOptions, share: number): Delay {
  const ceiling = exponentialBackoff({ baseMs, capMs: capMs / (1 + share) });
  return (attempt, random) => Math.min(nonNegative(capMs), ceiling(attempt) * (1 + share * Math.min(1, nonNegative(random))));
}
