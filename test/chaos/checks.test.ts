import { expect, test } from 'vitest';
import type { EntryInfo } from '../../sw/protocol/api.js';
import type { SyncEvent } from '../../sw/protocol/events.js';
import { check, type CheckOptions, type ViolationKind } from './checks.js';
import type { Op } from './op.js';
import type { Effect, Heard, Kill, Moment, Post, Record as RunRecord, Seen } from './record.js';

const at = (order: number): Moment => ({ order, ms: order * 10 });

const op = (id: number, more: Partial<Op> = {}): Op => ({
  id,
  backend: 'plain',
  lane: 'a',
  user: 'ann',
  mode: 'queued',
  kind: 'text',
  size: 1,
  ...more,
});

const post = (id: number, called: number, answered: number | null, more: Partial<Op> = {}): Post => ({
  op: op(id, more),
  tab: 0,
  called: at(called),
  answered: answered === null ? null : at(answered),
  heard: answered === null ? null : { kind: 'queued', entry: `e${id}` },
});

const heard = (id: number, heard: Heard): Post => ({ ...post(id, 1, 2), heard });

const effect = (id: number, order: number, more: Partial<Effect> = {}): Effect => ({
  at: at(order),
  op: id,
  key: `k${id}`,
  user: 'ann',
  faithful: true,
  ...more,
});

const seen = (id: number, more: Partial<Seen> = {}): Seen => ({
  at: at(50),
  op: id,
  key: `k${id}`,
  user: 'ann',
  did: 'acted',
  sameBytes: true,
  raw: false,
  ...more,
});

const event = (type: string, seq: number): SyncEvent => ({ type, seq, url: `http://localhost/api/plain/${seq}` }) as SyncEvent;

const told = (...events: SyncEvent[]): Map<number, SyncEvent> => new Map(events.map((one, index) => [index + 1, one]));

const kill = (what: Kill['what'], from: number, to: number): Kill => ({ what, from: at(from), to: at(to) });

const kindsOf = (record: Partial<RunRecord>, tolerates?: CheckOptions['tolerates']): ViolationKind[] =>
  check({ posts: [], kills: [], loadsAgain: 0, seen: [], effects: [], journal: new Map(), leftover: [], ...record }, tolerates ? { tolerates } : {}).map(
    ({ kind }) => kind,
  );

test('two posts that are delivered in order violate nothing', () => {
  const record = {
    posts: [post(1, 1, 2), post(2, 3, 4)],
    effects: [effect(1, 10), effect(2, 11)],
    seen: [seen(1), seen(2)],
    journal: told(event('queued', 1), event('queued', 2), event('delivered', 1), event('delivered', 2)),
  };
  expect(kindsOf(record)).toEqual([]);
});

test('lost: a post that was accepted, or journalled, has no effect', () => {
  expect(kindsOf({ posts: [post(1, 1, 2)] })).toEqual(['lost']);
  expect(kindsOf({ posts: [heard(1, { kind: 'answer', status: 201, op: 1, controller: 'activated' })] })).toEqual(['lost']);
  expect(kindsOf({ posts: [heard(1, { kind: 'gone' })], journal: told(event('queued', 1), event('delivered', 1)) })).toEqual(['lost']);
});

test('a post that the page heard an error of may have come to nothing', () => {
  expect(kindsOf({ posts: [heard(1, { kind: 'error', name: 'TypeError' })] })).toEqual([]);
  expect(kindsOf({ posts: [heard(1, { kind: 'gone' })] })).toEqual([]);
});

test('doubled: one post has two effects', () => {
  const effects = [effect(1, 10), effect(1, 11, { key: 'other' })];
  expect(kindsOf({ posts: [post(1, 1, 2)], effects })).toEqual(['doubled']);
});

test('redispatched: a doubled post was in flight when a worker was killed, which can be tolerated', () => {
  const record = { posts: [post(1, 1, 9)], effects: [effect(1, 10), effect(1, 11)] };
  expect(kindsOf({ ...record, kills: [kill('worker', 3, 4)] })).toEqual(['redispatched']);
  expect(kindsOf({ ...record, kills: [kill('worker', 9, 12)] }), 'answered before').toEqual(['doubled']);
  expect(kindsOf({ ...record, kills: [kill('browser', 3, 4)] }), 'nobody was left to send it again').toEqual(['doubled']);
  expect(kindsOf({ ...record, kills: [kill('worker', 3, 4)] }, (_post, flown) => flown[0] === 20)).toEqual([]);
  const onTheWire = { ...record, seen: [seen(1, { at: at(2) }), seen(1)], kills: [kill('worker', 3, 4)] };
  expect(kindsOf(onTheWire, (_post, flown) => flown[0] === 10), 'not since the call').toEqual([]);
  expect(kindsOf({ ...record, kills: [kill('worker', 3, 4)] }, () => false)).toEqual(['redispatched']);
  expect(kindsOf(record, () => true), 'no kill, no excuse').toEqual(['doubled']);
});

test('resent: a doubled post was acted on, and refused at once under the same key, with no kill and no failure in between', () => {
  const both = [seen(1, { at: at(3), did: 'reset-after acted' }), seen(1, { at: at(4), did: 'lapsed' }), seen(1, { at: at(9), key: 'fresh' })];
  const record = { posts: [post(1, 1, 5)], effects: [effect(1, 3), effect(1, 9, { key: 'fresh' })], seen: both };
  expect(kindsOf(record)).toEqual(['resent']);
  expect(kindsOf({ ...record, kills: [kill('worker', 3, 4)] }), 'the next worker has sent it').toEqual(['redispatched']);
  expect(kindsOf({ ...record, journal: told(event('retrying', 1)) }), 'the worker has heard of the failure').toEqual(['doubled']);
  expect(kindsOf({ ...record, seen: [both[0]!, { ...both[1]!, at: { order: 4, ms: 5_000 } }, both[2]!] }), 'much later').toEqual(['doubled']);
  expect(kindsOf({ ...record, seen: [both[0]!, { ...both[1]!, key: 'other' }, both[2]!] }), 'under another key').toEqual(['doubled']);
});

