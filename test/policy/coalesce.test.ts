import { describe, expect, test } from 'vitest';
import { coalesceWrites, isOpenTo, type Merged, type Write } from '../../sw/policy/coalesce.js';
import { transition } from '../../sw/policy/entry.js';
import type { EntryRecord } from '../../sw/policy/entry-record.js';
import { record } from '../support/records.js';

const NOTE = 'https://app.example/api/notes/1';
const JSON_BODY = { 'content-type': 'application/json' };
const MERGE = { 'content-type': 'application/merge-patch+json' };

const write = (method: string, body: Write['body'] = null, more: Partial<Write> = {}): Write => ({ method, url: NOTE, headers: {}, body, ...more });
const put = (value: unknown, headers: Record<string, string> = JSON_BODY) => write('PUT', JSON.stringify(value), { headers });
const patch = (value: unknown, headers: Record<string, string> = MERGE) => write('PATCH', JSON.stringify(value), { headers });
const bodyOf = (merged: Merged): unknown => (merged && merged !== 'discard' && typeof merged.body === 'string' ? JSON.parse(merged.body) : merged);

/** A merge patch applied to a document, as RFC 7396 has it, word for word. */
function applied(target: unknown, patched: unknown): unknown {
  if (typeof patched !== 'object' || patched === null || Array.isArray(patched)) return patched;
  const result: Record<string, unknown> = typeof target === 'object' && target !== null && !Array.isArray(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patched)) {
    if (value === null) delete result[name];
    else result[name] = applied(result[name], value);
  }
  return result;
}

