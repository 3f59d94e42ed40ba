import { exponentialBackoff, fullJitter } from './backoff.js';
import { checkOptions, defined, milliseconds, record, wholeNumber, type Rules } from './rules.js';

/** The question that a retry policy answers. */
export interface RetryQuestion {
  /** `unreachable`: nobody answered. `answered`: the server did, with a transient status. */
  kind: 'unreachable' | 'answered';
  /** Retries of this kind so far, from 0. */
  attempt: number;
  /** Null when nobody answered. */
  status: number | null;
  /** A random number in [0, 1). */
  random: number;
}

/** The wait before the next send in milliseconds, or null to give up: the entry becomes a dead letter. */
export type RetryPolicy = (question: RetryQuestion) => number | null;

/** How long and how often Holdfast's own policy waits. */
export interface RetryOptions {
  /**
   * Retries after an answer with a transient status. When they're used up, an entry that the application itself has
   * failed at (408, 500 and the like) is a dead letter; an entry answered with "not now" (429, 502, 503, 504 and the like)
   * goes on, every five minutes at the latest. With 0 the page's own first send is never stored for such an answer. @default 5
   */
  maxRetries?: number;
  /** Ceilings after a transient answer, in milliseconds. @default { baseMs: 2000, capMs: 32000 } */
  answered?: { baseMs?: number; capMs?: number };
  /** Ceilings while nobody answers, in milliseconds. @default { baseMs: 500, capMs: 30000 } */
  unreachable?: { baseMs?: number; capMs?: number };
}

/**
 * Whether a status says "not now": a proxy, a gateway or a limiter speaks, and the application hasn't failed at the request.
 * 425, 429, 503 and 403 are refusals before the work, and of the 403 `classify` lets only those with a `Retry-After` come so far; 502, 504, 511 (RFC 6585
 * §6), and Cloudflare's 520 to 527 and 530 come from a server in between.
 */
export const isNotNow = (status: number | null): boolean =>
  status !== null && (NOT_NOW.has(status) || (status >= 520 && status <= 527));

const NOT_NOW: ReadonlySet<number> = new Set([403, 425, 429, 502, 503, 504, 511, 530]);

/** The least ceiling of retries without end, however short an app's own ladder is, in milliseconds. */
const LEAST_REST_MS = 1_000;

export const DEFAULT_RETRY = {
  maxRetries: 5,
  answered: { baseMs: 2_000, capMs: 32_000 },
  /** Ceilings once the retries are used up, and the server only says "not now": the same steps, up to five minutes. */
  resting: { capMs: 300_000 },
  unreachable: { baseMs: 500, capMs: 30_000 },
} as const;

/**
 * The ladder: full jitter on 2, 4, 8, 16, 32 s after a transient answer, five retries, and then, while the server says
 * "not now", on 64, 128, 256 and 300 s without end; full jitter on 500 ms doubling to 30 s while nobody answers,
 * without end, as being offline isn't the entry's fault.
 */
export function retryLadder(options: RetryOptions = {}): RetryPolicy {
  const maxRetries = options.maxRetries ?? DEFAULT_RETRY.maxRetries;
  const ceilings = { ...DEFAULT_RETRY.answered, ...defined(options.answered ?? {}) };
  const answered = fullJitter(exponentialBackoff(ceilings));
  const rest = exponentialBackoff({ ...ceilings, ...DEFAULT_RETRY.resting });
  const resting = fullJitter((attempt) => Math.max(LEAST_REST_MS, rest(attempt)));
  const unreachable = fullJitter(exponentialBackoff({ ...DEFAULT_RETRY.unreachable, ...defined(options.unreachable ?? {}) }));
  return ({ kind, attempt, status, random }) => {
    if (kind === 'unreachable') return unreachable(attempt, random);
    if (attempt < maxRetries) return answered(attempt, random);
    return isNotNow(status) ? resting(attempt, random) : null;
  };
}

/** How often a new request of a page may bring the probe of a server that rests forward: no more often than while the ladder lasted, in milliseconds. */
export const leastRestMs = ({ answered }: RetryOptions): number => Math.max(LEAST_REST_MS, answered?.capMs ?? DEFAULT_RETRY.answered.capMs);

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
