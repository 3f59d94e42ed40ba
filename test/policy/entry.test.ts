import { describe, expect, test } from 'vitest';
import type { Decision, EntryInput } from '../../sw/policy/entry-decision.js';
import { transition as decide } from '../../sw/policy/entry.js';
import { readEntry, type EntryRecord } from '../../sw/policy/entry-record.js';
import { record } from '../support/records.js';
import type { FinalAnswer } from '../../sw/policy/settlement.js';

const now = 100;
const answer: FinalAnswer = { status: 503, headers: { a: 'b' }, body: null, truncated: false };
const transient = (changes: Partial<EntryInput & { type: 'transient' }> = {}): EntryInput => ({
  type: 'transient',
  reason: 'server-error',
  delayMs: 2000,
  retries: 1,
  maxAttempts: 5,
  untilProbe: false,
  attemptId: 'fresh',
  othersAnswered: false,
  answer,
  block: false,
  ...changes,
});
const unreachable = (changes = {}) =>
  transient({ reason: 'unreachable', answer: null, maxAttempts: null, delayMs: 500, ...changes });

/** The decision about an entry that the input means something to. */
function transition(entry: EntryRecord, input: EntryInput, at: number): Decision {
  const decision = decide(entry, input, at);
  if (!decision) throw new Error(`${input.type} means nothing to the entry`);
  return decision;
}