describe('M5 which write goes out in the place of two', () => {
  test.each<[string, Write, Write, Merged]>([
    ['a PUT takes the place of a PUT to its URL', put({ a: 1 }), put({ b: 2 }), {}],
    ['a PUT of bytes, too', write('PUT', new ArrayBuffer(3)), write('PUT', new ArrayBuffer(2)), {}],
    ['not that of a PUT to another URL', write('PUT', 'a', { url: `${NOTE}?v=1` }), write('PUT', 'b'), null],
    ['not that of a PATCH', patch({ a: 1 }), put({ b: 2 }), null],
    ['not that of a POST', write('POST', '{}'), put({}), null],
    ['two POSTs are two writes', write('POST', '{}'), write('POST', '{}'), null],
    ['a PUT under the same condition takes the place', put(1, { 'if-match': '"1"' }), put(2, { 'if-match': '"1"' }), {}],
    ['not under another one', put(1, { 'if-match': '"1"' }), put(2, { 'if-match': '"2"' }), null],
    ['not where only the older has one', put(1, { 'if-none-match': '*' }), put(2, {}), null],
    ['not where only the newer has one', put(1, {}), put(2, { 'if-unmodified-since': 'Sat, 28 Nov 2026 00:00:00 GMT' }), null],
    ['parts of a whole are parts', write('PUT', 'a', { headers: { 'content-range': 'bytes 0-0/2' } }), write('PUT', 'b', { headers: { 'content-range': 'bytes 1-1/2' } }), null],
    ['what means another method stays apart', write('PUT', '{}', { headers: { 'x-http-method-override': 'PATCH' } }), put({}), null],
    ['other headers don’t matter', put(1, { 'x-request-id': '1' }), put(2, { 'x-request-id': '2' }), {}],
  ])('%s', (_, older, newer, expected) => {
    expect(coalesceWrites(older, newer)).toEqual(expected);
  });

  test.each<[string, Write, Write, unknown]>([
    ['a merge patch is folded into a merge patch', patch({ a: 1, b: 1 }), patch({ b: 2, c: 3 }), { a: 1, b: 2, c: 3 }],
    ['its nulls still remove', patch({ a: 1 }), patch({ a: null, b: null }), { a: null, b: null }],
    ['a null of the older one stays', patch({ a: null }), patch({ b: 1 }), { a: null, b: 1 }],
    ['objects are folded', patch({ a: { x: 1, y: null } }), patch({ a: { y: 2 } }), { a: { x: 1, y: 2 } }],
    ['an object takes no other value’s place, as it would be merged into what the server has', patch({ a: 'text' }), patch({ a: { x: 1 } }), null],
    ['nor that of a null', patch({ a: null }), patch({ a: { x: 1 } }), null],
    ['nor that of a list', patch({ a: [1] }), patch({ a: { x: 1 } }), null],
    ['deep down, either', patch({ a: { b: { c: 1 } } }), patch({ a: { b: { c: { d: 1 } } } }), null],
    ['any other value takes an object’s place', patch({ a: { x: 1 } }), patch({ a: [null] }), { a: [null] }],
    ['a patch that’s no object stays apart', patch({ a: 1 }), patch(['b']), null],
    ['so does an older one', patch('text'), patch({ a: 1 }), null],
    ['a merge patch is folded into a PUT of JSON', put({ a: 1, b: { c: 2 } }), patch({ b: { d: 3 } }), { a: 1, b: { c: 2, d: 3 } }],
    ['its nulls remove there', put({ a: 1, b: null }), patch({ a: null }), { b: null }],
    ['nulls that remove nothing go, too', put({ a: 1 }), patch({ b: { c: null, d: { e: null } } }), { a: 1, b: { d: {} } }],
    ['an object takes another value’s place there', put({ a: [1] }), patch({ a: { x: 1, y: null } }), { a: { x: 1 } }],
    ['nulls in a list are values', put({}), patch({ a: [null] }), { a: [null] }],
    ['a PUT of a list stays apart', put([1]), patch({ a: 1 }), null],
    ['a name like any other', put({}), write('PATCH', '{"__proto__":{"a":1}}', { headers: MERGE }), JSON.parse('{"__proto__":{"a":1}}')],
    ['a number of many digits stays as it is, and so do both', write('PUT', '{"id":12345678901234567890}', { headers: JSON_BODY }), patch({ a: 1 }), null],
    ['a key that’s there twice, too', patch({ a: 1 }), write('PATCH', '{"a":1,"a":2}', { headers: MERGE }), null],
    ['a body that’s no JSON', write('PUT', 'text', { headers: JSON_BODY }), patch({ a: 1 }), null],
    ['a body of bytes', write('PUT', new ArrayBuffer(2), { headers: JSON_BODY }), patch({ a: 1 }), null],
    ['a PUT of another type', put({ a: 1 }, { 'content-type': 'text/plain' }), patch({ a: 1 }), null],
    ['a patch of another type', put({ a: 1 }), patch([{ op: 'remove', path: '/a' }], { 'content-type': 'application/json-patch+json' }), null],
    ['a patch of JSON that says no more', patch({ a: 1 }, JSON_BODY), patch({ b: 1 }, JSON_BODY), null],
    ['another condition', put({ a: 1 }, { ...JSON_BODY, 'if-match': '"1"' }), patch({ b: 1 }), null],
    ['a digest of the body', put({ a: 1 }), patch({ b: 1 }, { ...MERGE, 'content-digest': 'sha-256=:…:' }), null],
  ])('%s', (_, older, newer, expected) => {
    expect(bodyOf(coalesceWrites(older, newer))).toEqual(expected);
  });

  test('a folded patch goes out as the older write, with the newer one’s other headers', () => {
    expect(coalesceWrites(put({ a: 1 }), patch({ b: 2 }, { ...MERGE, 'x-request-id': '2' }))).toEqual({
      method: 'PUT',
      headers: { ...JSON_BODY, 'x-request-id': '2' },
      body: '{"a":1,"b":2}',
    });
  });

  test('what two patches are folded into does the same to every document as both, one after the other', () => {
    const values: unknown[] = [1, null, [null], {}, { x: 1 }, { x: null }, { x: { y: null } }, { x: { y: 2 }, z: null }];
    const members = values.flatMap((value) => [{ a: value }, { a: value, b: 1 }, {}]);
    const documents = [{}, { b: 2 }, ...values.map((value) => ({ a: value })), { a: { x: { y: 1, w: 3 }, z: 1 } }];
    let folds = 0;
    for (const first of members)
      for (const second of members) {
        const both = coalesceWrites(patch(first), patch(second));
        if (both) folds++;
        for (const document of documents) {
          const whole = coalesceWrites(put(document), patch(first));
          expect(bodyOf(whole)).toEqual(applied(document, first));
          if (both) expect(applied(document, bodyOf(both))).toEqual(applied(applied(document, first), second));
        }
      }
    expect(folds).toBeGreaterThan(300);
  });

  const create = (more: Partial<Write> = {}): Write => write('POST', '{}', { url: 'https://app.example/api/notes', provides: 'temp-42', ...more });
  const remove = (path: string, headers = {}): Write => write('DELETE', null, { url: `https://app.example/api/${path}`, headers });
  test.each<[string, Write, Write, Merged]>([
    ['a POST that provides an id is discarded with its DELETE', create(), remove('notes/temp-42'), 'discard'],
    ['even with a slash at the end', create({ provides: 'b:1', url: 'https://app.example/api/notes/?tell=all' }), remove('notes/b:1/'), 'discard'],
    ['not with that of something else', create(), remove('notes/temp-4'), null],
    ['nor of a part of it', create(), remove('notes/temp-42/tags'), null],
    ['nor of what only names it', create(), remove('favourites/temp-42'), null],
    ['nor with a DELETE that says how', create(), remove('notes/temp-42?soft=1'), null],
    ['nor under a condition', create(), remove('notes/temp-42', { 'if-match': '*' }), null],
    ['nor what provides none', write('POST', '{}', { url: 'https://app.example/api/notes' }), remove('notes/temp-42'), null],
    ['nor a PUT', create({ method: 'PUT' }), remove('notes/temp-42'), null],
  ])('%s', (_, older, newer, expected) => {
    expect(coalesceWrites(older, newer)).toEqual(expected);
  });
});

