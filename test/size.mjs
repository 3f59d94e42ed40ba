/** What a visitor downloads, against the budgets: brotli at its best, in bytes. */
import { readFile } from 'node:fs/promises';
import { constants, brotliCompressSync } from 'node:zlib';

export const BUDGETS = [
  // Until a goal is met, its limit keeps the distance from growing.
  { file: 'holdfast-sw.js', goal: 14_000, limit: 27_700 },
  { file: 'holdfast.js', goal: 5_000, limit: 7_800 },
  { file: 'holdfast-stream.js', goal: 6_000, limit: 6_500 },
  { file: 'holdfast-tools.js', goal: 4_000, limit: 4_000 },
  { file: 'holdfast-inspector.js', goal: 28_000, limit: 28_000 },
];

export async function checkSizes() {
  const results = [];
  for (const { file, goal, limit } of BUDGETS) {
    const source = await readFile(new URL(`../dist/${file}`, import.meta.url));
    const bytes = brotliCompressSync(source, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).byteLength;
    const distance = bytes > goal ? `${bytes - goal} over the goal of ${goal}` : `within the goal of ${goal}`;
    results.push({ passed: bytes <= limit, line: `${file}: ${bytes} bytes brotli, ${distance}; the limit is ${limit}` });
  }
  return results;
}
