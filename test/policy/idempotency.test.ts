import { describe, expect, test } from 'vitest';
import { busyDelay, BUSY_CODES, freshKeyFor, markOf, verdictUnderKey } from '../../sw/policy/idempotency.js';
import { isInDoubt, mayHaveActed, underKey } from '../../sw/policy/key-history.js';
import type { Answer, Verdict } from '../../sw/policy/outcome.js';
import type { Attempt } from '../../sw/protocol/api.js';
import { record } from '../support/records.js';

const answer = (status: number, headers: Record<string, string> = {}, body?: unknown): Answer => ({ kind: 'answer', status, headers, body, bearer: false });
const markIn = (...given: Parameters<typeof answer>) => markOf(answer(...given), '"key"', BUSY_CODES);

const attempt = (status: number | null, reason: Attempt['reason'] = 'server-error'): Attempt => ({ at: 0, status, reason });
const sent = (...attempts: Attempt[]) => record({ sends: attempts.length, attempts });

describe('markOf', () => {
  test.each<[string, ReturnType<typeof markIn>, Parameters<typeof answer>]>([
    ['express-idempotency, under way', 'busy', [409, { 'idempotency-key': '"key"' }]],
    ['node-idempotency, under way', 'busy', [409, { 'retry-after': '1' }, { code: 'REQUEST_IN_PROGRESS' }]],
    ['hono-idempotency, under way', 'busy', [409, { 'retry-after': '1' }, { code: 'CONFLICT' }]],
    ['@nestarc/idempotency, under way', 'busy', [409, { 'idempotency-status': 'conflict' }]],
    ['@idempot, under way', 'busy', [409, { 'content-type': 'application/problem+json' }, { retryable: true }]],
    ['Stripe, under way', 'busy', [409, { 'stripe-should-retry': 'true' }, { error: { code: 'idempotency_key_in_use' } }]],
    ['PayPal, under way', 'busy', [409, {}, { name: 'RESOURCE_CONFLICT', details: [{ issue: 'PREVIOUS_REQUEST_IN_PROGRESS' }] }]],
    ['Resend, under way', 'busy', [409, {}, { name: 'concurrent_idempotent_requests' }]],
    ['Resend, another body', null, [409, {}, { name: 'invalid_idempotent_request' }]],
    ['GoCardless, done already', null, [409, {}, { error: { code: 409, errors: [{ reason: 'idempotent_creation_conflict' }] } }]],
    ['another key’s echo', null, [409, { 'idempotency-key': '"other"' }]],
    ['a message', null, [409, {}, { message: 'REQUEST_IN_PROGRESS' }]],
    ['no JSON', null, [409, {}, undefined]],
    ['details that are no list', null, [409, {}, { details: 'x', error: 'y' }]],
    ['a 422 with Retry-After', null, [422, { 'retry-after': '1' }]],
    ['a 503 with Retry-After', null, [503, { 'retry-after': '1' }]],
    ['node-idempotency, kept', 'kept', [503, { 'idempotent-replayed': 'true' }]],
    ['hono-idempotency, kept', 'kept', [500, { 'idempotency-replayed': 'true' }]],
    ['@nestarc/idempotency, kept', 'kept', [500, { 'idempotency-status': 'replayed' }]],
    ['@idempot, kept', 'kept', [429, { 'x-idempotent-replayed': 'true', 'retry-after': '1' }]],
    ['a kept conflict', 'kept', [409, { 'idempotent-replayed': 'true', 'retry-after': '1', 'idempotency-key': '"key"' }]],
    ['not kept, in words', null, [500, { 'idempotent-replayed': 'false' }]],
    ['another payload', 'final', [409, { 'idempotency-status': 'mismatch', 'retry-after': '1' }]],
    ['Stripe, no use', 'final', [409, { 'stripe-should-retry': 'false', 'retry-after': '1' }]],
    ['no use, in JSON', 'final', [409, { 'retry-after': '1' }, { retryable: false }]],
  ])('E2 E3 %s: %s', (_, mark, given) => expect(markIn(...given)).toBe(mark));
});

