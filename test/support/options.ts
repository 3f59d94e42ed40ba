/** How the tools under test/ read their arguments. */

/** A wrong argument: names the option and the rule. */
export class UsageError extends Error {
  override name = 'UsageError';
}

export interface Rule {
  holds(value: number): boolean;
  words: string;
}

export const whole = (least: number, most: number): Rule => ({
  holds: (value) => Number.isInteger(value) && value >= least && value <= most,
  words: `it must be a whole number from ${least} to ${most}`,
});

export type Rules<Name extends string> = { [_ in Name]: Rule };

/**
 * Reads `--seed 7 --clients=400 --verbose`: numbers that have a rule, and flags. An option that isn't given isn't in the result.
 * @throws UsageError
 */
export function readOptions<Name extends string, Flag extends string = never>(
  given: readonly string[],
  rules: Rules<Name>,
  flags: readonly Flag[] = [],
): Partial<Record<Name, number> & Record<Flag, true>> {
  const read: Partial<Record<string, number | true>> = {};
  const rest = given.flatMap((argument) => argument.split(/=(.*)/s, 2));
  while (rest.length > 0) {
    const option = rest.shift()!;
    const name = option.replace(/^--/, '');
    if (option === name) throw new UsageError(unknown(option, rules, flags));
    if (flags.some((flag) => flag === name)) read[name] = true;
    else if (Object.hasOwn(rules, name)) read[name] = obeyed(name, rules[name as Name], rest.shift());
    else throw new UsageError(unknown(option, rules, flags));
  }
  return read as Partial<Record<Name, number> & Record<Flag, true>>;
}

/** Gives the arguments that `read` reads, or null after a message when an argument is wrong: the program exits with 2 then. */
export function orExplained<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(error.message);
    return null;
  }
}

function obeyed(name: string, { holds, words }: Rule, value: string | undefined): number {
  const number = value === undefined || value.trim() === '' ? NaN : Number(value);
  if (!holds(number)) throw new UsageError(`--${name} is ${value ?? 'missing'}: ${words}`);
  return number;
}

function unknown(option: string, rules: object, flags: readonly string[]): string {
  const names = [...Object.keys(rules), ...flags].map((name) => `--${name}`);
  return `${option} is no option; there are ${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
