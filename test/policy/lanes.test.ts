import { describe, expect, test } from 'vitest';
import { CLOSED, type Circuit } from '../../sw/policy/circuit.js';
import { turnOf, type EntryRecord } from '../../sw/policy/entry-record.js';
import { planSends, type BackendView } from '../../sw/policy/lanes.js';
import { record } from '../support/records.js';

const now = 1000;
const view = (changes: Partial<BackendView> = {}): BackendView => ({
  concurrency: 6,
  busyLanes: new Set(),
  tokenInFlight: false,
  circuit: CLOSED,
  isProbed: false,
  throttledUntil: 0,
  isRetryGateClosed: false,
  maxAgeMs: Infinity,
  auth: () => 'open',
  standing: () => 'ready',
  ...changes,
});
const head = (seq: number, changes: Partial<EntryRecord> = {}): EntryRecord => {
  const entry = record({ seq, lane: `lane-${seq}`, ...changes });
  return { ...entry, turn: turnOf(entry) };
};
const sent = (heads: EntryRecord[], changes?: Partial<BackendView>) =>
  planSends(heads, view(changes), now).send.map((entry) => entry.seq);

describe('planSends', () => {
  test('R15 sends the oldest of each lane, lanes side by side', () => {
    expect(sent([head(3), head(1), head(2)])).toEqual([1, 2, 3]);
    const sameLane = [head(5, { lane: 'a', scheme: 'Bearer' }), head(4, { lane: 'a' })];
    expect(sent(sameLane)).toEqual([4]);
  });

  test('R15 sends no more at once than the concurrency, sends under way included', () => {
    const heads = [1, 2, 3, 4].map((seq) => head(seq));
    expect(sent(heads, { concurrency: 2 })).toEqual([1, 2]);
    expect(sent(heads, { concurrency: 2, busyLanes: new Set(['lane-1']) })).toEqual([2]);
  });

  test('R15 an entry that waits for its time stops its lane, and says when to look again', () => {
    const heads = [head(1, { lane: 'a', notBefore: 1500 }), head(2, { lane: 'a', scheme: 'Bearer' }), head(3)];
    const plan = planSends(heads, view(), now);
    expect(plan.send.map((entry) => entry.seq)).toEqual([3]);
    expect(plan.due).toBe(1500);
  });

  test('A11 an entry that needs no token passes the held entries of its lane', () => {
    const heads = [head(1, { lane: 'a', scheme: 'Bearer' }), head(2, { lane: 'a' })];
    expect(sent(heads, { auth: (entry) => (entry.scheme ? 'held' : 'open') })).toEqual([2]);
  });

  test('A12 another owner’s entry passes the parked entries of its lane', () => {
    const heads = [
      head(1, { lane: 'a', scheme: 'Bearer', owner: 'ann' }),
      head(2, { lane: 'a', scheme: 'Bearer', owner: 'bob' }),
    ];
    const plan = planSends(heads, view({ auth: (entry) => (entry.owner === 'ann' ? 'parked' : 'open') }), now);
    expect(plan.send.map((entry) => entry.seq)).toEqual([2]);
    expect(plan.parked.map((entry) => entry.seq)).toEqual([1]);
  });

  test('A4 sends one probe while a fresh token is tried', () => {
    const heads = [1, 2, 3].map((seq) => head(seq, { scheme: 'Bearer' }));
    expect(sent(heads, { auth: () => 'probing' })).toEqual([1]);
    expect(sent(heads, { auth: () => 'probing', tokenInFlight: true, busyLanes: new Set(['x']) })).toEqual([]);
  });

  test('A10 asks for a token that nobody has given, and sends nothing without it', () => {
    const plan = planSends([head(1, { scheme: 'Bearer' })], view({ auth: () => 'missing' }), now);
    expect(plan.send).toEqual([]);
    expect(plan.missing).toHaveLength(1);
  });

  test('A20 a token that’s over is in the way of entries that would go out now, and of no entry before its time', () => {
    const heads = [head(1, { scheme: 'Bearer' }), head(2, { scheme: 'Bearer', notBefore: 1500 }), head(3)];
    const auth = (entry: EntryRecord) => (entry.scheme ? 'over' : 'open');
    const plan = planSends(heads, view({ auth }), now);
    expect([plan.over, plan.send].map((entries) => entries.map(({ seq }) => seq))).toEqual([[1], [3]]);
    expect(plan.due).toBe(1500);
    expect(planSends(heads, view({ auth, isRetryGateClosed: true }), now).over).toEqual([]);
    const open: Circuit = { state: 'open', since: 0, failures: 1, until: 1200, answered: false };
    expect(planSends(heads.slice(0, 1), view({ auth, circuit: open }), now)).toMatchObject({ over: [], send: [], due: 1200 });
    expect(planSends(heads, view({ auth, circuit: { ...open, until: 900 } }), now).over).toHaveLength(1);
  });

  test('R18 no probe goes out beside a page’s own request that is the probe', () => {
    const circuit: Circuit = { state: 'open', since: 0, failures: 1, until: 0, answered: false };
    expect(sent([head(1)], { circuit, isProbed: true })).toEqual([]);
    expect(sent([head(1)], { circuit })).toEqual([1]);
  });

  test('R18 while the circuit is open one probe goes out, when its time has come', () => {
    const open: Circuit = { state: 'open', since: 0, failures: 1, until: 1200, answered: false };
    const heads = [head(2, { unreachable: 1 }), head(1)];
    expect(planSends(heads, view({ circuit: open }), now)).toMatchObject({ send: [], due: 1200 });
    expect(sent(heads, { circuit: { ...open, until: 900 } })).toEqual([1]);
    expect(sent(heads, { circuit: { ...open, until: 900 }, busyLanes: new Set(['lane-9']) })).toEqual([]);
  });

  test('R4 an entry that nobody answers five times running lets another have the probe', () => {
    const open: Circuit = { state: 'open', since: 0, failures: 5, until: 900, answered: false };
    expect(sent([head(1, { unreachable: 5 }), head(2)], { circuit: open })).toEqual([2]);
  });

  test('R14 entries that nobody answered are due when the backend answers again', () => {
    expect(sent([head(1, { unreachable: 3, notBefore: 9000 })])).toEqual([1]);
  });

  test('R6 a server’s Retry-After holds back the whole backend', () => {
    expect(planSends([head(1), head(2)], view({ throttledUntil: 4000 }), now)).toMatchObject({ send: [], due: 4000 });
  });

  test('R16 a dead letter that’s still in line blocks its lane', () => {
    const heads = [head(1, { lane: 'a', state: 'dead' }), head(2, { lane: 'a', scheme: 'Bearer' }), head(3)];
    expect(sent(heads)).toEqual([3]);
  });

  test('R8 nothing goes out through a closed gate', () => {
    expect(sent([head(1)], { isRetryGateClosed: true })).toEqual([]);
  });
});
