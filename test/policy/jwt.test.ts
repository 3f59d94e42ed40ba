import { describe, expect, test } from 'vitest';
import { decodeJwt, expiryOf, isExpired, isOlder } from '../../sw/policy/jwt.js';
import { jwt } from '../support/records.js';

const now = 1_000_000_000_000;
const seconds = now / 1000;

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

  test('A15 a sub that’s a number is an owner all the same', () => {
    expect(decodeJwt(jwt({ sub: 7 }))).toEqual({ sub: '7' });
  });
});

describe('isExpired', () => {
  test('A6 allows 60 s of skew', () => {
    expect(isExpired(jwt({ exp: seconds - 59 }), now)).toBe(false);
    expect(isExpired(jwt({ exp: seconds - 61 }), now)).toBe(true);
  });

  test.each(['soon', '9999999999', {}, true])('A6 an exp of %j says nothing that could be trusted', (exp) => {
    expect(isExpired(jwt({ exp }), now)).toBe(true);
    expect(expiryOf(jwt({ exp }))).toBeNull();
  });

  test('T3 expiryOf gives milliseconds, and null where there’s no exp', () => {
    expect(expiryOf(jwt({ exp: 7 }))).toBe(7000);
    expect(expiryOf(jwt({}))).toBeNull();
    expect(expiryOf('opaque')).toBeNull();
  });

  test('A6 an opaque token never says so', () => {
    expect(isExpired('opaque', now)).toBe(false);
    expect(isExpired(jwt({}), now)).toBe(false);
  });
});

test('A18 isOlder compares what both tokens say', () => {
  expect(isOlder(jwt({ iat: 1 }), jwt({ iat: 2 }))).toBe(true);
  expect(isOlder(jwt({ iat: 2 }), jwt({ iat: 2 }))).toBe(false);
  expect(isOlder('opaque', jwt({ iat: 2 }))).toBe(false);
});