test('overtaken: a post that was called after another one was answered, in its lane and as its user, is in effect before it', () => {
  const first = post(1, 1, 2);
  const effects = [effect(2, 10), effect(1, 11)];
  expect(kindsOf({ posts: [first, post(2, 3, 4)], effects })).toEqual(['overtaken']);
  expect(kindsOf({ posts: [post(1, 1, 4), post(2, 2, 3)], effects }), 'both under way at once').toEqual([]);
  expect(kindsOf({ posts: [first, post(2, 3, 4, { lane: 'b' })], effects })).toEqual([]);
  expect(kindsOf({ posts: [first, post(2, 3, 4, { backend: 'ahead' })], effects })).toEqual([]);
  const asBob = [effect(2, 10, { user: 'bob' }), effect(1, 11)];
  expect(kindsOf({ posts: [first, post(2, 3, 4, { user: 'bob' })], effects: asBob })).toEqual([]);
});

test('wrong bytes: they differ at an effect, or between two requests under one key', () => {
  const posts = [post(1, 1, 2)];
  expect(kindsOf({ posts, effects: [effect(1, 10, { faithful: false })] })).toEqual(['wrong-bytes']);
  expect(kindsOf({ posts, effects: [effect(1, 10)], seen: [seen(1), seen(1, { sameBytes: false })] })).toEqual(['wrong-bytes']);
});

test('wrong owner: a post is in effect under another user’s token', () => {
  expect(kindsOf({ posts: [post(1, 1, 2)], effects: [effect(1, 10, { user: 'bob' })] })).toEqual(['wrong-owner']);
});

test('wrong answer: a page has the answer of another post, or of a failure that was to be kept', () => {
  const effects = [effect(1, 10)];
  expect(kindsOf({ posts: [heard(1, { kind: 'answer', status: 201, op: 2, controller: 'activated' })], effects })).toEqual(['wrong-answer']);
  expect(kindsOf({ posts: [heard(1, { kind: 'answer', status: 503, op: null, controller: 'activated' })] })).toEqual(['wrong-answer']);
});

test('a body that broke off as its worker died is no wrong answer', () => {
  const torn = { ...post(1, 1, 9), heard: { kind: 'answer', status: 201, op: null, controller: 'activated' } as const };
  expect(kindsOf({ posts: [torn], effects: [effect(1, 5)], kills: [kill('worker', 8, 10)] })).toEqual([]);
  expect(kindsOf({ posts: [torn], effects: [effect(1, 5)] })).toEqual(['wrong-answer']);
});

test('kept waiting: a page that doesn’t wait for the server had no answer for a long time', () => {
  const effects = [effect(1, 5)];
  expect(kindsOf({ posts: [post(1, 1, 1000)], effects })).toEqual(['kept-waiting']);
  expect(kindsOf({ posts: [post(1, 1, 1000, { mode: 'wait' })], effects })).toEqual([]);
});

test('unanswered: a page never heard anything', () => {
  expect(kindsOf({ posts: [post(1, 1, null)] })).toEqual(['unanswered']);
});

test('leftover: an entry is still in the outbox', () => {
  const entry = { url: 'http://localhost/api/plain/1', state: 'dead', reason: 'permanent' } as EntryInfo;
  expect(kindsOf({ leftover: [entry] })).toEqual(['leftover']);
});

test('the journal has one terminal event for each entry that was queued', () => {
  const posts = [post(1, 1, 2)];
  const effects = [effect(1, 10)];
  const journal = (...types: string[]) => told(...types.map((type) => event(type, 1)));
  expect(kindsOf({ posts, effects, journal: journal('queued') })).toEqual(['unsettled']);
  expect(kindsOf({ posts, effects, journal: journal('queued', 'delivered', 'delivered') })).toEqual(['settled-twice']);
  expect(kindsOf({ posts, effects, journal: journal('queued', 'delivered', 'cancelled') })).toEqual(['settled-twice']);
  expect(kindsOf({ posts, effects, journal: journal('delivered') }), 'an orphan of a write-ahead').toEqual([]);
});

test('a gap in the journal is told, and not taken for an unsettled entry', () => {
  const journal = new Map([
    [1, event('queued', 1)],
    [3, event('queued', 2)],
  ]);
  const record = { posts: [post(1, 1, 2), post(2, 3, 4)], effects: [effect(1, 10), effect(2, 11)], journal };
  expect(kindsOf(record)).toEqual(['journal-gap']);
});

test('bypassed, or unkept: a post in which Holdfast had no hand is told once, and judged no further', () => {
  const record = (raw: boolean) => ({
    posts: [post(1, 1, 2), post(2, 3, 4)],
    effects: [effect(2, 10, { key: null }), effect(2, 11, { key: null }), effect(1, 12)],
    seen: [seen(2, { key: null, raw }), seen(2, { key: null, raw }), seen(1)],
  });
  expect(kindsOf(record(true))).toEqual(['bypassed']);
  expect(kindsOf(record(false))).toEqual(['unkept']);
});
