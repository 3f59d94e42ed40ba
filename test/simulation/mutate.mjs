/** Breaks the product in one way after the other, and says which of them the simulation notices within how many seeds. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { load } from './load.mjs';

const root = join(import.meta.dirname, '../..');

/** Replaces a source's text on its way in. */
const applied = ({ file, edits }) => ({
  name: 'mutation',
  enforce: 'pre',
  transform: (code, id) =>
    id.split('?')[0] === join(root, file) ? edits.reduce((text, [from, to]) => text.replace(from, () => to), code) : null,
});

/** @param seeds how many are tried before it's said that nothing was noticed */
export async function mutate({ from, count: seeds, writes }) {
  const { MUTATIONS, checksViolated } = await load();
  /** What today's product violates in a seed proves nothing. */
  const before = new Map();
  let caught = 0;
  for (const mutation of MUTATIONS) {
    const source = await readFile(join(root, mutation.file), 'utf8');
    const [lost] = mutation.edits.find(([text]) => source.split(text).length !== 2) ?? [];
    if (lost) {
      console.log(`STALE      ${mutation.name}: ${mutation.file} has no longer, or more than once: ${lost}`);
      continue;
    }
    const { checksViolated: mutated } = await load([applied(mutation)]);
    let found = null;
    for (let seed = from; seed < from + seeds && !found; seed++) {
      if (!before.has(seed)) before.set(seed, await checksViolated(seed, writes));
      const checks = (await mutated(seed, writes)).filter((check) => !before.get(seed).includes(check));
      if (checks.length > 0) found = { seed, checks };
    }
    if (found) caught++;
    console.log(found ? `caught     ${mutation.name}: ${found.seed - from + 1} seeds, ${found.checks.join(', ')}` : `NOT SHOWN  ${mutation.name}: ${seeds} seeds`);
  }
  console.log(`\n${caught} of ${MUTATIONS.length} caught`);
  return caught === MUTATIONS.length ? 0 : 1;
}
