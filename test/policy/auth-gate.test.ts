import { describe, expect, test } from 'vitest';
import { authGate, OPEN_AUTH_GATE, type AuthGate, type AuthGateEffect, type AuthGateEvent } from '../../sw/policy/auth-gate.js';

const open: AuthGate = { generation: 2, hold: null, probing: false };
const probing: AuthGate = { ...open, probing: true };
const over: AuthGate = { ...open, hold: { reason: 'auth-expired', since: 5, refused: 'old' } };
const held: AuthGate = { ...over, refusedLately: ['old'] };
const heldTwice: AuthGate = { ...held, hold: { ...held.hold!, refused: 'other' }, refusedLately: ['old', 'other'] };
const missing: AuthGate = { ...open, hold: { reason: 'token-missing', since: 5, refused: null } };

const lapsed: AuthGate = { ...open, hold: { reason: 'session-expired', since: 5, refused: null } };

const refused = (generation: number): AuthGateEvent => ({ type: 'refused', generation, digest: 'old', at: 5 });
const token = (digest: string, expired = false, learnt = false): AuthGateEvent => ({ type: 'token', digest, expired, learnt });
const renewed: AuthGate = { generation: 3, hold: null, probing: false };

const cases: [rule: string, from: AuthGate, event: AuthGateEvent, to: AuthGate, effect: AuthGateEffect][] = [
  ['A1 a 401 closes the gate', open, refused(2), held, 'hold'],
  ['A1 a second 401 in the hold says nothing new', held, refused(2), held, 'none'],
  ['A4 a refused probe closes the gate again', probing, refused(2), held, 'hold'],
  ['A8 a 401 for an older token means: send again', open, refused(1), open, 'resend'],
  ['A8 a 401 for an older token means: send again, while the newer one is tried too', probing, refused(1), probing, 'resend'],
  ['A10 a missing token closes the gate', open, { type: 'missing', digest: null, at: 5 }, missing, 'hold'],
  ['A10 a missing token doesn’t hide an expired one', held, { type: 'missing', digest: null, at: 9 }, held, 'none'],
  ['A20 a token that’s over closes the gate as one that was refused does', open, { type: 'missing', digest: 'old', at: 5 }, over, 'hold'],
  ['A20 a token that’s over ends the probing', probing, { type: 'missing', digest: 'old', at: 5 }, over, 'hold'],
  ['A4 a fresh token opens the gate, for a probe first', held, token('new'), { ...renewed, probing: true, refusedLately: ['old'] }, 'release'],
  ['A18 a token that was refused before the last one isn’t learnt again', heldTwice, token('old', false, true), heldTwice, 'ignore-same'],
  ['A18 a token that was refused before the last one counts when the app hands it over', heldTwice, token('old'), { ...renewed, probing: true, refusedLately: ['old', 'other'] }, 'release'],
  ['A18 refused tokens are forgotten when the server takes a token', { ...open, refusedLately: ['old'] }, { type: 'served', generation: 2 }, open, 'none'],
  ['A18 refused tokens aren’t forgotten in a hold, for an answer to a request that went out before', heldTwice, { type: 'served', generation: 2 }, heldTwice, 'none'],
  ['A4 the probe’s answer ends the probing', probing, { type: 'served', generation: 2 }, open, 'none'],
  ['A8 an answer under an older token doesn’t end the probing', probing, { type: 'served', generation: 1 }, probing, 'none'],
  ['A6 the very token that was refused is ignored', held, token('old'), held, 'ignore-same'],
  ['A6 an expired token is ignored', held, token('new', true), held, 'ignore-expired'],
  ['A6 an expired token is ignored by an open gate too', open, token('new', true), open, 'ignore-expired'],
  ['A10 any token that’s not expired ends a hold for a missing token', missing, token('old'), { ...renewed, probing: true }, 'release'],
  ['A8 a new token counts, hold or not', open, token('new'), renewed, 'store'],
  ['A16 a sign-out makes a 401 that’s under way one for an older token', open, { type: 'signed-out' }, renewed, 'none'],
  ['A16 a sign-out ends the probing', probing, { type: 'signed-out' }, renewed, 'none'],
  ['A16 a sign-out keeps the hold and the refused tokens', held, { type: 'signed-out' }, { ...renewed, hold: held.hold, refusedLately: ['old'] }, 'none'],
  ['P1 a lapsed session closes its gate', open, { type: 'refused', generation: 2, digest: null, at: 5, reason: 'session-expired' }, lapsed, 'hold'],
  ['P2 a session that may be live again is tried by one entry, and stays held', lapsed, { type: 'stirred' }, { ...lapsed, probing: true }, 'none'],
  ['P2 a try that’s refused ends the trying, and nobody is told', { ...lapsed, probing: true }, { type: 'refused', generation: 2, digest: null, at: 9 }, lapsed, 'none'],
  ['P2 an open gate can’t be stirred', open, { type: 'stirred' }, open, 'none'],
  ['P2 a renewed session opens the gate, for a probe first', lapsed, { type: 'renewed' }, { ...renewed, probing: true }, 'release'],
  ['P2 a renewal makes a 401 that’s under way one of the older session', open, { type: 'renewed' }, renewed, 'store'],
  ['A5 the first token of all is stored', OPEN_AUTH_GATE, token('new'), { ...OPEN_AUTH_GATE, generation: 1 }, 'store'],
];

describe('authGate', () => {
  test.each(cases)('%s', (_rule, from, event, to, effect) => {
    const before = structuredClone(from);
    expect(authGate(from, event)).toEqual([to, effect]);
    expect(from).toEqual(before);
  });
});
