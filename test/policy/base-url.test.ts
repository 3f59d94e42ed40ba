import { describe, expect, test } from 'vitest';
import { checkpointKey, isUnder, normaliseBaseUrl, owning } from '../../sw/policy/base-url.js';
import { ConfigError } from '../../sw/policy/errors.js';
import { generatedTaskId, TASK_ID } from '../../sw/protocol/ids.js';

describe('checkpointKey', () => {
  const baseUrl = 'https://x.example/v1';

  test('K1 joins namespace, base URL and task id, each encoded by itself', () => {
    expect(checkpointKey({ namespace: 'shop', baseUrl, taskId: 'a@b' })).toBe('shop|https%3A%2F%2Fx.example%2Fv1|a%40b');
    expect(checkpointKey({ baseUrl, taskId: 'a' })).toBe('|https%3A%2F%2Fx.example%2Fv1|a');
  });

  test('K1 a bar inside a part forges no key', () => {
    const forged = checkpointKey({ namespace: 'a|https://x.example/v1', baseUrl, taskId: 't' });
    expect(forged.split('|')).toHaveLength(3);
    expect(forged).not.toBe(checkpointKey({ namespace: 'a', baseUrl, taskId: 't' }));
  });

  test('K2 two spellings of a base URL give one key', () => {
    expect(checkpointKey({ baseUrl: '  https://X.example:443/v1///', taskId: 't' })).toBe(checkpointKey({ baseUrl, taskId: 't' }));
  });

  test.each(['', '-a', '.a', 'a b', 'a|b', 'ä', 'a/b', 'a'.repeat(256)])('K4 refuses the task id %j and names the rule', (taskId) => {
    expect(() => checkpointKey({ baseUrl, taskId })).toThrow(/taskId.*starts with a letter or digit/);
  });

  test.each(['a', '7', 'a'.repeat(255), 'A.b_c@d-9'])('K4 takes the task id %j', (taskId) => {
    expect(checkpointKey({ baseUrl, taskId })).toContain('|');
  });
});

describe('normaliseBaseUrl', () => {
  test.each([
    ['/api', 'https://app.example/api'],
    ['/api/', 'https://app.example/api'],
    ['api', 'https://app.example/shop/api'],
    ['/', 'https://app.example'],
    ['HTTP://Localhost:80/A/', 'http://localhost/A'],
    ['https://x.example:8443/', 'https://x.example:8443'],
  ])('K2 %j becomes %j', (given, expected) => {
    expect(normaliseBaseUrl(given, 'https://app.example/shop/sw.js')).toBe(expected);
  });

  test.each(['', '   ', 'http://', 'ftp://x/', 'https://u:p@x/', '/api?x=1', '/api#x', 7 as unknown as string])(
    'K2 refuses %j and names the option',
    (given) => {
      expect(() => normaliseBaseUrl(given, 'https://app.example/sw.js', 'backends[0].baseUrl')).toThrow(ConfigError);
      expect(() => normaliseBaseUrl(given, 'https://app.example/sw.js', 'backends[0].baseUrl')).toThrow(/backends\[0\]\.baseUrl/);
    },
  );
});

describe('owning', () => {
  test.each([
    ['https://a.example/v1/x', true],
    ['https://a.example/v1', true],
    ['https://a.example/v1?q', true],
    ['https://a.example/v10/x', false],
    ['https://a.example/V1/x', false],
    ['https://a.example.evil/v1/x', false],
    ['http://a.example/v1/x', false],
  ])('K7 %s under https://a.example/v1 is %s', (url, expected) => {
    expect(isUnder(url, 'https://a.example/v1')).toBe(expected);
  });

  test('K7 an origin doesn’t own another that begins like it', () => {
    expect(isUnder('https://api.x.evil/y', 'https://api.x')).toBe(false);
    expect(isUnder('https://api.x:8443/y', 'https://api.x')).toBe(false);
  });

  test('K7 the longest match comes first', () => {
    const backends = ['https://a.example', 'https://a.example/v1/deep', 'https://a.example/v1'].map((baseUrl) => ({ baseUrl }));
    expect(owning('https://a.example/v1/deep/x', backends)[0]?.baseUrl).toBe('https://a.example/v1/deep');
    expect(owning('https://a.example/v1/x', backends)[0]?.baseUrl).toBe('https://a.example/v1');
    expect(owning('https://b.example/v1/x', backends)).toEqual([]);
  });
});

describe('generatedTaskId', () => {
  test('K4 keeps the rule, sorts by time and uses all its randomness', () => {
    const zeros = new Uint8Array(10);
    const ones = new Uint8Array(10).fill(255);
    const early = generatedTaskId(1_000, ones);
    const late = generatedTaskId(1_001, zeros);
    expect(early).toMatch(TASK_ID);
    expect(early).toHaveLength(26);
    expect([late, early].sort()).toEqual([early, late]);
    const one = Uint8Array.from({ length: 10 }, (_, index) => (index === 9 ? 1 : 0));
    expect(generatedTaskId(1_000, one)).not.toBe(generatedTaskId(1_000, zeros));
  });
});
