import { describe, expect, test } from 'vitest';
import type { LastToken, Seen } from '../../sw/policy/backend-record.js';
import { formerUser, session, type LiveToken, type Session, type SessionEffect, type SessionEvent } from '../../sw/policy/session.js';
import { jwt } from '../support/records.js';

/** When a token was made, and until when it's good, in seconds. */
const NOW_S = 10_000;
const now = NOW_S * 1000;

const tokenOf = (owner: string, iat: number, provided = true): LiveToken => {
  const value = jwt({ sub: owner, iat, exp: NOW_S + 3600 });
  return { value, scheme: 'Bearer', owner, digest: `${owner}@${iat}`, expiresAt: (NOW_S + 3600) * 1000, provided };
};
const lastOf = ({ owner, digest, expiresAt }: LiveToken, issuedAt: number): LastToken => ({ owner, digest, expiresAt, issuedAt });

const NOBODY: Session = { token: null, last: null, seen: [], signedOut: null, sessionUser: null, epoch: 0, outAt: 0, signOuts: 0 };
const ann = tokenOf('ann', NOW_S - 60);
const annSeen = { ...ann, provided: false };
const bobOlder = { ...tokenOf('bob', NOW_S - 90), provided: false };
const bobNewer = { ...tokenOf('bob', NOW_S - 30), provided: false };
const bobSame = { ...tokenOf('bob', NOW_S - 60), provided: false };
const seenOf = ({ owner, digest }: LiveToken, at: number): Seen => ({ owner, digest, at });
const withAnn: Session = { ...NOBODY, token: ann, last: lastOf(ann, NOW_S - 60), epoch: 1 };
const annLeft: Session = {
  ...NOBODY,
  signedOut: { since: now - 10_000, user: 'ann', forgotten: lastOf(ann, NOW_S - 60) },
  epoch: 2,
  signOuts: 1,
};
const came = (token: LiveToken, changes: Partial<SessionEvent & { type: 'token' }> = {}): SessionEvent => ({
  type: 'token',
  token,
  signOuts: 0,
  at: now,
  now,
  serverSkewMs: null,
  ...changes,
});

