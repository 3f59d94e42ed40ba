import { describe, expect, test } from 'vitest';
import { CLOSED, type Circuit } from '../../sw/policy/circuit.js';
import { failureOf, type FailedSend, type FailureKind } from '../../sw/policy/failure.js';
import { retryLadder } from '../../sw/policy/retry.js';

const open: Circuit = { state: 'open', since: 0, failures: 3, until: 10, answered: true };
const resting: Circuit = { ...open, restingSince: 5 };
const send = (changes: Partial<FailedSend> = {}): FailedSend => ({ status: 500, retries: 0, maxRetries: 5, circuit: CLOSED, servedOthers: false, shunned: null, ...changes });

const cases: [rule: string, failed: FailedSend, kind: FailureKind, retries: number, delayMs: number | null][] = [
  ['R4 no answer spends no retry', send({ status: null, retries: 2 }), 'unreachable', 2, 500],
  ['R4 no answer waits by the circuit’s failures', send({ status: null, circuit: open }), 'unreachable', 0, 4_000],
  ['R4 no answer of a server that rests spends no retry', send({ status: null, circuit: resting, retries: 7 }), 'unreachable', 7, 4_000],
  ['L1 no answer to an entry alone waits by the entry’s own failures', send({ status: null, circuit: open, shunned: 1 }), 'suspect', 0, 1_000],
  ['R5 an application’s failure spends a retry', send(), 'failed', 1, 2_000],
  ['R5 the fifth retry waits longest', send({ retries: 4 }), 'failed', 5, 32_000],
  ['R5 an application’s failure at the sixth send is the last', send({ retries: 5 }), 'failed', 6, null],
  ['R5 an application’s failure after a rest begins the ladder anew', send({ retries: 6 }), 'failed', 1, 2_000],
  ['R5 an application’s failure after a rest begins the ladder anew, also while the server is taken for resting', send({ retries: 6, circuit: resting }), 'failed', 1, 2_000],
  ['R5 a gateway’s "not now" spends a retry', send({ status: 502 }), 'failed', 1, 2_000],
  ['R5 a limit’s "not now" spends a retry', send({ status: 429, retries: 3 }), 'failed', 4, 16_000],
  ['R18 a 503 shows that the server is down', send({ status: 503 }), 'down', 1, 2_000],
  ['R5 "not now" at the sixth send makes the entry rest with its server', send({ status: 502, retries: 5 }), 'rests', 6, 64_000],
  ['R5 "not now" after a rest makes the entry rest again', send({ status: 503, retries: 6 }), 'rests', 7, 128_000],
  ['R5 "not now" at the sixth send makes the entry rest alone where others are served', send({ status: 502, retries: 5, servedOthers: true }), 'rests-alone', 6, 64_000],
  ['R5 "not now" to a new entry is a server that still rests', send({ status: 502, circuit: resting }), 'still-resting', 1, 2_000],
  ['R5 a 503 to a new entry is a server that still rests', send({ status: 503, circuit: resting }), 'still-resting', 1, 2_000],
  ['R5 "not now" at the sixth send of an entry of a resting server makes the entry rest', send({ status: 503, retries: 5, circuit: resting }), 'rests', 6, 64_000],
  ['R5 "not now" with an open circuit that doesn’t rest is a gateway’s failure', send({ status: 502, circuit: open }), 'failed', 1, 2_000],
  ['R5 with no retries, "not now" makes the entry rest at once', send({ status: 503, maxRetries: 0 }), 'rests', 1, 2_000],
];

describe('failureOf', () => {
  test.each(cases)('%s', (_rule, failed, kind, retries, delayMs) => {
    const { maxRetries } = failed;
    expect(failureOf(failed, retryLadder({ ...(maxRetries !== null && { maxRetries }) }), 1)).toEqual({ kind, retries, delayMs });
  });

  test('R5 with a policy of the app’s own no entry rests, however often "not now" was said', () => {
    const failed = send({ status: 502, retries: 40, maxRetries: null });
    expect(failureOf(failed, () => 7, 0)).toEqual({ kind: 'failed', retries: 41, delayMs: 7 });
    expect(failureOf(failed, () => null, 0)).toEqual({ kind: 'failed', retries: 41, delayMs: null });
  });
});
