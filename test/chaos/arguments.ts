import { readOptions, whole, type Rules } from '../support/options.js';

export interface Arguments {
  seed: number;
  ops: number;
  tabs: number;
  /** Seed after seed, until so many minutes are over; null for one seed. */
  minutes: number | null;
  /**
   * A post to the backend that stores on failure may take effect twice when its worker was stopped
   * within so many milliseconds of the request's arrival: nothing of it is on disk yet. 0: that's a violation too.
   */
  tolerate: number;
  /** How many busy processes run beside it. */
  load: number;
  /** The weight of steps that stop the worker over a write-ahead post, beside the usual steps: a post that comes alone has 60. */
  stops: number;
  /** Behind the run's own server is that of `demo/examples/04-exactly-once`, which does the writes; and its processes are killed, too. */
  example: boolean;
  verbose: boolean;
}

/** A first send is written to disk after 250 ms, and the stop that's asked for takes a while to come. */
export const TOLERATED_MS = 350;

const RULES: Rules<'seed' | 'ops' | 'tabs' | 'minutes' | 'tolerate' | 'load' | 'stops'> = {
  seed: whole(0, 2 ** 32 - 1),
  ops: whole(1, 100_000),
  tabs: whole(1, 8),
  minutes: { holds: (value) => value > 0 && Number.isFinite(value), words: 'it must be a number over 0' },
  tolerate: whole(0, 10_000),
  load: whole(0, 100),
  stops: whole(0, 1_000),
};

/**
 * Reads `--seed 7 --ops 400 --tabs 2 --minutes 1 --tolerate 350 --load 12 --stops 60 --example --verbose`.
 * @param anySeed taken when none is given
 * @throws UsageError
 */
export function readArguments(given: readonly string[], anySeed: number): Arguments {
  const read = readOptions(given, RULES, ['example', 'verbose']);
  return { seed: anySeed, ops: 400, tabs: 2, minutes: null, tolerate: TOLERATED_MS, load: 0, stops: 0, example: false, verbose: false, ...read };
}
