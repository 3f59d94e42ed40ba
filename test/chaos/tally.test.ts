import { expect, test } from 'vitest';
import type { Violation, ViolationKind } from './checks.js';
import type { Moment, Record as RunRecord, Seen } from './record.js';
import { tallyOf } from './tally.js';
import { totals } from './words.js';

const at: Moment = { order: 1, ms: 1 };
const seen = (op: number, did: string): Seen => ({ at, op, key: `k${op}`, user: 'ann', did, sameBytes: true, raw: false });
const violation = (kind: ViolationKind): Violation => ({ kind, why: '', ops: [1] });
const record = (seen: Seen[]): RunRecord => ({
  posts: [],
  kills: [{ what: 'worker', from: at, to: at }],
  loadsAgain: 0,
  seen,
  effects: [],
  journal: new Map(),
  leftover: [],
});

test('a server that ignores keys would act on each request that this one took, and on no other', () => {
  const takenTwice = [seen(1, 'reset-after acted'), seen(1, 'repeated')];
  const takenOnce = [seen(2, '503'), seen(2, 'lapsed'), seen(2, 'acted')];
  const thrice = [seen(3, 'acted'), seen(3, 'acted'), seen(3, 'slow repeated')];
  expect(tallyOf(record([...takenTwice, ...takenOnce, ...thrice]), [], 0).doubledWithoutKey).toBe(2);
});

test('each kind of violation is counted, and a tolerated one counts as doubled too', () => {
  const kinds: ViolationKind[] = ['lost', 'doubled', 'redispatched', 'overtaken', 'wrong-owner', 'wrong-owner', 'leftover'];
  expect(tallyOf(record([]), kinds.map(violation), 3)).toEqual({
    posts: 0, kills: 1, serverKills: 0, aheadKills: 0, lost: 1, doubled: 5, tolerated: 3, doubledWithoutKey: 0, overtaken: 1, otherOwner: 2,
  });
});

test('the counts of all runs are told in words', () => {
  const one = { posts: 400, kills: 12, serverKills: 2, aheadKills: 3, lost: 0, doubled: 1, tolerated: 1, doubledWithoutKey: 9, overtaken: 0, otherOwner: 0 };
  expect(totals([one, { ...one, lost: 2 }], { load: 6, runs: 3, tookMs: 90_000 }).split('\n')).toEqual([
    'load        6 busy processes',
    'minutes     1.5, 3 runs, 1 of them broken off and not counted',
    'posts       800',
    "kills       24, 6 of workers over a write-ahead post, 4 of the server's processes",
    'lost        2',
    "doubled     2 where the key counts, 2 of them tolerated; 18 where it doesn't",
    'overtaken   0',
    "owners      0 in effect as another owner's",
  ]);
});
