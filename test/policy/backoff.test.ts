import { describe, expect, test } from 'vitest';
import { addedJitter, exponentialBackoff, fullJitter } from '../../sw/policy/backoff.js';
import { retryLadder } from '../../sw/policy/retry.js';

const odd = [-1, -Infinity, Infinity, NaN];

describe('exponentialBackoff', () => {
  const ceiling = exponentialBackoff({ baseMs: 500, capMs: 30_000 });

  test('R4 doubles from 500 ms up to the cap of 30 s', () => {
    expect([0, 1, 2, 5, 6, 7, 50].map(ceiling)).toEqual([500, 1000, 2000, 16_000, 30_000, 30_000, 30_000]);
  });

  test.each(odd)('R7 an attempt of %d counts as 0', (attempt) => {
    expect(ceiling(attempt)).toBe(500);
  });

  test.each(odd)('R7 a base or a cap of %d counts as 0', (ms) => {
    expect(exponentialBackoff({ baseMs: ms, capMs: 30_000 })(3)).toBe(0);
    expect(exponentialBackoff({ baseMs: 500, capMs: ms })(3)).toBe(0);
  });
});

describe('fullJitter', () => {
  const delay = fullJitter(exponentialBackoff({ baseMs: 500, capMs: 30_000 }));

  test('R7 spreads from 0 to the ceiling and never goes above the cap', () => {
    expect(delay(2, 0)).toBe(0);
    expect(delay(2, 0.5)).toBe(1000);
    expect(delay(60, 0.999999)).toBeLessThanOrEqual(30_000);
    expect(delay(60, 1.5)).toBe(30_000);
  });

  test.each(odd)('R7 a random number of %d counts as 0', (random) => {
    expect(delay(3, random)).toBe(0);
  });
});

describe('addedJitter', () => {
  const delay = addedJitter({ baseMs: 500, capMs: 5_000 }, 0.2);

  test('S5 adds up to a fifth, and never goes above the cap', () => {
    expect([0, 1, 2, 3].map((attempt) => delay(attempt, 0))).toEqual([500, 1000, 2000, 4000]);
    expect([0, 1, 2, 3].map((attempt) => delay(attempt, 1))).toEqual([600, 1200, 2400, 4800]);
    expect(delay(60, 1)).toBe(5_000);
    expect(delay(60, 7)).toBe(5_000);
  });

  test('S5 still spreads the delays at the cap', () => {
    expect(delay(60, 0.9) - delay(60, 0.1)).toBeGreaterThan(600);
  });

  test.each(odd)('R7 a random number or an attempt of %d counts as 0', (value) => {
    expect(delay(1, value)).toBe(1000);
    expect(delay(value, 0)).toBe(500);
  });
});

describe('retryLadder', () => {
  const longest = 1;

  test('R5 after a transient answer waits up to 2, 4, 8, 16, 32 s, and then gives up', () => {
    const policy = retryLadder();
    const waits = [0, 1, 2, 3, 4, 5].map((attempt) =>
      policy({ kind: 'answered', attempt, status: 500, random: longest }),
    );
    expect(waits).toEqual([2000, 4000, 8000, 16_000, 32_000, null]);
  });

  test.each([403, 425, 429, 502, 503, 504, 511, 520, 527, 530])('R5 after a %d goes on, every five minutes at the latest', (status) => {
    const policy = retryLadder();
    const waits = [4, 5, 6, 7, 8, 1000].map((attempt) => policy({ kind: 'answered', attempt, status, random: longest }));
    expect(waits).toEqual([32_000, 64_000, 128_000, 256_000, 300_000, 300_000]);
  });

  test.each([408, 500, 507, 519, 528, 599])('R5 after a %d gives up once the retries are used up', (status) => {
    expect(retryLadder()({ kind: 'answered', attempt: 5, status, random: longest })).toBeNull();
  });

  test('R4 without an answer never gives up', () => {
    const policy = retryLadder({ maxRetries: 0 });
    expect(policy({ kind: 'unreachable', attempt: 10_000, status: null, random: longest })).toBe(30_000);
  });

  test('takes its numbers from the options', () => {
    const policy = retryLadder({ maxRetries: 1, answered: { baseMs: 10 }, unreachable: { capMs: 700 } });
    expect(policy({ kind: 'answered', attempt: 0, status: 503, random: longest })).toBe(10);
    expect(policy({ kind: 'answered', attempt: 1, status: 500, random: longest })).toBe(null);
    expect(policy({ kind: 'answered', attempt: 1, status: 503, random: longest })).toBe(1000);
    expect(policy({ kind: 'unreachable', attempt: 5, status: null, random: longest })).toBe(700);
  });

  test('takes an undefined number for one that isn’t given, and not for no wait at all', () => {
    const unset = { baseMs: undefined, capMs: undefined } as unknown as { baseMs?: number };
    const policy = retryLadder({ answered: unset, unreachable: unset });
    expect(policy({ kind: 'answered', attempt: 0, status: 503, random: longest })).toBe(2000);
    expect(policy({ kind: 'answered', attempt: 5, status: 503, random: longest })).toBe(64_000);
    expect(policy({ kind: 'unreachable', attempt: 0, status: null, random: longest })).toBe(500);
  });
});
