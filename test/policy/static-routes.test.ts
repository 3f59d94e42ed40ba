import { describe, expect, test } from 'vitest';
import { isUnder } from '../../sw/policy/base-url.js';
import { routesBeside } from '../../sw/policy/static-routes.js';

const backend = (baseUrl: string, ...methods: string[]) => ({ baseUrl, methods: new Set(methods.length > 0 ? methods : ['POST']), auth: null });

interface Pattern {
  new (init: Record<string, string>): { test(url: string): boolean };
}

describe('routesBeside', () => {
  test('let navigations, GET, HEAD and URLs under no base URL go past the worker', () => {
    const [navigation, get, head, outside] = routesBeside([backend('https://x.example/api'), backend('https://y.example:8080')]);
    expect([navigation, get, head].map((route) => route?.condition)).toEqual([{ requestMode: 'navigate' }, { requestMethod: 'GET' }, { requestMethod: 'HEAD' }]);
    expect(outside?.condition.not?.or?.map(({ urlPattern }) => urlPattern)).toEqual([
      { protocol: 'https', hostname: 'x.example', port: '', pathname: '/api{/*}?', search: '*', hash: '*' },
      { protocol: 'https', hostname: 'y.example', port: '8080', pathname: '{/*}?', search: '*', hash: '*' },
    ]);
  });

  test('A24 don’t let a GET go past the worker where a backend learns tokens from GETs', () => {
    const methods = (auth: { learn: boolean }) => routesBeside([backend('https://x.example/a'), { ...backend('https://x.example/b'), auth }]).map(({ condition }) => condition.requestMethod);
    expect(methods({ learn: true })).toEqual([undefined, undefined]);
    expect(methods({ learn: false })).toEqual([undefined, 'GET', 'HEAD', undefined]);
  });

  test('don’t let a method go past the worker that a backend keeps', () => {
    const routes = routesBeside([backend('https://x.example/a'), backend('https://x.example/b', 'GET', 'POST')]);
    expect(routes.map(({ condition }) => condition.requestMethod)).toEqual([undefined, 'HEAD', undefined]);
  });

  test('take the characters of a base URL as no pattern', () => {
    const [, , , outside] = routesBeside([backend('https://x.example/v1:batch/(a)*+?/')]);
    expect(outside?.condition.not?.or?.[0]?.urlPattern?.['pathname']).toBe('/v1\\:batch/\\(a\\)\\*\\+{/*}?');
  });

  const { URLPattern } = globalThis as unknown as { URLPattern?: Pattern };
  test.runIf(URLPattern).each(['https://x.example/api', 'https://x.example/api/a?b', 'https://x.example/api?b', 'https://x.example/apis'])('match %s as isUnder does', (url) => {
    const [, , , outside] = routesBeside([backend('https://x.example/api')]);
    const pattern = new URLPattern!(outside!.condition.not!.or![0]!.urlPattern!);
    expect(pattern.test(url)).toBe(isUnder(url, 'https://x.example/api'));
  });
});
