/** What a visitor downloads, against the budgets: brotli at its best, in bytes. */
import { readFile } from 'node:fs/promises';
import { constants, brotliCompressSync } from 'node:zlib';
import { build } from 'vite';

export const BUDGETS = [
  // Until a goal is met, its limit keeps the distance from growing.
  { file: 'holdfast-sw.js', goal: 34_000, limit: 52_800, mode: 'classic-worker' },
  { file: 'holdfast.js', goal: 6_000, limit: 9_100, mode: 'classic-client' },
  { file: 'holdfast-stream.js', goal: 6_000, limit: 5_800 },
  { file: 'holdfast-outbox.js', goal: 1_000, limit: 1_000 },
  { file: 'holdfast-tools.js', goal: 4_000, limit: 4_000 },
  { file: 'holdfast-inspector.js', goal: 28_000, limit: 33_700 },
];

export async function checkSizes() {
  const results = [];
  for (const { file, goal, limit, mode } of BUDGETS) {
    const source = await readFile(new URL(`../dist/${file}`, import.meta.url));
    const bytes = brotli(source);
    const distance = bytes > goal ? `${bytes - goal} over the goal of ${goal}` : `within the goal of ${goal}`;
    const packages = mode ? `; of that ${await packagesIn(mode)}` : '';
    results.push({ passed: bytes <= limit, line: `${file}: ${bytes} bytes brotli, ${distance}; the limit is ${limit}${packages}` });
  }
  return results;
}

const brotli = (source) => brotliCompressSync(source, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).byteLength;

/** What each dependency weighs in a script, by itself, with what of it is left after the rest was shaken off. */
async function packagesIn(mode) {
  const built = await build({ configFile: `${import.meta.dirname}/../vite.config.ts`, root: `${import.meta.dirname}/..`, mode, logLevel: 'silent', build: { write: false } });
  const [{ output }] = [built].flat();
  const code = new Map();
  for (const [id, { code: part }] of Object.entries(output[0].modules)) {
    const [, name] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(id) ?? [];
    if (name && part) code.set(name, (code.get(name) ?? '') + part);
  }
  return [...code].map(([name, parts]) => `${name} ${brotli(Buffer.from(parts))}`).join(', ') || 'no dependency';
}
