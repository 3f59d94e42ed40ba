export interface Arguments {
  seed: number;
  ops: number;
  tabs: number;
  /** Seed after seed, until so many minutes are over; null for one seed. */
  minutes: number | null;
  /**
   * A post to the backend that stores on failure may take effect twice when its worker was stopped
   * within so many milliseconds of the call: nothing of it is on disk yet. 0: that's a violation too.
   */
  tolerate: number;
  verbose: boolean;
}

/** A first send is written to disk after 250 ms, and the stop that's asked for takes a while to come. */
export const TOLERATED_MS = 350;

/** A wrong argument: names the option and the rule. */
export class UsageError extends Error {
  override name = 'UsageError';
}

interface Rule {
  holds(value: number): boolean;
  words: string;
}

const whole = (least: number, most: number): Rule => ({
  holds: (value) => Number.isInteger(value) && value >= least && value <= most,
  words: `it must be a whole number from ${least} to ${most}`,
});

const RULES: { [Name in 'seed' | 'ops' | 'tabs' | 'minutes' | 'tolerate']: Rule } = {
  seed: whole(0, 2 ** 32 - 1),
  ops: whole(1, 100_000),
  tabs: whole(1, 8),
  minutes: { holds: (value) => value > 0 && Number.isFinite(value), words: 'it must be a number over 0' },
  tolerate: whole(0, 10_000),
};

/**
 * Reads `--seed 7 --ops 400 --tabs 2 --minutes 1 --tolerate 350 --verbose`.
 * @param anySeed taken when none is given
 * @throws UsageError
 */
export function readArguments(given: readonly string[], anySeed: number): Arguments {
  const read: Arguments = { seed: anySeed, ops: 400, tabs: 2, minutes: null, tolerate: TOLERATED_MS, verbose: false };
  const rest = given.flatMap((argument) => argument.split(/=(.*)/s, 2));
  while (rest.length > 0) {
    const option = rest.shift()!;
    const name = option.replace(/^--/, '');
    if (option === '--verbose') read.verbose = true;
    else if (option.startsWith('--') && isOption(name)) read[name] = obeyed(name, rest.shift());
    else throw new UsageError(`${option} is no option; there are --${Object.keys(RULES).join(', --')} and --verbose`);
  }
  return read;
}

const isOption = (name: string): name is keyof typeof RULES => Object.hasOwn(RULES, name);

function obeyed(name: keyof typeof RULES, value: string | undefined): number {
  const { holds, words } = RULES[name];
  const number = value === undefined || value.trim() === '' ? NaN : Number(value);
  if (!holds(number)) throw new UsageError(`--${name} is ${value ?? 'missing'}: ${words}`);
  return number;
}
