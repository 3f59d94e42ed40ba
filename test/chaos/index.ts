import { buildPage } from './app.js';
import { orExplained } from '../support/options.js';
import { readArguments, type Arguments } from './arguments.js';
import { check, type ViolationKind } from './checks.js';
import { startLoad } from './load.js';
import { DatabaseLostError, run, type RunOptions } from './run.js';
import { tallyOf, type Tally } from './tally.js';
import { startUpstream, type Upstream } from './upstream.js';
import { commandFor, story, summary, totals } from './words.js';

/** The fault run. Gives the exit code: 0, 1 for a violation, 2 for a wrong argument. */
export async function main(given: readonly string[]): Promise<number> {
  const wanted = orExplained(() => readArguments(given, Math.floor(Math.random() * 2 ** 32)));
  if (!wanted) return 2;
  const upstream = wanted.example ? await startUpstream() : null;
  const load = await startLoad(wanted.load);
  try {
    return await runSeeds(wanted, upstream);
  } finally {
    await load.end();
    await upstream?.stop();
  }
}

async function runSeeds(wanted: Arguments, upstream: Upstream | null): Promise<number> {
  const { seed, minutes, load } = wanted;
  const pageScript = await buildPage();
  const start = performance.now();
  const end = start + (minutes ?? 0) * 60_000;
  const failed: number[] = [];
  const tallies: Tally[] = [];
  let runs = 0;
  do {
    const next = (seed + runs++) % 2 ** 32;
    const { isGood, tally } = await runSeed({ ...wanted, seed: next }, { pageScript, upstream });
    if (!isGood) failed.push(next);
    if (tally) tallies.push(tally);
  } while (performance.now() < end);
  console.log(`\n${totals(tallies, { load, runs, tookMs: performance.now() - start })}`);
  if (runs > 1) console.log(`\n${runs} seeds, ${failed.length} with violations${failed.length > 0 ? `: ${failed.join(', ')}` : ''}`);
  return failed.length > 0 ? 1 : 0;
}

/** What the browser itself has lost proves nothing, so the seed is run again; more often than this, and it's news. */
const LOSSES = 2;

/** `isGood`: nothing was violated. There's no tally of a run that broke off. */
async function runSeed(wanted: Arguments, parts: Pick<RunOptions, 'pageScript' | 'upstream'>, losses = 0): Promise<{ isGood: boolean; tally: Tally | null }> {
  const { verbose, tolerate, ...options } = wanted;
  console.log(`\nseed ${options.seed}, ${options.ops} posts\nagain:      ${commandFor(wanted)}`);
  const say = (line: string) => void (verbose && console.log(line));
  const start = performance.now();
  try {
    const record = await run({
      ...options,
      ...parts,
      onStep: (step, index, ms) => say(`${String(ms).padStart(6)} ms  ${index} ${JSON.stringify(step)}`),
      onConsole: (line) => say(`           console: ${line}`),
    });
    const found = check(record, {
      tolerates: ({ op }, flownMs) => op.backend === 'plain' && flownMs.some((ms) => ms < tolerate),
    });
    const tolerated = check(record).length - found.length;
    const counted = (kind: ViolationKind) => found.filter((one) => one.kind === kind).length;
    const violations = found.filter(({ kind }) => kind !== 'bypassed' && kind !== 'resent');
    const [bypassed, resent] = [counted('bypassed'), counted('resent')];
    for (const violation of violations) console.log(`\n${story(violation, record)}`);
    console.log(`\n${summary(record, { violations, tolerated, bypassed, resent }, performance.now() - start)}`);
    return { isGood: violations.length === 0, tally: tallyOf(record, violations, tolerated) };
  } catch (error) {
    console.error('the run broke off', error);
    if (error instanceof DatabaseLostError && losses < LOSSES) return runSeed(wanted, parts, losses + 1);
    return { isGood: false, tally: null };
  }
}