describe('transition', () => {
  test('D1 an entry leaves only with the server’s answer in hand', () => {
    const { entry, settlement, events } = transition(record(), { type: 'delivered', answer: { ...answer, status: 201 } }, now);
    expect(entry).toBeNull();
    expect(settlement).toMatchObject({ state: 'delivered', status: 201, at: now });
    expect(events).toMatchObject([{ type: 'delivered', status: 201, at: now }]);
  });

  test('R5 a transient answer spends one retry and sets the due time', () => {
    const { entry, events } = transition(record({ retries: 1 }), transient({ retries: 2 }), now);
    expect(entry).toMatchObject({ state: 'pending', retries: 2, sends: 1, notBefore: 2100, lastAnswer: { status: 503 } });
    expect(events).toMatchObject([{ type: 'retrying', attempt: 2, maxAttempts: 5, delayMs: 2000, attemptId: 'fresh' }]);
  });

  test('R5 an entry is a dead letter with its last answer, told once, when the policy gives up', () => {
    const { entry, settlement, events } = transition(record({ retries: 5 }), transient({ delayMs: null }), now);
    expect(entry).toMatchObject({ state: 'dead', reason: 'retries-exhausted', lastAnswer: { status: 503 } });
    expect(entry?.turn).toBeUndefined();
    expect(settlement).toMatchObject({ state: 'failed', reason: 'retries-exhausted', status: 503 });
    expect(events.map((event) => event.type)).toEqual(['failed']);
  });

  test('R4 being unreachable spends no retry', () => {
    const { entry } = transition(record({ retries: 4, unreachable: 30 }), unreachable({ retries: 4 }), now);
    expect(entry).toMatchObject({ retries: 4, unreachable: 31, state: 'pending' });
  });

  test('R4 five network errors of an entry in a row, while others get through, are permanent', () => {
    let entry: EntryRecord = record();
    for (let times = 1; times <= 4; times++) {
      entry = transition(entry, unreachable({ othersAnswered: true }), now).entry!;
      expect(entry.state).toBe('pending');
    }
    expect(transition(entry, unreachable({ othersAnswered: false }), now).entry?.state).toBe('pending');
    expect(transition(entry, unreachable({ othersAnswered: true }), now).entry).toMatchObject({ state: 'dead', reason: 'unreachable' });
    const answeredOnce = transition(entry, transient(), now).entry!;
    expect(transition(answeredOnce, unreachable({ othersAnswered: true }), now).entry?.state).toBe('pending');
  });

  test('R4 timeouts don’t count among the network errors of an entry in a row', () => {
    const entry = record({ shunned: 4 });
    expect(transition(entry, unreachable({ reason: 'timeout', othersAnswered: true }), now).entry?.state).toBe('pending');
  });

  test('A1 a refused token keeps the entry, spends no retry and tells no event', () => {
    const refused: EntryInput = { type: 'refused', digest: 'd', maxRejections: 3, answer: { ...answer, status: 401 }, block: false };
    const { entry, events } = transition(record({ retries: 2 }), refused, now);
    expect(entry).toMatchObject({ state: 'pending', retries: 2, reason: 'auth-expired', refusals: ['d'] });
    expect(events).toEqual([]);
  });

  test('A13 an entry that’s refused under three different fresh tokens is a dead letter, and the same token counts once', () => {
    const refused = (digest: string): EntryInput => ({ type: 'refused', digest, maxRejections: 3, answer, block: false });
    let entry: EntryRecord = record();
    for (const digest of ['a', 'a', 'b', 'b']) entry = transition(entry, refused(digest), now).entry!;
    expect(entry.state).toBe('pending');
    expect(transition(entry, refused('c'), now).entry).toMatchObject({ state: 'dead', reason: 'auth-rejected' });
  });

  test('R16 a dead letter stays in its line only where it’s to block its lane', () => {
    const permanent = (block: boolean): EntryInput => ({ type: 'permanent', reason: 'permanent', answer, block });
    expect(transition(record(), permanent(false), now).entry?.turn).toBeUndefined();
    expect(transition(record(), permanent(true), now).entry?.turn).toBeDefined();
  });

  test('V1 a retried dead letter begins anew at its old place', () => {
    const dead = transition(record({ retries: 5 }), transient({ delayMs: null }), now).entry!;
    const { entry, settlement } = transition(dead, { type: 'retried' }, 200);
    expect(entry).toMatchObject({ seq: dead.seq, state: 'pending', retries: 0, notBefore: 200 });
    expect(entry?.turn).toEqual(record().turn);
    expect(settlement).toBeNull();
  });

  test('R10 a cancel says whether the server may have acted', () => {
    const told = (inFlight: boolean) => transition(record(), { type: 'cancelled', inFlight }, now).events[0];
    expect(told(false)).toMatchObject({ type: 'cancelled', mayBeDelivered: false });
    expect(told(true)).toMatchObject({ type: 'cancelled', mayBeDelivered: true });
  });

  test('R3 a backoff that starts again runs its whole length from now', () => {
    expect(transition(record({ delayMs: 700, notBefore: 50 }), { type: 'backoff-restarted' }, now).entry?.notBefore).toBe(800);
  });

  describe('an input that means nothing to an entry decides nothing', () => {
    const asked = { worker: 'a', fingerprint: 'f' };
    const permanent: EntryInput = { type: 'permanent', reason: 'permanent', answer: null, block: false };
    const firstSend = record({ reason: 'first-send', asked });
    const dead = transition(record(), permanent, now).entry!;
    const unreadable = { ...dead, reason: 'unreadable' as const };
    const amendment = { headers: {}, freshKey: '"k"' };
    const all: EntryInput[] = [
      { type: 'delivered', answer },
      transient(),
      { type: 'refused', digest: null, maxRejections: 3, answer, block: false },
      { type: 'resend' },
      permanent,
      { type: 'queued', reason: 'offline' },
      { type: 'answered' },
      { type: 'taken-over', from: 'a', by: 'b' },
      { type: 'hurried', until: 7 },
      { type: 'backoff-restarted' },
      { type: 'cancelled', inFlight: false },
      { type: 'retried' },
      { type: 'edited', amendment },
      { type: 'discarded' },
    ];
    const meaning = (entry: EntryRecord) => all.filter((input) => decide(entry, input, now)).map(({ type }) => type);
    const sends = ['delivered', 'transient', 'refused', 'resend', 'permanent'];
    const times = ['hurried', 'backoff-restarted', 'cancelled'];

    test.each<[string, EntryRecord, string[]]>([
      ['a first send', firstSend, [...sends, 'queued', 'answered', 'taken-over', ...times]],
      ['an entry in the line', record(), [...sends, ...times]],
      ['an entry whose event another worker has', record({ asked: { ...asked, worker: 'c' } }), [...sends, ...times]],
      ['a dead letter', dead, ['retried', 'edited', 'discarded']],
      ["a dead letter that can't be read", unreadable, ['discarded']],
    ])('%s takes only the inputs that mean something to it', (_, entry, types) => {
      expect(meaning(entry)).toEqual(types);
    });
  });

  test('a first send that failed goes into the line with its outcome', () => {
    const { entry, events } = transition(record({ reason: 'first-send' }), { type: 'queued', reason: 'server-error', sent: transient() as EntryInput & { type: 'transient' } }, now);
    expect(entry).toMatchObject({ reason: 'server-error', sends: 1, retries: 1, notBefore: 2100 });
    expect(events.map(({ type }) => type)).toEqual(['queued', 'retrying']);
  });

  test('a first send that is answered to its page leaves nothing', () => {
    expect(transition(record({ reason: 'first-send' }), { type: 'answered' }, now)).toEqual({ entry: null, events: [] });
  });

  test('an entry that another worker has taken over waits for that worker’s event', () => {
    const entry = record({ asked: { worker: 'a', fingerprint: 'f' } });
    expect(transition(entry, { type: 'taken-over', from: 'a', by: 'b' }, now).entry?.asked).toEqual({ worker: 'b', fingerprint: 'f' });
  });
});

describe('readEntry', () => {
  test('C12 gives back a whole record as it is', () => {
    expect(readEntry(record(), 1)).toEqual(record());
  });

  test.each([[null], ['text'], [{}], [{ ...record(), request: undefined }], [{ ...record(), retries: 'many' }], [{ ...record(), refusals: null }]])(
    'C12 makes a listable entry of the damaged record %j',
    (damaged) => {
      const entry = readEntry(damaged, 9);
      expect(entry.reason).toBe('unreadable');
      expect(entry.request.url).toBe('');
    },
  );

  test('C12 keeps the place of a damaged record that’s in line, so that it can be set aside', () => {
    const entry = readEntry({ turn: record().turn, seq: 9 }, 9);
    expect(entry).toMatchObject({ state: 'pending', backend: record().backend, baseUrl: 'https://app.example/api' });
  });
});
