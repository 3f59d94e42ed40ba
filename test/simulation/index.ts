import { orExplained } from '../support/options.js';
import { readArguments, type Arguments } from './arguments.js';
import { isKnown, keep, readKept } from './kept.js';
import { withRefusals } from './deeds/refusals.js';
import { planOf } from './plan.js';
import { run, type Result } from './run.js';
import { shrink } from './shrink.js';
import { commandFor, scriptWords, summary, violationWords, type Told } from './words.js';

/** What seeds have come to. */
export interface Played {
  results: Told[];
  failed: number;
}

/** So many seeds are played in a process: Node keeps a part of each run. */
const PART = 100;

/**
 * The simulation. Gives the exit code: 0, 1 for a violation, 2 for a wrong argument.
 *
 * @param part plays seeds in another process
 */
export async function main(given: readonly string[], part: (given: readonly string[]) => Promise<Played>): Promise<number> {
  if (given[0] === '--kept') return playKept(given[1] ?? '');
  const wanted = orExplained(() => readArguments(given, Math.floor(Math.random() * 2 ** 32)));
  if (!wanted) return 2;
  const { from, count, minutes, jobs } = wanted;
  const begin = performance.now();
  const isWhole = minutes === null && count <= (jobs === 1 ? PART : 1);
  const { results, failed } = isWhole ? await play(wanted) : await playInParts();
  console.log(summary(results, performance.now() - begin));
  return failed > 0 ? 1 : 0;

  async function playInParts(): Promise<Played> {
    const played: Played = { results: [], failed: 0 };
    const end = minutes === null ? from + count : Infinity;
    const options = withoutSeeds(given);
    let next = from;
    const job = async () => {
      while (next < end && (minutes === null || performance.now() < begin + minutes * 60_000)) {
        const first = next;
        next = Math.min(next + PART, end);
        const { results: more, failed: failures } = await part([...options, '--from', String(first % 2 ** 32), '--count', String(next - first)]);
        played.results.push(...more);
        played.failed += failures;
      }
    };
    await Promise.all(Array.from({ length: jobs }, job));
    return played;
  }
}

/** The arguments but for those that say which seeds are played, and in how many processes. */
const withoutSeeds = (given: readonly string[]): string[] => given.flatMap((one) => one.split(/=(.*)/s, 2)).filter((one, at, all) => !SEEDS.test(one) && !SEEDS.test(all[at - 1] ?? ''));
const SEEDS = /^--(from|count|minutes|jobs)$/;

/** Plays seeds here, one after the other. */
async function play(wanted: Arguments): Promise<Played> {
  const played: Played = { results: [], failed: 0 };
  for (let index = 0; index < wanted.count; index++) {
    const seed = (wanted.from + index) % 2 ** 32;
    const { counts, violations, late, isGood } = await runSeed({ ...wanted, from: seed });
    const known = violations.filter((violation) => isKnown(seed, wanted.writes, violation));
    played.results.push({ counts, late, known, violations: violations.filter((violation) => !known.includes(violation)) });
    if (!isGood) played.failed++;
  }
  return played;
}

/** Plays a part of the seeds, for the process that has asked for it. */
export const playPart = (given: readonly string[]): Promise<Played> => play(readArguments(given, 1));

/** Plays a script that was kept, by the name of its file, and prints all that happens. */
async function playKept(name: string): Promise<number> {
  const { violations, lines } = await run(readKept(name).script, { isTraced: true });
  console.log(`${lines.join('\n')}\n${violationWords(violations)}`);
  return violations.length > 0 ? 1 : 0;
}

/** What `--mutations` is to do; null where it isn't given. A word after it is in the names, or the files, of those that are tried. */
export function wants(given: readonly string[]): (Pick<Arguments, 'from' | 'count' | 'writes'> & { about: string }) | null {
  const at = given.indexOf('--mutations');
  if (at === -1) return null;
  const about = given[at + 1]?.startsWith('--') ? '' : (given[at + 1] ?? '');
  return { ...readArguments(about === '' ? given : given.toSpliced(at + 1, 1), 1), about };
}

export { MUTATIONS, staleTexts } from './mutations.js';

/**
 * The checks that a seed violates, but for those that are known to be: whatever makes it go another way may show them.
 *
 * @param isOneEnough the first is all that's asked for
 */
export async function checksViolated(seed: number, writes: number, isOneEnough = false): Promise<string[]> {
  const { violations } = await run(planOf(seed, writes), { isOneEnough });
  return [...new Set(violations.filter((violation) => !isKnown(seed, writes, violation)).map(({ check }) => check))];
}

async function runSeed({ from: seed, writes, trace, check, refuse, shrink: shrinks }: Arguments): Promise<Result & { isGood: boolean }> {
  const script = refuse ? withRefusals(planOf(seed, writes)) : planOf(seed, writes);
  const result = await run(script, { isTraced: trace });
  const { violations, lines, fingerprint } = result;
  if (trace && !shrinks) console.log(lines.join('\n'));
  let isGood = violations.every((violation) => isKnown(seed, writes, violation));
  if (violations.length > 0 && (!isGood || shrinks)) console.log(`\n${commandFor(seed, writes, refuse)}\n${violationWords(violations)}`);
  if (check && (await run(script)).fingerprint !== fingerprint) {
    console.log(`\nseed ${seed} went another way when it was played again`);
    isGood = false;
  }
  const first = violations.find((violation) => !isKnown(seed, writes, violation)) ?? violations[0];
  if (shrinks && first) {
    const shorter = await shrink(script, first.check);
    const file = await keep(shorter, first);
    if (trace) console.log((await run(shorter, { isTraced: true })).lines.join('\n'));
    console.log(`${scriptWords(shorter)}\nkept as ${file}`);
  }
  return { ...result, isGood };
}
