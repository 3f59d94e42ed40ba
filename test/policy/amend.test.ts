import { describe, expect, test } from 'vitest';
import { amended } from '../../sw/policy/amend.js';
import type { EntryRecord } from '../../sw/policy/entry-record.js';
import { record } from '../support/records.js';

const freshKey = '"fresh"';
const dead = (changes: Parameters<typeof record>[0] = {}) => record({ state: 'dead', reason: 'permanent', sends: 1, ...changes });

const pick = ({ sends, attempts }: EntryRecord) => ({ sends, attempts });

describe('amended', () => {
  test('V1 headers are set and taken away by name, and the rest stays', () => {
    const entry = dead({ request: { ...record().request, headers: { a: '1', b: '2', 'content-type': 'text/plain' } } });
    const { request } = amended(entry, { headers: { a: null, b: '3', c: '4' }, freshKey });
    expect(request.headers).toEqual({ b: '3', c: '4', 'content-type': 'text/plain' });
    expect(request.url).toBe(entry.request.url);
  });

  test('V1 the size follows a new body, and stays where the patch has none', () => {
    expect(amended(dead({ bodySize: 7 }), { headers: {}, bodySize: 3, freshKey }).bodySize).toBe(3);
    expect(amended(dead({ bodySize: 7 }), { headers: {}, freshKey }).bodySize).toBe(7);
  });

  const sent = (...statuses: (number | null)[]) =>
    dead({ sends: statuses.length, attempts: statuses.map((status, at) => ({ at, status, reason: 'permanent' })) });
  const keyOf = (entry: EntryRecord) => amended(entry, { headers: {}, freshKey }).idempotencyKey;

  test.each([[[422]], [[503, 422]], [[null, 400]]])('C13 an edit of a request that the application has refused (%s) gets another key', (statuses) =>
    expect(keyOf(sent(...statuses))).toBe(freshKey),
  );

  test.each([[[503, 503]], [[null]], [[null, 401, 401, 401]], [[500, 403]], [[null, 409]], [[409]], [[200]]])('C13 an edit of a request whose sends came to %s keeps the key, as the server may have acted', (statuses) =>
    expect(keyOf(sent(...statuses))).toBe('"key"'),
  );

  test('C13 an edit keeps the key where only a gateway has refused or no send is on record, as a send whose worker died leaves no record', () => {
    expect(keyOf(sent(403))).toBe('"key"');
    expect(keyOf(sent())).toBe('"key"');
    expect(keyOf(dead())).toBe('"key"');
  });

  test('C13 an edit after another edit that kept the key keeps it too, as the next refusal may be about the body that the key stood for', () => {
    const edited = amended(sent(), { headers: {}, freshKey });
    const again = { ...edited, ...pick(sent(422)) };
    expect(keyOf(again)).toBe('"key"');
    const own = amended(again, { headers: { 'idempotency-key': '"own"' }, freshKey });
    expect(keyOf({ ...own, ...pick(sent(422)) })).toBe(freshKey);
  });

  test('C13 an edit of an entry without a key gives it none, and a key in the patch is taken', () => {
    expect(amended(dead({ idempotencyKey: null }), { headers: {}, freshKey }).idempotencyKey).toBeNull();
    const own = amended(sent(422), { headers: { 'idempotency-key': '"own"' }, freshKey });
    expect([own.idempotencyKey, own.request.headers['idempotency-key']]).toEqual(['"own"', undefined]);
  });
});
