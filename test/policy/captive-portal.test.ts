import { expect, test } from 'vitest';
import { isCaptivePortal, isLoopback } from '../../sw/policy/captive-portal.js';

const api = 'http://api.example/v1';
const cases: [what: string, answer: Parameters<typeof isCaptivePortal>[0], isPortal: boolean][] = [
  ['an empty answer isn’t a captive portal’s', { asked: api, url: api, status: 204, contentType: null }, false],
  ['JSON isn’t a captive portal’s', { asked: api, url: api, status: 200, contentType: 'application/json' }, false],
  ['a redirect within the origin isn’t a captive portal’s', { asked: api, url: `${api}/`, status: 200, contentType: 'application/json' }, false],
  ['a redirect to another origin is a captive portal’s', { asked: api, url: 'http://portal.example/login', status: 200, contentType: null }, true],
  ['a redirect to another port is a captive portal’s', { asked: api, url: 'http://api.example:81/v1', status: 404, contentType: null }, true],
  ['a redirect from http to https is a captive portal’s', { asked: api, url: 'https://api.example/v1', status: 200, contentType: null }, true],
  ['a page is a captive portal’s', { asked: api, url: api, status: 200, contentType: 'text/html; charset=utf-8' }, true],
  ['a page in XHTML is a captive portal’s', { asked: api, url: api, status: 203, contentType: 'application/xhtml+xml' }, true],
  ['a 404 in HTML, as many frameworks write it, isn’t a captive portal’s', { asked: api, url: api, status: 404, contentType: 'text/html' }, false],
  ['a 503 in HTML isn’t a captive portal’s', { asked: api, url: api, status: 503, contentType: 'text/html' }, false],
  ['a page by https, which nobody in between can answer, isn’t a captive portal’s', { asked: 'https://a.example/', url: 'https://a.example/', status: 200, contentType: 'text/html' }, false],
];

test.each(cases)('R8 %s', (_what, answer, isPortal) => {
  expect(isCaptivePortal(answer)).toBe(isPortal);
});

test.each([
  ['http://localhost:3000/api', true],
  ['http://app.localhost/', true],
  ['http://127.0.0.1/', true],
  ['http://127.8.9.10:80/', true],
  ['http://[::1]:8080/v1', true],
  ['https://localhost.example/', false],
  ['https://notlocalhost/', false],
  ['http://128.0.0.1/', false],
  ['http://127.0.0.1.example/', false],
  ['https://api.example/v1', false],
])('R8 %s is on this machine: %s', (url, is) => {
  expect(isLoopback(url)).toBe(is);
});
