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

test('C14 a page at another path, where none was asked for', () => {
  expect(at()).toBe(true);
  expect(at({ accept: null, contentType: 'application/xhtml+xml' })).toBe(true);
  expect(at({ accept: 'application/json, text/plain, */*', url: 'https://login.example/' })).toBe(true);
});

test.each<[string, Parameters<typeof at>[0]]>([
  ['JSON', { contentType: 'application/json' }],
  ['no type', { contentType: null }],
  ['the same path, by https or with another query', { asked: 'http://app.example/api/save', url: 'https://app.example/api/save?again' }],
  ['a request that takes HTML', { accept: 'text/html, application/xhtml+xml' }],
  ['htmx', { headers: ['hx-request'] }],
  ['Turbo', { headers: ['turbo-frame'] }],
  ['Unpoly', { headers: ['x-up-version'] }],
])('C14 not %s', (_what, changes) => {
  expect(at(changes)).toBe(false);
});