describe('M5 an entry is open to a newer write', () => {
  const waiting = (more: Partial<EntryRecord> = {}) => record({ reason: 'offline', ...more });

  test.each<[string, EntryRecord, boolean]>([
    ['while it waits', waiting(), true],
    ['not once it was sent, whatever the answer', waiting({ sends: 1 }), false],
    ['nor when an earlier worker may have sent it', waiting({ unheard: true }), false],
    ['nor while its first send is under way', waiting({ reason: 'first-send' }), false],
    ['nor as a dead letter', waiting({ state: 'dead', reason: 'permanent' }), false],
    ['nor when it can’t be read', waiting({ damaged: {} }), false],
    ['nor another user’s', waiting({ scheme: 'Bearer', owner: 'bob' }), false],
    ['nor what provides another id', waiting({ provides: 'b' }), false],
    ['what provides the same, or none', waiting({ provides: 'a' }), true],
    ['nor with another CSRF header', waiting({ csrf: ['x-csrf-token'] }), false],
  ])('%s', (_, entry, expected) => {
    expect(isOpenTo(entry, waiting({ provides: 'a' }))).toBe(expected);
  });

  test('not where the newer write awaits what stands behind', () => {
    expect(isOpenTo(waiting({ seq: 5 }), waiting({ awaits: [6] }))).toBe(false);
    expect(isOpenTo(waiting({ seq: 5 }), waiting({ awaits: [4, 5] }))).toBe(true);
  });
});

describe('M5 the entry of two writes', () => {
  const older = record({ id: 'older', reason: 'offline', since: 5, capturedAt: 5, idempotencyKey: '"1"', requestId: '1', asked: { worker: 'w', fingerprint: 'f' } });
  const newer = record({ id: 'newer', reason: 'first-send', capturedAt: 9, agesFrom: 9, idempotencyKey: '"2"', requestId: '2', bodySize: 3 });

  test('has the older one’s id, place and reason, and the newer one’s request, age and key', () => {
    const decision = transition(older, { type: 'coalesced', newer, merged: newer }, 10);
    expect(decision?.entry).toMatchObject({ id: 'older', key: older.key, seq: older.seq, capturedAt: 5, reason: 'offline', since: 5, agesFrom: 9, idempotencyKey: '"2"', requestId: '2', bodySize: 3 });
    expect(decision?.events).toMatchObject([{ type: 'coalesced', id: 'older', method: older.request.method, newer: { method: newer.request.method } }]);
  });

  test('provides and awaits what both do, but not itself', () => {
    const decision = transition({ ...older, seq: 7, provides: 'temp-42', awaits: [3] }, { type: 'coalesced', newer, merged: { ...newer, awaits: [5, 7] } }, 10);
    expect(decision?.entry).toMatchObject({ seq: 7, provides: 'temp-42', awaits: [3, 5] });
  });

  test('is none where both are discarded, and whoever waits hears of a cancel', () => {
    const decision = transition(older, { type: 'coalesced', newer, merged: null }, 10);
    expect(decision).toMatchObject({ entry: null, settlement: { id: 'older', state: 'cancelled', asked: older.asked } });
    expect(decision?.events).toMatchObject([{ type: 'coalesced', discarded: true }, { type: 'cancelled', mayBeDelivered: false }]);
  });

  test('is no dead letter', () => {
    expect(transition({ ...older, state: 'dead', reason: 'permanent' }, { type: 'coalesced', newer, merged: newer }, 10)).toBeNull();
  });
});
