import { expect, test } from 'vitest';
import { challenges } from '../../sw/policy/challenges.js';

const read = (header: string) => challenges(header).map(({ scheme, params }) => [scheme, { ...params }]);

test.each<[header: string, expected: unknown]>([
  ['Bearer', [['bearer', {}]]],
  ['Bearer realm="a, Basic b", error=invalid_token', [['bearer', { realm: 'a, Basic b', error: 'invalid_token' }]]],
  ['Basic realm="x", Bearer error="e"', [['basic', { realm: 'x' }], ['bearer', { error: 'e' }]]],
  ['Negotiate YII+/x==, Bearer realm="x"', [['negotiate', {}], ['bearer', { realm: 'x' }]]],
  ['Bearer realm = "a" , error = "b"', [['bearer', { realm: 'a', error: 'b' }]]],
  ['Bearer realm="a" error="b"', [['bearer', { realm: 'a', error: 'b' }]]],
  ['Bearer realm="a \\"quoted\\" b"', [['bearer', { realm: 'a "quoted" b' }]]],
  [`Bearer realm='api', error="invalid_request"`, [['bearer', { realm: "'api'", error: 'invalid_request' }]]],
  ['Bearer error="a", error="b"', [['bearer', { error: 'a' }]]],
  ['Bearer __proto__="a", constructor=b', [['bearer', { ['__proto__']: 'a', constructor: 'b' }]]],
  [',, ,Bearer,,Basic , ', [['bearer', {}], ['basic', {}]]],
  ['Bearer error="never closed, Basic realm="x', [['bearer', { error: 'never closed, Basic realm=' }]]],
  ['realm="of nothing"', []],
  ['', []],
  ['"', []],
  ['=,=;\u0000', []],
])('A2 challenges are read from the header %j', (header, expected) => {
  expect(read(header)).toEqual(expected);
});

// Each of them would take a reader that goes back minutes.
test.each([
  ['spaces', ' '.repeat(1e6)],
  ['letters', `Bearer ${'a'.repeat(1e6)}`],
  ['backslashes', `Bearer error="${'\\'.repeat(1e6)}`],
  ['quotes', '"'.repeat(1e6)],
  ['equals signs', `Bearer ${'a='.repeat(5e5)}`],
  ['letters with spaces between them', `Bearer ${'a '.repeat(5e5)}`],
  ['commas', ','.repeat(1e6)],
])('A2 a million %s are read no further than 16 KiB', (_what, header) => {
  expect(challenges(header).length).toBeLessThan(2);
});
