import { describe, expect, test } from 'vitest';
import { askedPatienceMs, rateLimitMs, retryAfterMs } from '../../sw/policy/retry-after.js';

const now = Date.parse('2026-01-01T00:00:00Z');

test.each([
  ['5', 5_000],
  [' 120 ', 120_000],
  ['0', 0],
  ['Thu, 01 Jan 2026 00:01:00 GMT', 60_000],
  ['Wed, 31 Dec 2025 23:00:00 GMT', 0],
  ['999999999', 86_400_000],
  ['Fri, 01 Jan 2038 00:00:00 GMT', 86_400_000],
  ['2500.11', 2_501_000],
  ['12.5', 13_000],
  ['0.9', 1_000],
  ['5.916', 6_000],
  ['0.0', 0],
  ['Sunday, 06-Nov-94 08:49:37 GMT', 0],
  ['Thursday, 01-Jan-26 00:01:00 GMT', 60_000],
  ['Thu Jan  1 00:01:00 2026', 60_000],
  ['-3', null],
  ['1e9', null],
  ['.5', null],
  ['5.', null],
  ['5 s', null],
  ['2027-01-01', null],
  ['soon', null],
  ['after 5', null],
  ['Retry 3', null],
  ['', null],
  [undefined, null],
])('R6 Retry-After %j asks for %j ms', (header, expected) => {
  expect(retryAfterMs(header === undefined ? {} : { 'retry-after': header }, now)).toBe(expected);
});

test.each<[what: string, headers: Record<string, string>, wait: number | null]>([
  ['the answer’s own Date, where the device’s clock is an hour behind', { date: 'Thu, 01 Jan 2026 01:00:00 GMT' }, 60_000],
  ['the answer’s own Date, where the device’s clock is ahead', { date: 'Thu, 01 Jan 2026 01:00:30 GMT' }, 30_000],
  ['the device’s clock where Date can’t be read', { date: 'today' }, 3_660_000],
  ['the device’s clock where the answer comes from a cache', { date: 'Thu, 01 Jan 2026 01:00:00 GMT', age: '10' }, 3_660_000],
])('R6 an HTTP date counts from %s', (_what, headers, wait) => {
  const asked = 'Thu, 01 Jan 2026 01:01:00 GMT';
  expect(askedPatienceMs({ ...headers, 'retry-after': asked }, now)).toBe(wait);
  expect(askedPatienceMs({ ...headers, 'retry-after-long': asked }, now)).toBe(wait);
  expect(askedPatienceMs({ ...headers, 'retry-after': '5' }, now)).toBe(5_000);
});

test.each<[what: string, headers: Record<string, string>, wait: number | null]>([
  ['the longest of several limits’ own headers', { 'retry-after-short': '1', 'retry-after-long': '6' }, 6_000],
  ['Retry-After before a limit’s own header, however short', { 'retry-after': '2', 'retry-after-long': '6' }, 2_000],
  ['a limit’s own header where Retry-After can’t be read', { 'retry-after': 'soon', 'retry-after-long': '6' }, 6_000],
  ['a limit’s own header before RateLimit', { ratelimit: '"default";r=0;t=30', 'retry-after-long': '6' }, 6_000],
  ['a header that’s named after its unit', { 'retry-after-ms': '6500' }, 6_500],
  ['Retry-After before a header that’s named after its unit', { 'retry-after': '7', 'retry-after-ms': '6500' }, 7_000],
  ['no header of a unit without a number', { 'retry-after-ms': 'soon' }, null],
  ['no header whose name only resembles Retry-After', { 'retry-afterwards': '6', 'x-retry-after': '6' }, null],
])('R6 the wait that a server asks for is read from %s', (_what, headers, wait) => {
  expect(askedPatienceMs(headers, now)).toBe(wait);
});

describe('rateLimitMs', () => {
  test.each<[string, Record<string, string>, number | null]>([
    ['a used-up quota', { ratelimit: '"default";r=0;t=30' }, 30_000],
    ['spaces, and the parameters turned round', { ratelimit: '"default" ; t=30 ; r=0' }, 30_000],
    ['a quota that isn’t used up', { ratelimit: '"default";r=3;t=30' }, null],
    ['the longest time of several used-up quotas', { ratelimit: '"second";r=0;t=1, "day";r=7;t=9999, "hour";r=0;t=60' }, 60_000],
    ['a name that looks like a policy', { ratelimit: '"a;r=0;t=9, b";r=1;t=30' }, null],
    ['a name with a quote in it', { ratelimit: '"a\\";r=0;t=9, ";r=0;t=30' }, 30_000],
    ['a used-up quota without a time', { ratelimit: '"default";r=0' }, null],
    ['a time of over a day', { ratelimit: '"default";r=0;t=999999' }, 86_400_000],
    ['an earlier draft’s words', { ratelimit: 'limit=10, remaining=0, reset=30' }, 30_000],
    ['an earlier draft’s words with some left', { ratelimit: 'limit=10, remaining=2, reset=30' }, null],
    ['an earlier draft’s separate fields', { 'ratelimit-remaining': '0', 'ratelimit-reset': '30' }, 30_000],
    ['an earlier draft’s separate fields with some left', { 'ratelimit-remaining': '1', 'ratelimit-reset': '30' }, null],
    ['nonsense', { ratelimit: ';;,=,r=0t=3', 'ratelimit-remaining': 'none' }, null],
    ['no header at all', {}, null],
  ])('R6 reads %s', (_what, headers, wait) => {
    expect(rateLimitMs(headers)).toBe(wait);
  });

  test('R6 Retry-After wins over RateLimit, a Retry-After that has passed too', () => {
    expect(askedPatienceMs({ 'retry-after': '5', ratelimit: '"default";r=0;t=30' }, 0)).toBe(5_000);
    expect(askedPatienceMs({ 'retry-after': '0', ratelimit: '"default";r=0;t=30' }, 0)).toBe(0);
    expect(askedPatienceMs({ ratelimit: '"default";r=0;t=30' }, 0)).toBe(30_000);
    expect(askedPatienceMs({}, 0)).toBeNull();
  });
});
