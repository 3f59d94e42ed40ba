import { expect, test } from 'vitest';
import { retryLadder, type RetryPolicy } from '../../sw/policy/retry.js';
import { STRATEGIES, VARIANTS } from './strategies.js';

const waits = (retry: RetryPolicy, kind: 'answered' | 'unreachable', random: number, status: number | null = 500) =>
  Array.from({ length: 8 }, (_, attempt) => retry({ kind, attempt, status: kind === 'answered' ? status : null, random }));

const [no, equal, full, single] = STRATEGIES.map(({ retry }) => retry);

test('no jitter waits for the whole ceiling, equal jitter from half of it up, full jitter from zero', () => {
  expect(waits(no!, 'unreachable', 0)).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  expect(waits(equal!, 'unreachable', 0)).toEqual([250, 500, 1000, 2000, 4000, 8000, 15_000, 15_000]);
  expect(waits(equal!, 'answered', 0.5)).toEqual([1500, 3000, 6000, 12_000, 24_000, null, null, null]);
  expect(waits(no!, 'answered', 0.5)).toEqual([2000, 4000, 8000, 16_000, 32_000, null, null, null]);
  expect(waits(full!, 'answered', 0.5)).toEqual([1000, 2000, 4000, 8000, 16_000, null, null, null]);
});

test.each(['answered', 'unreachable'] as const)('full jitter is the ladder that the worker has by default: %s', (kind) => {
  for (const random of [0, 0.3, 0.99]) {
    for (const retry of [full!, single!]) expect(waits(retry, kind, random)).toEqual(waits(retryLadder(), kind, random));
  }
});

test('a strategy goes on under its own jitter after a 503, and the variant that gives up doesn’t', () => {
  expect(waits(no!, 'answered', 0, 503).slice(5)).toEqual([64_000, 128_000, 256_000]);
  expect(waits(equal!, 'answered', 0, 503).slice(5)).toEqual([32_000, 64_000, 128_000]);
  expect(waits(full!, 'answered', 0.5, 503).slice(5)).toEqual([32_000, 64_000, 128_000]);
  expect(waits(VARIANTS[0]!.retry, 'answered', 0.5, 503)).toEqual([1000, 2000, 4000, 8000, 16_000, null, null, null]);
});
