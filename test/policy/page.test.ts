import { expect, test } from 'vitest';
import { isOtherPage, type Arrival } from '../../sw/policy/page.js';

const at = (changes: Partial<Omit<Arrival, 'has'>> & { headers?: string[] } = {}) =>
  isOtherPage({
    asked: 'https://app.example/api/save',
    url: 'https://app.example/login',
    accept: '*/*',
    contentType: 'text/html; charset=utf-8',
    has: (name) => changes.headers?.includes(name) ?? false,
    ...changes,
  });

test('C14 a page at another path is another page, where the request asked for none', () => {
  expect(at()).toBe(true);
  expect(at({ accept: null, contentType: 'application/xhtml+xml' })).toBe(true);
  expect(at({ accept: 'application/json, text/plain, */*', url: 'https://login.example/' })).toBe(true);
});

test.each<[string, Parameters<typeof at>[0]]>([
  ['JSON', { contentType: 'application/json' }],
  ['an answer without a type', { contentType: null }],
  ['a page at the same path, by https or with another query', { asked: 'http://app.example/api/save', url: 'https://app.example/api/save?again' }],
  ['a page for a request that takes HTML', { accept: 'text/html, application/xhtml+xml' }],
  ['a page for htmx', { headers: ['hx-request'] }],
  ['a page for Turbo', { headers: ['turbo-frame'] }],
  ['a page for Unpoly', { headers: ['x-up-version'] }],
])('C14 %s isn’t another page', (_what, changes) => {
  expect(at(changes)).toBe(false);
});
