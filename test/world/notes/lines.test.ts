import { expect, test } from 'vitest';
import { linesOfCode } from './lines.js';

test('empty lines and comments aren’t counted, and code behind a comment’s end is', () => {
  const script = ['// a comment', '', "const url = 'http://a'; // code", '  ', '/** one */', '/*', ' * const a = 1;', ' */', '/* in front */ const b = 2;', '/* of', 'two */ const c = 3;'];
  expect(linesOfCode(script.join('\n'))).toBe(3);
});
