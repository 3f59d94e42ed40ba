import { expect, test } from 'vitest';
import { retryAfterMs } from '../../sw/policy/retry-after.js';

const now = Date.parse('2026-01-01T00:00:00Z');

test.each([
  ['5', 5_000],
  [' 120 ', 120_000],
  ['0', 0],
  ['Thu, 01 Jan 2026 00:01:00 GMT', 60_000],
  ['Wed, 31 Dec 2025 23:00:00 GMT', 0],
  ['999999999', 86_400_000],
  ['Fri, 01 Jan 2038 00:00:00 GMT', 86_400_000],
  ['soon', null],
  ['', null],
  [undefined, null],
])('R6 Retry-After %j asks for %j ms', (header, expected) => {
  expect(retryAfterMs(header, now)).toBe(expected);
});