describe('verdictUnderKey', () => {
  const before = { never: sent(), unheard: sent(attempt(null)), failed: sent(attempt(503)), limited: sent(attempt(429, 'rate-limited')), busy: sent(attempt(409, 'in-progress')) };
  const busy = answer(409, { 'retry-after': '1' });
  const kept = answer(500, { 'idempotency-replayed': 'true' });

  test.each<[Verdict, keyof typeof before, Answer, string, boolean?]>([
    ['permanent', 'never', busy, 'in-progress'],
    ['transient', 'never', answer(425, { 'retry-after': '1' }), 'in-progress'],
    ['permanent', 'never', busy, 'permanent', true],
    ['permanent', 'unheard', busy, 'in-progress', true],
    ['delivered', 'unheard', busy, 'delivered'],
    ['auth-expired', 'unheard', busy, 'auth-expired'],
    ['permanent', 'unheard', answer(409), 'transient'],
    ['permanent', 'failed', answer(423), 'transient'],
    ['permanent', 'busy', answer(409), 'transient'],
    ['permanent', 'limited', answer(409), 'permanent'],
    ['permanent', 'never', answer(409), 'permanent'],
    ['permanent', 'unheard', answer(422), 'permanent'],
    ['permanent', 'unheard', answer(409, { 'idempotent-replayed': 'true' }), 'permanent'],
    ['permanent', 'unheard', answer(409, {}, { retryable: false }), 'permanent'],
    ['transient', 'failed', kept, 'permanent'],
    ['transient', 'failed', answer(500), 'transient'],
  ])('E2 E3 a %s answer after sends that were %s', (verdict, history, given, result, isFirst = false) =>
    expect(verdictUnderKey(verdict, given, { entry: before[history], isFirst }, BUSY_CODES)).toBe(result),
  );

  test('E2 no mark means anything without a key', () =>
    expect(verdictUnderKey('permanent', busy, { entry: { ...before.unheard, idempotencyKey: null }, isFirst: false }, BUSY_CODES)).toBe('permanent'));
});

describe('busyDelay', () => {
  test.each([
    [undefined, null, 0, 2_000],
    [undefined, null, 1, 2_400],
    [{ since: 100, asks: 3 }, null, 0, 16_000],
    [{ since: 100, asks: 40 }, null, 0, 25_000],
    [{ since: 100, asks: 40 }, null, 1, 30_000],
    [undefined, 7_000, 0, 7_000],
    [undefined, 0, 0, 2_000],
  ])('E2 after %j, with a floor of %s ms and %s for the dice, is %s ms', (inProgress, floor, random, delay) =>
    expect(busyDelay(inProgress, floor, random, 100)).toBe(delay),
  );

  test('E2 ends with 15 minutes', () => {
    const since = { since: 0, asks: 40 };
    expect(busyDelay(since, null, 0, 890_000)).toBe(10_000);
    expect(busyDelay(since, 60_000, 0, 890_000)).toBe(10_000);
    expect(busyDelay(since, null, 0, 900_000)).toBeNull();
  });

  test('E2 counts from now where the clock was set back, and not from a time to come', () => expect(busyDelay({ since: 9e12, asks: 40 }, 2e6, 0, 0)).toBe(900_000));
});

describe('mayHaveActed', () => {
  test.each<[boolean, Attempt[]]>([
    [false, []],
    [true, [attempt(null)]],
    [true, [attempt(408)]],
    [true, [attempt(500)]],
    [true, [attempt(503), attempt(429, 'rate-limited')]],
    [true, [attempt(409, 'in-progress')]],
    [false, [attempt(401, 'auth-expired'), attempt(429, 'rate-limited')]],
    [false, [attempt(500, 'auth-expired')]],
    [false, [attempt(409, 'permanent')]],
    [false, [attempt(422, 'permanent')]],
  ])('E1 is %s after %j', (expected, attempts) => expect(mayHaveActed(sent(...attempts))).toBe(expected));

  test('E1 is true of a send that’s on no record', () => {
    expect(mayHaveActed(record({ unheard: true }))).toBe(true);
    expect(mayHaveActed(record({ sends: 21, attempts: Array<Attempt>(20).fill(attempt(429, 'rate-limited')) }))).toBe(true);
  });

  test('E1 is about the key that the entry has now, and what went before stays in doubt', () => {
    for (const before of [sent(attempt(null)), record({ unheard: true }), record({ sends: 30, attempts: [attempt(429)] })]) {
      const fresh = underKey(before, '"fresh"');
      expect([mayHaveActed(fresh), isInDoubt(fresh)]).toEqual([false, true]);
      const limited = { ...fresh, sends: fresh.sends + 1, attempts: [...fresh.attempts, attempt(429)] };
      expect([mayHaveActed(limited), isInDoubt(underKey(limited, '"third"'))]).toEqual([false, true]);
      expect(mayHaveActed({ ...limited, sends: limited.sends + 1, attempts: [...limited.attempts, attempt(null)] })).toBe(true);
    }
    expect(isInDoubt(underKey(sent(attempt(401, 'auth-expired')), '"fresh"'))).toBe(false);
  });
});

describe('freshKeyFor', () => {
  const made = (): string => 'made';
  test.each([
    ['"old"', true, '"uuid"'],
    ['old', true, 'uuid'],
    ['"old"', 'bare', '"uuid"'],
    ['"old"', undefined, '"uuid"'],
    ['old', made, 'made'],
    [null, true, null],
    [null, made, null],
  ] as const)('E6 of %s, with the option %s, is %s', (old, form, fresh) => expect(freshKeyFor({ idempotencyKey: old }, form, 'uuid')).toBe(fresh));
});
