import { exponentialBackoff, fullJitter } from './backoff.js';
import { checkOptions, milliseconds, record, wholeNumber, type Rules } from './rules.js';

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

/** How long and how often Holdfast's own policy waits. */
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

const CEILINGS: Rules = { baseMs: milliseconds, capMs: milliseconds };
const LADDER: Rules = {
  maxRetries: wholeNumber(0),
  answered: record('baseMs, capMs or both'),
  unreachable: record('baseMs, capMs or both'),
};

/** @throws ConfigError naming the option, its value and the rule */
export function checkRetryOptions(options: RetryOptions, at: string): void {
  checkOptions(options, LADDER, `${at}.`);
  checkOptions(options.answered ?? {}, CEILINGS, `${at}.answered.`);
  checkOptions(options.unreachable ?? {}, CEILINGS, `${at}.unreachable.`);
}