describe('a token', () => {
  test.each<[string, Session, SessionEvent, SessionEffect, string | null]>([
    ['that comes with nobody signed in becomes the live one', NOBODY, came(ann), 'live', 'ann'],
    ['that is the live one already changes nothing', withAnn, came(annSeen), 'same', 'ann'],
    ['of another user that the app hands over becomes the live one', withAnn, came({ ...bobOlder, provided: true }), 'live', 'bob'],
    ['of another user, learnt and newer, becomes the live one', withAnn, came(bobNewer), 'live', 'bob'],
    ['of another user, learnt and older than the one that the app has handed over, is ignored', withAnn, came(bobOlder), 'ignored', 'ann'],
    ['of another user, learnt, becomes the live one where the last one was learnt as well', { ...withAnn, token: annSeen }, came(bobOlder), 'live', 'bob'],
    ['of another user, learnt and older, becomes the live one where the last one is over', withAnn, came(bobOlder, { now: now + 3_700_000 }), 'live', 'bob'],
    ['of another user, learnt, of the same second as the one that the app has handed over, becomes the live one: the last request says who is there', { ...withAnn, seen: [seenOf(bobSame, 1), seenOf(ann, 2)] }, came(bobSame), 'live', 'bob'],
    ['of the same user, learnt and older than the live one, is ignored', withAnn, came(tokenOf('ann', NOW_S - 90, false)), 'ignored', 'ann'],
    ['of the same user that the app hands over, though it’s older, becomes the live one', withAnn, came(tokenOf('ann', NOW_S - 90)), 'live', 'ann'],
    ['that the app hands over after a sign-out signs its user in', annLeft, came(ann, { signOuts: 1 }), 'signed-in', 'ann'],
    ['that was on its way at a sign-out is forgotten', annLeft, came(bobNewer, { signOuts: 0 }), 'forgotten', null],
    ['that was on its way at a sign-out, and is forgotten already, is ignored', annLeft, came(annSeen, { signOuts: 0 }), 'ignored', null],
    ['that a sign-out has forgotten is ignored when it’s learnt after that', annLeft, came(annSeen, { signOuts: 1 }), 'ignored', null],
    ['of any user that’s learnt after a sign-out, and is no newer than the forgotten one, is ignored', annLeft, came(bobOlder, { signOuts: 1 }), 'ignored', null],
    ['of another user that’s learnt after a sign-out, and was made in the same second as the forgotten one, signs its user in', annLeft, came(tokenOf('bob', annLeft.signedOut!.forgotten!.issuedAt!, false), { signOuts: 1 }), 'signed-in', 'bob'],
    ['that’s learnt after a sign-out, which any backend knew then, is ignored', { ...annLeft, seen: [seenOf(bobNewer, 1)] }, came(bobNewer, { signOuts: 1 }), 'ignored', null],
    ['that’s learnt after a sign-out, and is newer than the forgotten one, signs its user in', annLeft, came(bobNewer, { signOuts: 1 }), 'signed-in', 'bob'],
    ['that’s learnt after a sign-out, and was made before that by the server’s clock, is ignored', annLeft, came(bobNewer, { signOuts: 1, serverSkewMs: 0 }), 'ignored', null],
  ])('%s', (_, before, event, effect, owner) => {
    const [after, made] = session(before, event);
    expect(made).toBe(effect);
    expect(after.token?.owner ?? null).toBe(owner);
    if (effect === 'ignored') expect(after).toBe(before);
    if (effect === 'signed-in') expect(after).toMatchObject({ signedOut: null, epoch: before.epoch + 1 });
  });

  test('that was on its way at a sign-out signs nobody in when a later request brings it once more', () => {
    const [after] = session(annLeft, came(bobNewer, { signOuts: 0 }));
    expect(session(after, came(bobNewer, { signOuts: 1 }))[1]).toBe('ignored');
  });

  test.each<[string, Session, number | null]>([
    ['that a worker before has seen', { ...withAnn, token: null }, NOW_S - 60],
    ['that a sign-out has forgotten', annLeft, NOW_S - 60],
    ['that comes, where no other is known', NOBODY, NOW_S - 90],
  ])('that becomes the live one leaves on record when the newest token was made: the one %s', (_, before, made) => {
    const [after] = session(before, came(tokenOf('ann', NOW_S - 90), { signOuts: before.signOuts }));
    expect(after).toMatchObject({ token: { digest: `ann@${NOW_S - 90}` }, last: { digest: `ann@${NOW_S - 90}`, issuedAt: made } });
  });

  test('of the user whose token the app has handed over is the app’s word, too: another user’s older one on a request changes nothing', () => {
    const annNext = { ...tokenOf('ann', NOW_S - 10), provided: false };
    const [after] = session(withAnn, came(annNext));
    expect(after.token).toMatchObject({ value: annNext.value, provided: true });
    expect(session(after, came(bobOlder))[1]).toBe('ignored');
  });

  test('that a page has handed over after it asked for a sign-out signs its user in, though it was on its way', () => {
    expect(session(annLeft, came({ ...bobNewer, provided: true }, { signOuts: 0, at: annLeft.signedOut!.since + 1 }))[1]).toBe('signed-in');
    expect(session(annLeft, came({ ...bobNewer, provided: true }, { signOuts: 0, at: annLeft.signedOut!.since }))[1]).toBe('forgotten');
  });

  test('that was seen on a request before the app hands it over counts as the app’s from then on', () => {
    expect(session({ ...withAnn, token: annSeen }, came(ann))[0].token?.provided).toBe(true);
    expect(session(withAnn, came(annSeen))[0].token?.provided).toBe(true);
  });

  test.each<[string, Session, boolean, SessionEffect]>([
    ['says whose session is over, where no other token is known', NOBODY, false, 'live'],
    ['is ignored beside another token', withAnn, false, 'ignored'],
    ['is ignored after a sign-out', annLeft, false, 'ignored'],
    ['is ignored during a hold', NOBODY, true, 'ignored'],
  ])('that is over %s', (_, before, isHeld, effect) => {
    expect(session(before, { type: 'over-token', token: annSeen, isHeld })[1]).toBe(effect);
  });
});

