import { describe, expect, test } from 'vitest';
import { etagName, followedEtag, noteDelivery, versioned, type EtagNote } from '../../sw/policy/etags.js';
import type { FinalAnswer } from '../../sw/policy/settlement.js';
import { record } from '../support/records.js';

const URL = 'https://app.example/api/notes/1';
const BLANK = record().request;

const entry = (condition: string | null, fields: Parameters<typeof record>[0] = {}) =>
  record({ seq: 2, capturedAt: 10, owner: 'ann', ...fields, request: { ...BLANK, method: 'PUT', url: URL, headers: condition === null ? {} : { 'if-match': condition } } });

const answer = (headers: Record<string, string>, fields: Partial<FinalAnswer> = {}): FinalAnswer => ({ status: 200, headers, body: null, truncated: false, ...fields });

const NOTE: EtagNote = { owner: 'ann', url: URL, seq: 1, at: 20, etag: '"3"', stale: ['"1"', '"2"'] };

describe('the note of a delivery', () => {
  test('M7 has the version that the request had, and the version of the answer', () => {
    expect(noteDelivery(entry('"1"'), '"1"', answer({ etag: '"2"' }), undefined, 20)).toEqual({ owner: 'ann', url: URL, seq: 2, at: 20, etag: '"2"', stale: ['"1"'] });
  });

  test('M7 goes on with the versions before it', () => {
    expect(noteDelivery(entry('"1"'), '"3"', answer({ etag: '"4"' }), NOTE, 30)).toMatchObject({ etag: '"4"', stale: ['"1"', '"2"', '"3"'] });
  });

  test('M7 begins anew where another version lay between', () => {
    expect(noteDelivery(entry('"1"'), '"7"', answer({ etag: '"8"' }), NOTE, 30)).toMatchObject({ etag: '"8"', stale: ['"7"'] });
  });

  test('M7 keeps 20 stale versions', () => {
    const stale = Array.from({ length: 20 }, (_, index) => `"${index}"`);
    const note = noteDelivery(entry('"1"'), '"20"', answer({ etag: '"21"' }), { ...NOTE, etag: '"20"', stale }, 30);
    expect(note?.stale).toEqual([...stale.slice(1), '"20"']);
  });

  test.each([
    ['a 204 with an ETag', '"1"', answer({ etag: '"2"' }, { status: 204 })],
    ['a Content-Location that is the URL', '"1"', answer({ etag: '"2"', 'content-location': '/api/notes/1#top' })],
  ] as const)('M7 follows %s', (_, sent, given) => {
    expect(noteDelivery(entry('"1"'), sent, given, undefined, 20)?.etag).toBe('"2"');
  });

  test.each([
    ['no ETag, as with many a 204', '"1"', answer({}, { status: 204 })],
    ['a weak ETag', '"1"', answer({ etag: 'W/"2"' })],
    ['an ETag without quotes', '"1"', answer({ etag: '2' })],
    ['a 304, which says that nothing was done', '"1"', answer({ etag: '"2"' }, { status: 304 })],
    ['a 201, whose ETag is that of what was created', '"1"', answer({ etag: '"2"', location: '/api/notes/2' }, { status: 201 })],
    ['an answer after redirects', '"1"', answer({ etag: '"2"' }, { url: 'https://app.example/api/notes/2' })],
    ['another Content-Location', '"1"', answer({ etag: '"2"', 'content-location': '/api/drafts/1' })],
    ['a Content-Location that’s no URL', '"1"', answer({ etag: '"2"', 'content-location': 'http://' })],
    ['a request without a condition', null, answer({ etag: '"2"' })],
    ['a request for any version', '*', answer({ etag: '"2"' })],
    ['a request for one of several versions', '"1", "0"', answer({ etag: '"2"' })],
    ['a request with a weak ETag', 'W/"1"', answer({ etag: '"2"' })],
  ] as const)('M7 there’s none after %s', (_, sent, given) => {
    expect(noteDelivery(entry('"1"'), sent, given, NOTE, 20)).toBeNull();
  });
});

describe('the condition that goes out', () => {
  test.each(['"1"', '"2"'])('M7 takes the newest version in place of %s', (condition) => {
    expect(followedEtag(entry(condition), NOTE)).toBe('"3"');
  });

  test.each([
    ['for a version that our deliveries haven’t made stale', entry('"0"')],
    ['for the newest version', entry('"3"')],
    ['for any version', entry('*')],
    ['for one of several versions', entry('"1", "2"')],
    ['weak', entry('W/"1"')],
    ['missing', entry(null)],
    ['of an older entry, whose change was made before', entry('"1"', { seq: 0 })],
    ['of an entry that was made after the answer, when the page may have known the version', entry('"1"', { capturedAt: 21 })],
    ['of a request that onConflict has changed', entry('"1"', { mended: { request: BLANK } })],
  ])('M7 stays where it’s %s', (_, own) => {
    expect(followedEtag(own, NOTE)).toBeNull();
  });

  test('M7 stays without a note', () => {
    expect(followedEtag(entry('"1"'), undefined)).toBeNull();
  });
});

test('M7 notes are told apart by owner and URL, but not by what follows a #', () => {
  const other = { ...entry('"1"').request, url: `${URL}#top` };
  const names = [entry('"1"'), entry('"1"', { owner: 'bob' }), entry('"1"', { owner: null }), { ...entry('"1"'), request: other }].map((one) => etagName(versioned(one)));
  expect(names[3]).toBe(names[0]);
  expect(new Set(names).size).toBe(3);
});
