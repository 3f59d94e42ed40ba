import { describe, expect, test } from 'vitest';
import { classify, JWT_CODES } from '../../sw/policy/classify.js';
import type { Answer } from '../../sw/policy/outcome.js';

const answer = (status: number, extra: Partial<Answer> = {}): Answer => ({
  kind: 'answer',
  status,
  headers: {},
  bearer: true,
  ...extra,
});
const challenge = (value: string, extra: Partial<Answer> = {}) =>
  classify(answer(401, { headers: { 'www-authenticate': value }, ...extra }));

describe('by status', () => {
  test.each([408, 425, 429, 500, 502, 503, 504])('R2 %d is transient', (status) => {
    expect(classify(answer(status))).toBe('transient');
  });

  test.each([400, 402, 403, 404, 409, 410, 412, 413, 422, 451, 501, 505, 507, 511, 599])('R2 %d is permanent', (status) => {
    expect(classify(answer(status))).toBe('permanent');
  });

  test.each([200, 201, 202, 204, 206, 304])('R2 %d is delivered', (status) => {
    expect(classify(answer(status))).toBe('delivered');
  });

  test('R2 no answer and a timeout are transient', () => {
    expect(classify({ kind: 'unreachable', cause: 'network' })).toBe('transient');
    expect(classify({ kind: 'unreachable', cause: 'timeout' })).toBe('transient');
  });

  test('R2 an opaque redirect and a request that can’t be built are permanent', () => {
    expect(classify(answer(0, { opaque: true }))).toBe('permanent');
    expect(classify({ kind: 'unsendable', message: 'Invalid URL' })).toBe('permanent');
  });

  test('R1 message text decides nothing', () => {
    expect(classify(answer(500, { body: { message: 'HTTP 401 invalid_token for /orders/404' } }))).toBe('transient');
    expect(classify(answer(400, { body: { message: 'token_expired', detail: '503' } }))).toBe('permanent');
  });
});

describe('a JWT 401', () => {
  test.each(JWT_CODES)('A2 the code %s says so', (code) => {
    for (const body of [{ code }, { error: { code } }, { error: code }, { errors: [{ extensions: { code } }] }]) {
      expect(classify(answer(401, { body }))).toBe('auth-expired');
    }
  });

  test('A2 the Bearer challenge with invalid_token says so, quoted or not, alone or among others', () => {
    expect(challenge('Bearer error="invalid_token"')).toBe('auth-expired');
    expect(challenge('bearer realm="a, b", error=invalid_token, error_description="The token expired"')).toBe('auth-expired');
    expect(challenge('Basic realm="x", Bearer realm="y", error="invalid_token"')).toBe('auth-expired');
    expect(challenge('Bearer error="invalid_token"', { body: { code: 'BadApiKey' } })).toBe('auth-expired');
  });

  test('A2 so does no reason at all, when a bearer was sent', () => {
    expect(classify(answer(401))).toBe('auth-expired');
    expect(classify(answer(401, { body: 'Unauthorized' }))).toBe('auth-expired');
    expect(classify(answer(401, { body: { statusCode: 401, error: 'Unauthorized', message: 'no' } }))).toBe('auth-expired');
    expect(challenge('Bearer realm="api"')).toBe('auth-expired');
  });

  test('A2 the list of codes can be replaced', () => {
    const mine = { codes: ['E_OLD'] };
    expect(classify(answer(401, { body: { code: 'E_OLD' } }), mine)).toBe('auth-expired');
    expect(classify(answer(401, { body: { code: 'token_expired' } }), mine)).toBe('permanent');
  });
});

describe('not a JWT 401', () => {
  test('A2 A3 a code outside the list', () => {
    for (const body of [{ code: 'BadApiKey' }, { error: 'BadApiKey' }, { error: { code: 'BadApiKey' } }]) {
      expect(classify(answer(401, { body }))).toBe('permanent');
    }
    expect(classify(answer(401, { body: { errors: [{ extensions: { code: 'FORBIDDEN' } }] } }))).toBe('permanent');
  });

  test('A3 another scheme, or another error, in WWW-Authenticate', () => {
    expect(challenge('Basic realm="x"')).toBe('permanent');
    expect(challenge('Digest realm="Bearer error=invalid_token"')).toBe('permanent');
    expect(challenge('Bearer error="invalid_request"')).toBe('permanent');
    expect(challenge('Bearer error="insufficient_scope", Basic realm="x"')).toBe('permanent');
    expect(challenge('Bearer error="insufficient_scope", Digest error="invalid_token"')).toBe('permanent');
  });

  test('A3 a request that carried no bearer', () => {
    expect(classify(answer(401, { bearer: false, body: { code: 'token_expired' } }))).toBe('permanent');
    expect(challenge('Bearer error="invalid_token"', { bearer: false })).toBe('permanent');
  });

  test('A3 a 403, and a 200 whose body speaks of 401', () => {
    expect(classify(answer(403, { headers: { 'www-authenticate': 'Bearer error="insufficient_scope"' } }))).toBe('permanent');
    expect(classify(answer(200, { body: { status: 401, code: 'token_expired' } }))).toBe('delivered');
  });

  test('A2 the JSON is parsed, not searched', () => {
    expect(classify(answer(401, { body: { code: 'BadApiKey', message: 'token_expired' } }))).toBe('permanent');
  });
});
