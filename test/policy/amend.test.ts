import { describe, expect, test } from 'vitest';
import { amended } from '../../sw/policy/amend.js';
import { record } from '../support/records.js';

const freshKey = '"fresh"';
const dead = (changes: Parameters<typeof record>[0] = {}) => record({ state: 'dead', reason: 'permanent', sends: 1, ...changes });

describe('amended', () => {
  test('V1 headers are set and taken away by name, and the rest stays', () => {
    const entry = dead({ request: { ...record().request, headers: { a: '1', b: '2', 'content-type': 'text/plain' } } });
    const { request } = amended(entry, { headers: { a: null, b: '3', c: '4' }, freshKey });
    expect(request.headers).toEqual({ b: '3', c: '4', 'content-type': 'text/plain' });
    expect(request.url).toBe(entry.request.url);
  });

  test('V1 the size follows the body, and stays without one', () => {
    expect(amended(dead({ bodySize: 7 }), { headers: {}, bodySize: 3, freshKey }).bodySize).toBe(3);
    expect(amended(dead({ bodySize: 7 }), { headers: {}, freshKey }).bodySize).toBe(7);
  });

  test.each(['permanent', 'auth-rejected', 'before-send', 'unsendable'] as const)('C13 after %s it’s another request, under another key', (reason) => {
    expect(amended(dead({ reason }), { headers: {}, freshKey }).idempotencyKey).toBe(freshKey);
  });

  test.each(['retries-exhausted', 'unreachable', 'expired'] as const)('C13 after %s the server may have acted: the key stays', (reason) => {
    expect(amended(dead({ reason }), { headers: {}, freshKey }).idempotencyKey).toBe('"key"');
  });

  test('C13 what was never sent is another request, however it died', () => {
    expect(amended(dead({ reason: 'expired', sends: 0 }), { headers: {}, freshKey }).idempotencyKey).toBe(freshKey);
  });

  test('C13 an entry without a key gets none, and a key in the patch settles it', () => {
    expect(amended(dead({ idempotencyKey: null }), { headers: {}, freshKey }).idempotencyKey).toBeNull();
    const own = amended(dead(), { headers: { 'idempotency-key': '"own"' }, freshKey });
    expect([own.idempotencyKey, own.request.headers['idempotency-key']]).toEqual(['"own"', undefined]);
  });
});
