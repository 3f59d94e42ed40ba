import { describe, expect, test } from 'vitest';
import { clientWins, conflictAnswer, isConflict, mergeJson, serverWins, type Conflict } from '../../sw/policy/conflict.js';
import type { EntryInfo } from '../../sw/protocol/api.js';

const bytes = (text: string) => new TextEncoder().encode(text).buffer;

interface Given {
  method?: string;
  headers?: Record<string, string>;
  body?: unknown;
  inDoubt?: true;
}

/** A conflict: our request, and the server's answer to it. */
function conflict({ method = 'PUT', headers = {}, body = {}, inDoubt }: Given, answer: Partial<Conflict['answer']>): Conflict {
  const request = new Request('https://app.example/api/notes/1', { method, headers, ...(method !== 'DELETE' && { body: JSON.stringify(body) }) });
  return { entry: { id: 'a', ...(inDoubt && { inDoubt }) } as EntryInfo, request, answer: { status: 412, headers: {}, body: null, ...answer } };
}

test('M6 conflicts are 409, 412 and 428, and no other status', () => {
  expect([200, 400, 404, 409, 410, 412, 417, 422, 423, 428, 503, undefined].filter(isConflict)).toEqual([409, 412, 428]);
});

test.each([
  ['JSON', '{"a":1}', false, { a: 1 }],
  ['other text', 'no: it has changed', false, 'no: it has changed'],
  ['the beginning of a long body', '{"a":1', true, '{"a":1'],
] as const)('M6 the answer’s body is %s', (_, text, truncated, body) => {
  expect(conflictAnswer({ status: 412, headers: { etag: '"2"' }, body: bytes(text), truncated })).toEqual({ status: 412, headers: { etag: '"2"' }, body });
});

test('M6 the answer’s body is null where there’s none', () => {
  expect(conflictAnswer({ status: 412, headers: {}, body: null, truncated: false }).body).toBeNull();
});

describe('clientWins', () => {
  test.each([
    ['takes the answer’s ETag', { 'If-Match': '"1"' }, { headers: { etag: '"2"' } }, { 'if-match': '"2"' }],
    ['takes the ETag where the request had no condition', {}, { status: 409, headers: { etag: '"2"' } }, { 'if-match': '"2"' }],
    ['drops the condition without an ETag', { 'If-Match': '"1"' }, {}, { 'if-match': null }],
    ['drops the condition for a weak ETag, which If-Match never matches', { 'If-Match': '"1"' }, { headers: { etag: 'W/"2"' } }, { 'if-match': null }],
    ['drops a condition by date', { 'If-Unmodified-Since': 'Sat, 28 Nov 2026 12:00:00 GMT' }, { headers: { etag: '"2"' } }, { 'if-unmodified-since': null, 'if-match': '"2"' }],
    ['overwrites what the request meant to create', { 'If-None-Match': '*' }, { headers: { etag: '"2"' } }, { 'if-none-match': null, 'if-match': '"2"' }],
    ['demands any version where a condition is demanded (428)', {}, { status: 428 }, { 'if-match': '*' }],
  ] as const)('M6 %s', (_, headers, answer, changed) => {
    expect(clientWins(conflict({ headers }, answer))).toEqual({ headers: changed });
  });

  test('M6 leaves a conflict to a person where there’s no condition to change', () => {
    expect(clientWins(conflict({ method: 'POST' }, { status: 409 }))).toBeNull();
  });

  test.each([
    ['POST', {}, false],
    ['PATCH', { 'Content-Type': 'application/json-patch+json' }, false],
    ['PATCH', { 'Content-Type': 'application/merge-patch+json' }, true],
    ['PUT', {}, true],
    ['DELETE', {}, true],
  ] as const)('M6 a %s %j that may have been done already goes again: %s', (method, headers, goes) => {
    expect(clientWins(conflict({ method, headers, inDoubt: true }, { headers: { etag: '"2"' } })) !== null).toBe(goes);
  });
});

test('M6 serverWins gives the write up', () => {
  expect(serverWins()).toBe('discard');
});

describe('mergeJson', () => {
  // The examples of RFC 7396, appendix A, that are objects on both sides and share a field.
  test.each([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [{ e: null, a: 1 }, { a: 1 }, { e: null, a: 1 }],
    [{ a: 'foo' }, { a: { b: { c: null } } }, { a: { b: {} } }],
  ])('M6 over %j goes %j: %j', async (theirs, ours, body) => {
    const headers = { 'If-Match': '"1"' };
    expect(await mergeJson(conflict({ headers, body: ours }, { headers: { etag: '"2"' }, body: theirs }))).toEqual({ headers: { 'if-match': '"2"' }, body });
  });

  test('M6 a field called __proto__ is a field', async () => {
    const ours = JSON.parse('{"a":1,"__proto__":{"b":2}}') as object;
    const patch = await mergeJson(conflict({ body: ours }, { headers: { etag: '"2"' }, body: { a: 0 } }));
    expect(JSON.stringify(patch!.body)).toBe('{"a":1,"__proto__":{"b":2}}');
  });

  test('M6 a PATCH goes again as it is, as a field that it takes away would come back', async () => {
    const given = { method: 'PATCH', headers: { 'If-Match': '"1"' }, body: { a: null } };
    expect(await mergeJson(conflict(given, { headers: { etag: '"2"' }, body: { a: 1, b: 2 } }))).toEqual({ headers: { 'if-match': '"2"' } });
  });

  test.each([
    ['text', 'no', {}],
    ['a list', [1], {}],
    ['none', null, {}],
    ['an error without a field of ours', { error: 'conflict' }, {}],
    ['a problem (RFC 9457)', { title: 'Conflict', status: 412 }, { 'content-type': 'application/problem+json' }],
    ['a number that JavaScript can’t hold', { title: 'x', id: 2 ** 60 }, {}],
  ])('M6 leaves the conflict to a person where the answer’s body is %s', async (_, body, headers: Record<string, string>) => {
    expect(await mergeJson(conflict({ body: { title: 'ours' } }, { body, headers: { etag: '"2"', ...headers } }))).toBeNull();
  });

  test('M6 leaves a DELETE to a person, as there’s nothing to merge', async () => {
    expect(await mergeJson(conflict({ method: 'DELETE' }, { body: { a: 1 } }))).toBeNull();
  });

  test('M6 leaves a POST to a person that may have been done already', async () => {
    const given = (inDoubt?: true) => conflict({ method: 'POST', body: { a: 1 }, ...(inDoubt && { inDoubt }) }, { headers: { etag: '"2"' }, body: { a: 0 } });
    expect([await mergeJson(given(true)), (await mergeJson(given()))?.body]).toEqual([null, { a: 1 }]);
  });
});
