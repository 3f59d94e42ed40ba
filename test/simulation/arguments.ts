import { readOptions, UsageError, whole, type Rules } from '../support/options.js';

export interface Arguments {
  from: number;
  count: number;
  /** Seeds are played until so much time has passed; null: `count` of them. */
  minutes: number | null;
  /** Writes of each seed. */
  writes: number;
  /** How many processes play at once. */
  jobs: number;
  /** Prints all that happens. */
  trace: boolean;
  /** Plays each seed twice, and compares. */
  check: boolean;
  /** Looks for the shortest script that still violates the same, and keeps it. */
  shrink: boolean;
  /** One write in twenty is always refused, in one way or another. */
  refuse: boolean;
  /** Tries the simulation itself, on a product that's broken on purpose. */
  mutations: boolean;
}

const SEED = whole(0, 2 ** 32 - 1);

const RULES: Rules<'seed' | 'from' | 'count' | 'minutes' | 'writes' | 'jobs'> = {
  seed: SEED,
  from: SEED,
  count: whole(1, 1_000_000),
  minutes: whole(1, 10_000),
  writes: whole(1, 1_000),
  jobs: whole(1, 64),
};

const FLAGS = ['trace', 'check', 'shrink', 'refuse', 'mutations'] as const;

/**
 * Reads `--seed 7`, or `--from 1 --count 100`, or `--minutes 60`, with `--writes`, `--jobs`, `--trace`, `--check`, `--shrink`, `--refuse`
 * and `--mutations`.
 * @param anySeed where `--minutes` begins, unless it's said
 * @throws UsageError
 */
export function readArguments(given: readonly string[], anySeed: number): Arguments {
  const options = readOptions(given, RULES, FLAGS);
  const { seed, minutes, writes = 30, jobs = 1, trace = false, check = false, shrink = false, refuse = false, mutations = false } = options;
  const { from = seed ?? (minutes === undefined ? 1 : anySeed), count = seed === undefined ? 100 : 1 } = options;
  if (seed !== undefined && (options.from !== undefined || options.count !== undefined || minutes !== undefined))
    throw new UsageError('--seed names one seed; leave it out with --from, --count and --minutes');
  return { from, count, minutes: minutes ?? null, writes, jobs, trace, check, shrink, refuse, mutations };
}
