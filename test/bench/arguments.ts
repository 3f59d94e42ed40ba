import { parseArgs } from 'node:util';
import { UsageError } from '../support/options.js';
import type { Measure } from './measure.js';

export interface Arguments {
  /** Null: each measurement's own number. */
  rounds: number | null;
  /** The measurements to make, in the order in which they're always made. */
  only: string[];
  /** Little of everything: whether it runs, not what it gives. */
  quick: boolean;
  /** In Firefox, what can be measured there; else in Chromium. */
  firefox: boolean;
  seed: number;
  /** Where the figures go; null for a file of its own in `test/bench/results/`. */
  json: string | null;
  /** Where the chart goes; null for none. */
  svg: string | null;
  /** Leaves the CPU profiles of Holdfast's worker here, one for each measurement; null for none. */
  profile: string | null;
}

/**
 * Reads `--rounds 5 --only pass,replay --quick --firefox --seed 7 --json FILE --svg FILE --profile FOLDER`.
 * @param measures the measurements that there are
 * @throws UsageError
 */
export function readArguments(given: readonly string[], measures: readonly Pick<Measure, 'name' | 'inFirefox'>[], anySeed: number): Arguments {
  const { rounds, only, quick = false, firefox = false, seed, json = null, svg = null, profile = null } = parsed(given);
  const names = measures.filter(({ inFirefox }) => inFirefox || !firefox).map(({ name }) => name);
  if (firefox && profile !== null) throw new UsageError('--profile is of Chromium; leave it out with --firefox');
  const wanted = only?.split(',').map((name) => name.trim()) ?? [...names];
  const unknown = wanted.filter((name) => !names.includes(name));
  if (unknown.length > 0) throw new UsageError(`--only: there's no ${unknown.join(', ')}${firefox ? ' in Firefox' : ''}; there are ${names.join(', ')}`);
  return {
    rounds: rounds === undefined ? null : whole('rounds', rounds, 1),
    only: names.filter((name) => wanted.includes(name)),
    quick,
    firefox,
    seed: seed === undefined ? anySeed : whole('seed', seed, 0),
    json,
    svg,
    profile,
  };
}

const text = { type: 'string' } as const;

function parsed(given: readonly string[]) {
  const options = { rounds: text, only: text, quick: { type: 'boolean' }, firefox: { type: 'boolean' }, seed: text, json: text, svg: text, profile: text } as const;
  try {
    return parseArgs({ args: [...given], options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

function whole(name: string, value: string, least: number): number {
  const number = Number(value);
  if (value.trim() === '' || !Number.isInteger(number) || number < least)
    throw new UsageError(`--${name} is ${value}: it must be a whole number from ${least}`);
  return number;
}
