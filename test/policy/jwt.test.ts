import { describe, expect, test } from 'vitest';
import { decodeJwt, expiryOf, isGoodForLonger, isOlder, isOver, type Clocks } from '../../sw/policy/jwt.js';
import { jwt } from '../support/records.js';

const now = 1_000_000_000_000;

describe('decodeJwt', () => {
  test('T3 reads base64url, not base64', () => {
    const claims = { sub: 'ÿ?>~~ü' };
    expect(jwt(claims)).toMatch(/[-_]/);
    expect(decodeJwt(jwt(claims))).toEqual(claims);
  });

  test('A6 an opaque token has no claims', () => {
    for (const token of ['opaque', 'a.b', 'a.b.c', 'a.b.c.d', `a.${btoa('not json')}.c`, `a.${btoa('null')}.c`]) {
      expect(decodeJwt(token)).toBeNull();
    }
  });

  test('A6 claims of a wrong type are left out', () => {
    expect(decodeJwt(jwt({ sub: ['ann'], exp: null, iat: 'now' }))).toEqual({});
  });

  test('A15 a sub that’s a number is an owner', () => {
    expect(decodeJwt(jwt({ sub: 7 }))).toEqual({ sub: '7' });
  });
});

describe('expiryOf', () => {
  test.each<[what: string, claims: unknown, expected: number | null]>([
    ['in seconds is given in milliseconds', { exp: 7 }, 7_000],
    ['below zero is long over', { exp: -7 }, -7_000],
    ['with a fraction is given to the millisecond', { exp: 7.5 }, 7_500],
    ['that’s missing says nothing', {}, null],
    ['of null says nothing', { exp: null }, null],
    ['in milliseconds, with 13 digits, says nothing', { exp: 1_790_000_000_000 }, null],
    ['that’s a string is over, as no server lets it pass', { exp: '9999999999' }, -Infinity],
    ['that’s a word is over', { exp: 'soon' }, -Infinity],
    ['that’s an object is over', { exp: {} }, -Infinity],
    ['that’s a boolean is over', { exp: true }, -Infinity],
  ])('A20 an exp %s', (_what, claims, expected) => {
    expect(expiryOf(jwt(claims))).toBe(expected);
  });

  test('A20 an opaque token doesn’t say when it ends', () => {
    expect(expiryOf('opaque')).toBeNull();
  });
});

const at = (device: number, server: number | null = null): Clocks => ({ device, server });

describe('isOver', () => {
  test('A6 A20 allows 60 s of skew where only the device’s clock is known', () => {
    expect(isOver(now, at(now + 60_000))).toBe(false);
    expect(isOver(now, at(now + 60_001))).toBe(true);
  });

  test('A20 counts to the second where the server’s clock is known, and asks both clocks', () => {
    expect(isOver(now, at(now - 1, now - 1))).toBe(false);
    expect(isOver(now, at(now, now))).toBe(true);
    expect(isOver(now, at(now + 3_600_000, now - 1))).toBe(false);
    expect(isOver(now, at(now - 1, now + 3_600_000))).toBe(false);
  });

  test('A20 is never true where the token doesn’t say when it ends, and always where its exp can’t be read', () => {
    expect(isOver(null, at(now, now))).toBe(false);
    expect(isOver(-Infinity, at(0))).toBe(true);
  });
});

describe('isGoodForLonger', () => {
  test('A22 asks for over a minute, by the device’s clock and by the server’s', () => {
    expect(isGoodForLonger(now + 60_000, at(now))).toBe(false);
    expect(isGoodForLonger(now + 60_001, at(now))).toBe(true);
    expect(isGoodForLonger(now + 60_001, at(now, now + 1))).toBe(false);
    expect(isGoodForLonger(now + 60_001, at(now + 1, now))).toBe(false);
  });

  test('A22 is false where nobody knows when the token ends', () => {
    expect(isGoodForLonger(null, at(now))).toBe(false);
    expect(isGoodForLonger(-Infinity, at(now))).toBe(false);
  });
});

test('A18 isOlder compares the times at which both tokens were made', () => {
  expect(isOlder(jwt({ iat: 1 }), jwt({ iat: 2 }))).toBe(true);
  expect(isOlder(jwt({ iat: 2 }), jwt({ iat: 2 }))).toBe(false);
  expect(isOlder('opaque', jwt({ iat: 2 }))).toBe(false);
});
