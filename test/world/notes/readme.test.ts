import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { LAYERS, linesOf, pathOf } from './layers.js';
import { SITUATIONS } from './situations.js';

const rows = readFileSync(pathOf('./README.md'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .map((line) => line.slice(2, -2).split(' | '));

test('the README’s table has the lines of the data layers as they are', () => {
  expect(rows.find(([name]) => name?.includes('lines'))?.slice(1)).toEqual(LAYERS.map((layer) => `**${linesOf(layer)}**`));
});

test('the README’s table has a row for each situation, as `npm run compare -- --write` writes it', () => {
  expect(rows.slice(4).map(([name]) => name)).toEqual(SITUATIONS.map(({ name }) => name));
});
