import { exponentialBackoff, fullJitter } from './backoff.js';
import { ConfigError } from './errors.js';

/** What a retry policy decides on. */
export interface RetryQuestion {
  /** `unreachable`: nobody answered. `answered`: the server did, with a transient status. */
  kind: 'unreachable' | 'answered';
  /** Retries of this kind so far, from 0. */
  attempt: number;
  /** Null when nobody answered. */
  status: number | null;
  /** In [0, 1). */
  random: number;
}

/** The wait before the next send in milliseconds, or null to give up: the entry becomes a dead letter. */
export type RetryPolicy = (question: RetryQuestion) => number | null;

export interface RetryOptions {
  /** Retries after an answer with a transient status. @default 5 */
  maxRetries?: number;
  /** Ceilings after a transient answer, in milliseconds. @default { baseMs: 2000, capMs: 32000 } */
  answered?: { baseMs?: number; capMs?: number };
  /** Ceilings while nobody answers, in milliseconds. @default { baseMs: 500, capMs: 30000 } */
  unreachable?: { baseMs?: number; capMs?: number };
}

export const DEFAULT_RETRY = {
  maxRetries: 5,
  answered: { baseMs: 2_000, capMs: 32_000 },
  unreachable: { baseMs: 500, capMs: 30_000 },
} as const;

/**
 * The ladder: full jitter on 2, 4, 8, 16, 32 s after a transient answer, five retries; full jitter
 * on 500 ms doubling to 30 s while nobody answers, without end, as being offline isn't the entry's fault.
 */
export function retryLadder(options: RetryOptions = {}): RetryPolicy {
  const maxRetries = options.maxRetries ?? DEFAULT_RETRY.maxRetries;
  const answered = fullJitter(exponentialBackoff({ ...DEFAULT_RETRY.answered, ...options.answered }));
  const unreachable = fullJitter(exponentialBackoff({ ...DEFAULT_RETRY.unreachable, ...options.unreachable }));
  return ({ kind, attempt, random }) => {
    if (kind === 'unreachable') return unreachable(attempt, random);
    return attempt < maxRetries ? answered(attempt, random) : null;
  };
}

/** Checks the option by the rules above. */
export function checkRetryOptions(options: RetryOptions, at: string): void {
  for (const [name, value] of Object.entries(options)) {
    if (name === 'maxRetries') {
      if (!Number.isInteger(value) || (value as number) < 0)
        throw new ConfigError(`${at}.maxRetries`, value, 'it must be a whole number, 0 or more');
    } else if (name === 'answered' || name === 'unreachable') {
      checkCeilings(value, `${at}.${name}`);
    } else {
      throw new ConfigError(`${at}.${name}`, value, "it isn't known; known are: maxRetries, answered, unreachable");
    }
  }
}

function checkCeilings(value: unknown, at: string): void {
  if (typeof value !== 'object' || value === null)
    throw new ConfigError(at, value, 'it must be an object with baseMs, capMs or both');
  for (const [name, ms] of Object.entries(value)) {
    if (name !== 'baseMs' && name !== 'capMs')
      throw new ConfigError(`${at}.${name}`, ms, "it isn't known; known are: baseMs, capMs");
    if (typeof ms !== 'number' || !Number.isFinite(ms) || ms < 0)
      throw new ConfigError(`${at}.${name}`, ms, 'it must be a number of milliseconds, 0 or more');
  }
}
