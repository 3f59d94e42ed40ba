import { describe, expect, test } from 'vitest';
import { classify, JWT_CODES } from '../../sw/policy/classify.js';
import type { BodyErrors } from '../../sw/policy/body-errors.js';
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

describe('the verdict by status', () => {
  test.each([408, 425, 429, 500, 502, 503, 504, 507, 509, 511, 520, 521, 524, 527, 530, 529, 598, 599])('R2 an answer of %d is transient', (status) => {
    expect(classify(answer(status))).toBe('transient');
  });

  test.each([400, 402, 403, 404, 409, 410, 412, 413, 422, 451, 501, 505, 506, 508, 510])('R2 an answer of %d is permanent', (status) => {
    expect(classify(answer(status))).toBe('permanent');
  });

  test.each([200, 201, 202, 204, 206, 304])('R2 an answer of %d is delivered', (status) => {
    expect(classify(answer(status))).toBe('delivered');
  });

  test.each<[headers: Record<string, string>, verdict: string]>([
    [{ 'retry-after': '6' }, 'transient'],
    [{ 'retry-after': '5.916' }, 'transient'],
    [{ 'retry-after': 'Thu, 01 Jan 2026 00:01:00 GMT' }, 'transient'],
    [{ 'retry-after-long': '6' }, 'transient'],
    [{ 'retry-after': 'soon' }, 'permanent'],
    [{ 'retry-after': '' }, 'permanent'],
    [{ 'x-ratelimit-reset': '6' }, 'permanent'],
  ])('R2 a 403 with %j is %s', (headers, verdict) => {
    expect(classify(answer(403, { headers }))).toBe(verdict);
    expect(classify(answer(403, { headers, bearer: false }))).toBe(verdict);
  });

  test('C14 a page that redirects have led to is permanent, whatever its status', () => {
    for (const status of [200, 404, 503]) expect(classify(answer(status, { redirected: true, isPage: true }))).toBe('permanent');
    expect(classify(answer(200, { redirected: true, url: 'https://app.example/api/2', type: 'basic' }))).toBe('delivered');
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

describe('a 401 to a bearer', () => {
  test.each(JWT_CODES)('A2 with the code %s is for the token', (code) => {
    for (const body of [{ code }, { error: { code } }, { error: code }, { errors: [{ extensions: { code } }] }]) {
      expect(classify(answer(401, { body }))).toBe('auth-expired');
    }
  });

  test('A2 with the Bearer challenge invalid_token is for the token, quoted or not, alone or among other challenges', () => {
    expect(challenge('Bearer error="invalid_token"')).toBe('auth-expired');
    expect(challenge('bearer realm="a, b", error=invalid_token, error_description="The token expired"')).toBe('auth-expired');
    expect(challenge('Basic realm="x", Bearer realm="y", error="invalid_token"')).toBe('auth-expired');
    expect(challenge('Bearer error="invalid_token"', { body: { code: 'BadApiKey' } })).toBe('auth-expired');
  });

  test.each([
    ['a sentence in `error`', { error: 'jwt expired' }],
    ['the name of an error', { error: 'TokenExpiredError' }],
    ['a code of the app’s own', { code: 'TOKEN_INVALID' }],
    ['GraphQL’s UNAUTHENTICATED', { errors: [{ message: 'no', extensions: { code: 'UNAUTHENTICATED' } }], data: { write: null } }],
    ['a code that names no credential', { code: 'E4711' }],
    ['a code that’s a number', { code: -32001, error: { code: 401 } }],
    ['a list of errors', [{ error: { data: { code: 'UNAUTHORIZED' } } }]],
    ['codes that only contain the letters of another credential', { code: 'NotPermitted', error: 'spinning' }],
    ['a word of over 200 letters', { code: `password${'x'.repeat(200)}` }],
    ['a sentence about a password', { error: 'Wrong password' }],
    ['a body that’s no object', 'nothing'],
    ['null for a body', null],
  ])('A2 with %s is for the token', (_what, body) => {
    expect(classify(answer(401, { body }))).toBe('auth-expired');
  });

  test.each(['Token', 'JWT realm="x"', 'ApiKey realm="x"', 'Basic realm="x", X-API-Key', 'DPoP algs="ES256"', 'Basic realm="x", Bearer realm="y"', 'xBasic realm="Session"', 'Bearer error="expired_token"', ''])(
    'A2 with the challenge %j is for the token',
    (value) => {
      expect(challenge(value)).toBe('auth-expired');
    },
  );

  test('A2 with no reason at all is for the token', () => {
    expect(classify(answer(401))).toBe('auth-expired');
    expect(classify(answer(401, { body: 'Unauthorized' }))).toBe('auth-expired');
    expect(classify(answer(401, { body: { statusCode: 401, error: 'Unauthorized', message: 'no' } }))).toBe('auth-expired');
    expect(challenge('Bearer realm="api"')).toBe('auth-expired');
  });

  test('A2 is for the token by a list of codes with one of these, invalid_token, or no reason at all', () => {
    const strict = (extra: Partial<Answer>) => classify(answer(401, extra), { codes: ['E_OLD'] });
    expect(strict({ body: { code: 'E_OLD' } })).toBe('auth-expired');
    expect(strict({ body: { code: 'E_OTHER' }, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } })).toBe('auth-expired');
    expect(strict({})).toBe('auth-expired');
    expect(strict({ body: { error: 'Unauthorized', message: 'jwt expired' } })).toBe('auth-expired');
    expect(strict({ headers: { 'www-authenticate': 'Bearer realm="x"' } })).toBe('auth-expired');
    expect(strict({ headers: { 'www-authenticate': 'Bearer error="E_OLD"' } })).toBe('auth-expired');
    expect(strict({ body: { code: 'token_expired' } })).toBe('permanent');
    expect(strict({ headers: { 'www-authenticate': 'Bearer error="expired_token"' } })).toBe('permanent');
    expect(strict({ headers: { 'www-authenticate': 'Basic realm="x"' } })).toBe('permanent');
  });
});

describe('the first send', () => {
  test('A21 a 403 to a first send whose JWT was over counts as a 401', () => {
    expect(classify(answer(403, { token: 'over' }))).toBe('auth-expired');
    expect(classify(answer(403))).toBe('permanent');
    expect(classify(answer(403, { token: 'accepted' }))).toBe('permanent');
    expect(classify(answer(403, { token: 'over', bearer: false }))).toBe('permanent');
  });

  test('A21 a 403 to a first send whose JWT was over isn’t for the token where it names a scope or another credential', () => {
    expect(classify(answer(403, { token: 'over', headers: { 'www-authenticate': 'Bearer error="insufficient_scope"' } }))).toBe('permanent');
    expect(classify(answer(403, { token: 'over', body: { code: 'EBADCSRF' } }))).toBe('auth-expired');
    expect(classify(answer(403, { token: 'over', body: { code: 'csrf_mismatch' } }))).toBe('permanent');
  });

  test('A22 a 401 to a first send with an accepted JWT that’s good for longer is the page’s', () => {
    expect(classify(answer(401, { token: 'accepted' }))).toBe('permanent');
    expect(classify(answer(401, { token: 'accepted', body: { name: 'NotAuthenticated', message: 'Invalid login', code: 401 } }))).toBe('permanent');
    expect(classify(answer(401, { token: 'accepted', body: { code: 'UNAUTHENTICATED' } }))).toBe('permanent');
    expect(classify(answer(401, { token: 'accepted', headers: { 'www-authenticate': 'Bearer realm="api"' } }))).toBe('permanent');
  });

  test('A22 a 401 to a first send with an accepted JWT is for the token where the answer names it, as it was revoked', () => {
    expect(classify(answer(401, { token: 'accepted', headers: { 'www-authenticate': 'Bearer error="invalid_token"' } }))).toBe('auth-expired');
    for (const code of ['token_expired', 'TOKEN_REVOKED', 'invalid-jwt', 'FST_JWT_AUTHORIZATION_TOKEN_INVALID', 'JsonWebTokenError', 'token_not_valid'])
      expect(classify(answer(401, { token: 'accepted', body: { code } }))).toBe('auth-expired');
    expect(classify(answer(401, { token: 'accepted', headers: { 'www-authenticate': 'Bearer error="expired_token"' } }))).toBe('auth-expired');
    expect(classify(answer(401, { token: 'accepted', body: { code: 'E_OLD' } }), { codes: ['E_OLD'] })).toBe('auth-expired');
    expect(classify(answer(401, { token: 'accepted', body: { code: 'PASSWORD_TOKEN_EXPIRED' } }))).toBe('permanent');
  });
});

describe('bodyErrors', () => {
  const judged = (bodyErrors: BodyErrors, body: unknown, status = 200, extra: Partial<Answer> = {}) =>
    classify(answer(status, { body, ...extra }), { bodyErrors });
  const gone = (code: string, data?: unknown) => ({ errors: [{ message: 'no', extensions: { code } }], ...(data !== undefined && { data }) });
  const failed = (code: string) => ({ error: { message: code, code: -32001, data: { code, httpStatus: 401 } } });
  const done = { result: { data: { ok: true } } };

  test.each(['UNAUTHENTICATED', 'UNAUTHORIZED', 'invalid-jwt'])('A23 GraphQL’s %s with no data is for the token', (code) => {
    for (const body of [gone(code), gone(code, null), gone(code, { write: null }), [gone(code)]]) {
      expect(judged('graphql', body)).toBe('auth-expired');
      expect(judged('graphql', body, 500)).toBe('auth-expired');
      expect(classify(answer(200, { body }))).toBe('delivered');
      expect(judged('graphql', body, 200, { bearer: false })).toBe('delivered');
    }
  });

  test('A23 GraphQL’s other errors, and data beside the error, are delivered', () => {
    expect(judged('graphql', gone('FORBIDDEN', { write: null }))).toBe('delivered');
    expect(judged('graphql', gone('UNAUTHENTICATED', { write: { id: 1 }, other: null }))).toBe('delivered');
    expect(judged('graphql', [gone('UNAUTHENTICATED'), { data: { write: 1 } }])).toBe('delivered');
    expect(judged('graphql', { data: { write: 1 } })).toBe('delivered');
    expect(judged('graphql', { errors: 'UNAUTHENTICATED' })).toBe('delivered');
  });

  test('A23 tRPC’s UNAUTHORIZED is for the token: alone, in a batch, in JSON lines', () => {
    const lines = [{ 0: [[0], [null, 0, 0]] }, [0, 0, [[failed('UNAUTHORIZED')]]]];
    for (const body of [failed('UNAUTHORIZED'), [failed('UNAUTHORIZED')], [failed('UNAUTHORIZED'), failed('BAD_REQUEST')], lines])
      expect(judged('trpc', body)).toBe('auth-expired');
  });

  test('A23 a tRPC batch of which a part went through is delivered, and so is any other error', () => {
    const lines = [{ 0: [[0], [null, 0, 0]], 1: [[0], [null, 0, 1]] }, [0, 0, [[{ result: { data: 1 } }]]], [1, 0, [[failed('UNAUTHORIZED')]]]];
    for (const body of [[done, failed('UNAUTHORIZED')], lines, [failed('FORBIDDEN')], done, [done]]) expect(judged('trpc', body, 207)).toBe('delivered');
    expect(judged('trpc', { result: { data: failed('UNAUTHORIZED') } })).toBe('delivered');
  });

  test('A23 a function of the app’s own gets the body and the answer', () => {
    const mine: BodyErrors = (body, { status }) => status === 200 && !(body as { ok: boolean }).ok;
    expect(judged(mine, { ok: false })).toBe('auth-expired');
    expect(judged(mine, { ok: true })).toBe('delivered');
    expect(judged(mine, { ok: false }, 201)).toBe('delivered');
    expect(judged(mine, undefined)).toBe('delivered');
  });

  test('A3 A23 the body of a 401 that names another credential, or another scheme, is overruled by the app’s own function only', () => {
    const body = { ...gone('UNAUTHENTICATED'), code: 'BadApiKey' };
    const headers = { 'www-authenticate': 'Basic realm="x"' };
    expect(judged('graphql', body, 401)).toBe('permanent');
    expect(judged('graphql', gone('UNAUTHENTICATED'), 401, { headers })).toBe('permanent');
    expect(judged('trpc', [failed('UNAUTHORIZED'), failed('INVALID_OTP')], 401)).toBe('permanent');
    expect(judged(() => true, body, 401, { headers })).toBe('auth-expired');
    expect(judged('graphql', body)).toBe('auth-expired');
    expect(judged('graphql', gone('UNAUTHENTICATED'), 401)).toBe('auth-expired');
    expect(classify(answer(401, { body: gone('UNAUTHENTICATED') }), { bodyErrors: 'graphql', codes: ['E_OLD'] })).toBe('auth-expired');
  });

  test('A23 a body that’s nested ten thousand deep is delivered', () => {
    let deep: unknown = failed('UNAUTHORIZED');
    for (let depth = 0; depth < 10_000; depth++) deep = [deep];
    expect(judged('trpc', deep)).toBe('delivered');
    expect(judged('graphql', deep)).toBe('delivered');
  });
});

describe('answers that aren’t for the token', () => {
  test.each(['BadApiKey', 'api_key_invalid', 'INVALID_EMAIL_OR_PASSWORD', 'wrong-password', 'InvalidOTP', 'totp.required', 'InvalidAPIkey', 'OTPcode', 'MFARequired', '2FA_REQUIRED', 'two_factor', 'recaptcha-failed'])(
    'A2 A3 a 401 with the code %s names another credential',
    (code) => {
      const data = { code };
      for (const body of [{ code }, { error: code }, { error: { code } }, { error: { data } }, { errors: [{ extensions: { code } }] }, [{ code }]])
        expect(classify(answer(401, { body }))).toBe('permanent');
    },
  );

  test('A3 a 401 with another scheme, or another error, in WWW-Authenticate isn’t for the token', () => {
    expect(challenge('Basic realm="x"')).toBe('permanent');
    expect(challenge('Digest realm="Bearer error=invalid_token"')).toBe('permanent');
    expect(challenge('Bearer error="invalid_request"')).toBe('permanent');
    expect(challenge('Bearer error="insufficient_scope", Basic realm="x"')).toBe('permanent');
    expect(challenge('Bearer error="invalid_api_key"')).toBe('permanent');
    expect(challenge('Bearer error="invalid_api_key", error="invalid_token"')).toBe('permanent');
    expect(challenge('Bearer error="invalid_api_key", Bearer error="invalid_token"')).toBe('auth-expired');
    expect(challenge('Bearer error="insufficient_scope", Digest error="invalid_token"')).toBe('permanent');
    for (const scheme of ['Basic', 'Digest', 'Negotiate', 'NTLM', 'Mutual', 'SCRAM-SHA-256', 'HOBA', 'Key']) {
      expect(challenge(scheme)).toBe('permanent');
      expect(challenge(`${scheme.toLowerCase()} realm="x", Negotiate`)).toBe('permanent');
    }
  });

  test('A3 a 401 to a request that carried no bearer isn’t for a token', () => {
    expect(classify(answer(401, { bearer: false, body: { code: 'token_expired' } }))).toBe('permanent');
    expect(challenge('Bearer error="invalid_token"', { bearer: false })).toBe('permanent');
  });

  test('A3 a 403, and a 200 whose body speaks of 401, aren’t for the token', () => {
    expect(classify(answer(403, { headers: { 'www-authenticate': 'Bearer error="insufficient_scope"' } }))).toBe('permanent');
    expect(classify(answer(200, { body: { status: 401, code: 'token_expired' } }))).toBe('delivered');
  });

  test('A2 the JSON of a 401 is parsed, not searched', () => {
    expect(classify(answer(401, { body: { code: 'BadApiKey', message: 'token_expired' } }))).toBe('permanent');
  });
});
