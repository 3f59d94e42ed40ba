/** Breaks the product in one way after the other, and says which of them the simulation notices, by which check, within how many seeds. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { load } from './load.mjs';

const root = join(import.meta.dirname, '../..');

/** Replaces a source's text on its way in; `done` is called when it has. */
const applied = ({ file, edits }, done) => ({
  name: 'mutation',
  enforce: 'pre',
  transform(code, id) {
    if (id.split('?')[0] !== join(root, file)) return null;
    done();
    return edits.reduce((text, [from, to]) => text.replace(from, () => to), code);
  },
});

/**
 * @param count how many seeds are tried before it's said that nothing was noticed
 * @param about what's in the names or files of those that are tried; all of them for ''
 */
export async function mutate({ from, count, writes, about }) {
  const { MUTATIONS, checksViolated, staleTexts } = await load();
  const wanted = MUTATIONS.filter(({ name, file }) => `${name} ${file}`.includes(about));
  const widths = [10, ...['name', 'file'].map((column) => Math.max(...wanted.map((mutation) => mutation[column].length))), 5, 7];
  const row = (...cells) => console.log(cells.map((cell, at) => String(cell).padEnd(widths[at] ?? 0)).join('  ').trimEnd());
  row('', 'mutation', 'file', 'seeds', 'seconds', 'caught by');
  /** What today's product violates in a seed proves nothing. */
  const before = new Map();
  let caught = 0;
  let stale = 0;
  let elsewhere = 0;
  for (const mutation of wanted) {
    const { name, file, seenBy } = mutation;
    const [lost] = staleTexts(mutation, await readFile(join(root, file), 'utf8'));
    if (lost !== undefined) {
      stale++;
      row('STALE', name, file, '', '', `the file has no longer, or more than once: ${lost}`);
      continue;
    }
    if (seenBy !== undefined) {
      elsewhere++;
      row('UNIT TEST', name, file, '', '', seenBy);
      continue;
    }
    let isApplied = false;
    const { checksViolated: mutated } = await load([applied(mutation, () => (isApplied = true))]);
    if (!isApplied) throw new Error(`${name}: ${file} isn't part of what the simulation plays`);
    const begin = performance.now();
    let checks = [];
    let seeds = 0;
    while (seeds < count && checks.length === 0) {
      const seed = from + seeds++;
      const violated = await mutated(seed, writes, true);
      if (violated.length > 0 && !before.has(seed)) before.set(seed, await checksViolated(seed, writes));
      checks = violated.filter((check) => !before.get(seed).includes(check));
    }
    if (checks.length > 0) caught++;
    row(checks.length > 0 ? 'caught' : 'NOT SHOWN', name, file, seeds, ((performance.now() - begin) / 1000).toFixed(1), checks.join(', '));
  }
  console.log(`\n${caught} of ${wanted.length - elsewhere} caught${elsewhere > 0 ? `, ${elsewhere} more by unit tests` : ''}${stale > 0 ? `; ${stale} STALE: bring ${stale === 1 ? 'it' : 'them'} up to date in mutations.ts` : ''}`);
  return caught + elsewhere === wanted.length ? 0 : 1;
}
