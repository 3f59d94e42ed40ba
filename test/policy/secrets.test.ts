import { describe, expect, test } from 'vitest';
import { isSecret, MASK, maskHeaders, maskText, maskUrl } from '../../sw/policy/secrets.js';

const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJl';

describe('V5 secrets', () => {
  test.each(['Authorization', 'cookie', 'X-Api-Key', 'apikey', 'X-Auth-Token', 'X-CSRF-Token', 'client_secret', 'password', 'passwd', 'sessionid', 'pwd', 'private_key', 'accessKey', 'x-auth', 'user[otp]'])(
    'V5 %s is a secret by its name',
    (name) => expect(isSecret(name)).toBe(true),
  );

  test.each(['content-type', 'author', 'x-request-id', 'title', 'passenger', 'sessions', 'code'])('%s is no secret by its name', (name) =>
    expect(isSecret(name)).toBe(false),
  );

  test('V5 a JWT is masked wherever it stands', () => {
    expect(maskText(`before ${JWT} after`)).toBe(`before ${MASK} after`);
    expect(maskText(`sess_${JWT}.`)).toBe(`sess_${MASK}`);
    // Encrypted, directly: its second part is empty.
    expect(maskText('eyJhbGciOiJkaXIifQ..iv.text.tag')).toBe(MASK);
    expect(maskText('1.2.3, x.eyJ and a.b.c')).toBe('1.2.3, x.eyJ and a.b.c');
    expect(maskHeaders({ 'x-note': JWT, 'x-api-key': 'k', accept: '*/*' })).toEqual({ 'x-note': MASK, 'x-api-key': MASK, accept: '*/*' });
  });

  test('V5 a token is masked in a URL that stands in a header', () => {
    const link = { location: '/cb?access_token=abc&page=2', link: '<https://x.example/a?token=abc>; rel="next", </b?page=3>; rel=last' };
    expect(maskHeaders(link)).toEqual({
      location: `/cb?access_token=${MASK}&page=2`,
      link: `<https://x.example/a?token=${MASK}>; rel="next", </b?page=3>; rel=last`,
    });
  });

  test.each([
    ['https://x.example/a?access_token=abc&page=2', `https://x.example/a?access_token=${MASK}&page=2`],
    ['https://x.example/a?page=2&api%5Fkey=abc#frag', `https://x.example/a?page=2&api%5Fkey=${MASK}#frag`],
    ['https://x.example/cb?code=abc&state=1', `https://x.example/cb?code=${MASK}&state=1`],
    ['https://ann:pw@x.example/a', `https://${MASK}@x.example/a`],
    [`https://x.example/t/${JWT}/x`, `https://x.example/t/${MASK}/x`],
    ['https://x.example/a?%E0%A4=1&token=', `https://x.example/a?%E0%A4=1&token=${MASK}`],
    ['https://x.example/a;jsessionid=abc?x=1', `https://x.example/a;jsessionid=${MASK}`],
    ['https://x.example/a?a=1;token=b;c', `https://x.example/a?a=1;token=${MASK}`],
    ['https://x.example/a?X-Amz-Signature=abc&user[otp]=1', `https://x.example/a?X-Amz-Signature=${MASK}&user[otp]=${MASK}`],
    ['0; url=https://ann:pw@x.example/', `0; url=https://${MASK}@x.example/`],
    ['git+ssh://ann:pw@x.example/a', `git+ssh://${MASK}@x.example/a`],
    ['https://x.example/orders/7?sort=asc', 'https://x.example/orders/7?sort=asc'],
    ['https://x.example/@ann/notes?at=a@b', 'https://x.example/@ann/notes?at=a@b'],
  ])('V5 the URL %s is shown as %s', (url, shown) => expect(maskUrl(url)).toBe(shown));
});
