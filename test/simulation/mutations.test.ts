import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { MUTATIONS, staleTexts } from './mutations.js';

const root = join(import.meta.dirname, '../..');

test('each text that a mutation replaces is in its source once', async () => {
  const stale = await Promise.all(MUTATIONS.map(async (mutation) => staleTexts(mutation, await readFile(join(root, mutation.file), 'utf8')).map((text) => `${mutation.name}: ${text}`)));
  expect(stale.flat()).toEqual([]);
});

test('a text that is there no longer, or twice, is stale', () => {
  const mutation = { name: '', file: '', edits: [['once', ''], ['twice', ''], ['never', '']] as const };
  expect(staleTexts(mutation, 'once twice twice')).toEqual(['twice', 'never']);
});
