import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ROWS, versionOf } from './table.js';
import { docsTable } from './words.js';

const recipes = readFileSync(new URL('../../../docs/recipes.md', import.meta.url), 'utf8');

test('W7 the table of libraries in docs/recipes.md is what the browser tests assert, with the versions that they run', () => {
  const section = recipes.split('## With your library\n')[1]?.split('\n## ')[0] ?? '';
  const table = section.split('\n').filter((line) => line.startsWith('|'));
  expect(table.join('\n')).toBe(docsTable(ROWS, versionOf));
});

test('W7 the packages of the tests are pinned to their versions', () => {
  for (const row of ROWS) expect(versionOf(row)).toMatch(/^\d+\.\d+\.\d+$/);
});