describe('a sign-in by cookie', () => {
  test('says whose session it is', () => {
    expect(session(withAnn, { type: 'signed-in', user: 'bob', at: now })).toEqual([{ ...withAnn, seen: [{ owner: 'bob', digest: '', at: now }], sessionUser: 'bob', epoch: 2 }, 'none']);
  });

  test('ends a sign-out', () => {
    expect(session(annLeft, { type: 'signed-in', user: 'bob', at: now })).toEqual([{ ...annLeft, seen: [{ owner: 'bob', digest: '', at: now }], signedOut: null, sessionUser: 'bob', epoch: 3 }, 'signed-in']);
  });
});

describe('a sign-out', () => {
  const out = (changes: Partial<SessionEvent & { type: 'signed-out' }> = {}): SessionEvent => ({
    type: 'signed-out',
    at: now,
    arriving: null,
    cookieUser: null,
    newest: null,
    seen: [],
    ...changes,
  });

  test.each<[string, Session, SessionEvent, string | null]>([
    ['of the user whose token is live', withAnn, out({ cookieUser: 'bob' }), 'ann'],
    ['of the user whose token is being taken', withAnn, out({ arriving: lastOf(bobNewer, NOW_S) }), 'bob'],
    ['of the user whose session by cookie it is, where there is no token', NOBODY, out({ cookieUser: 'bob' }), 'bob'],
    ['of the last user that is known, in a worker that has seen no token yet', { ...withAnn, token: null }, out(), 'ann'],
    ['of the user who left before, where nobody came meanwhile', annLeft, out(), 'ann'],
    ['of nobody, where no user is known', NOBODY, out(), null],
  ])('is that %s', (_, before, event, user) => {
    const [after] = session(before, event);
    expect(after).toMatchObject({ token: null, last: null, sessionUser: null, signedOut: { user }, epoch: before.epoch + 1, signOuts: before.signOuts + 1 });
  });

  test('forgets the newest token that any backend knows', () => {
    const newest = lastOf(bobNewer, NOW_S - 30);
    expect(session(withAnn, out({ newest }))[0].signedOut?.forgotten).toEqual({ ...withAnn.last, issuedAt: newest.issuedAt });
    expect(session(NOBODY, out({ newest }))[0].signedOut?.forgotten).toEqual(newest);
  });

  test('that follows another one isn’t told, and its time counts', () => {
    expect(session(withAnn, out())[1]).toBe('signed-out');
    const at = now + 1;
    const [after, effect] = session(annLeft, out({ at }));
    expect([after.signedOut?.since, effect]).toEqual([at, 'none']);
  });
});

describe('a call that comes late', () => {
  const SEEN: Seen[] = [
    { owner: 'ann', digest: 'a1', at: 10 },
    { owner: 'ann', digest: 'a2', at: 20 },
    { owner: 'ann@example', digest: '', at: 25 },
    { owner: 'bob', digest: 'b1', at: 30 },
    { owner: 'carol', digest: 'c1', at: 40 },
  ];

  test.each([
    ['made in the last session is of nobody before', 40, undefined],
    ['made in an earlier session is of its user', 30, 'bob'],
    ['made before the user’s token was renewed is of that user', 10, 'ann'],
    ['made when nobody was known is of nobody who’s known', 5, null],
  ])('%s', (_, at, user) => expect(formerUser(SEEN.filter(({ digest }) => digest), at, 50)).toBe(user));

  test('is of the last session although the user has another name by cookie', () => {
    expect(formerUser(SEEN.slice(0, 3), 15, 50)).toBe(null);
    expect(formerUser(SEEN.slice(0, 3), 25, 50)).toBe(undefined);
  });

  test('is of the last session where all others are in the future, as the clock has been set back', () => {
    expect(formerUser(SEEN, 4, 5)).toBe(undefined);
  });
});
