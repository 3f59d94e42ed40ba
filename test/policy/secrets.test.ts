import { describe, expect, test } from 'vitest';
import { isSecret, MASK, maskHeaders, maskText, maskUrl } from '../../sw/policy/secrets.js';

const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJl';

describe('V5 secrets', () => {
  test.each(['Authorization', 'cookie', 'X-Api-Key', 'apikey', 'X-Auth-Token', 'X-CSRF-Token', 'client_secret', 'password', 'passwd', 'sessionid'])(
    'V5 %s is one by its name',
    (name) => expect(isSecret(name)).toBe(true),
  );

  test.each(['content-type', 'author', 'x-request-id', 'title', 'passenger', 'sessions', 'code'])('%s is none', (name) =>
    expect(isSecret(name)).toBe(false),
  );

  test('V5 a JWT is masked wherever it stands', () => {
    expect(maskText(`before ${JWT} after`)).toBe(`before ${MASK} after`);
    expect(maskHeaders({ 'x-note': JWT, 'x-api-key': 'k', accept: '*/*' })).toEqual({ 'x-note': MASK, 'x-api-key': MASK, accept: '*/*' });
  });

  test('V5 so is one in a URL that a header has', () => {
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
    ['https://x.example/orders/7?sort=asc', 'https://x.example/orders/7?sort=asc'],
    ['https://x.example/@ann/notes?at=a@b', 'https://x.example/@ann/notes?at=a@b'],
  ])('V5 %s is shown as %s', (url, shown) => expect(maskUrl(url)).toBe(shown));
});
