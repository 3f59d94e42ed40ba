/** What can be said of noisy figures: medians, ratios, and how far to trust them. */
import type { Random } from '../chaos/random.js';

/** @param at 0.5 for the median; between two values it's interpolated */
export function quantile(values: readonly number[], at: number): number {
  if (values.length === 0) throw new RangeError('no values, so no quantile');
  const sorted = [...values].sort((a, b) => a - b);
  const place = (sorted.length - 1) * at;
  const low = sorted[Math.floor(place)]!;
  return low + (sorted[Math.ceil(place)]! - low) * (place % 1);
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** An estimate, and the interval that holds 95 % of what resampling gives. */
export interface Estimate {
  value: number;
  low: number;
  high: number;
}

const RESAMPLES = 2_000;

/**
 * How a subject compares with its baseline. Where both were measured in the same rounds, round is
 * compared with round, so that what slows the whole machine down for a while falls out; with fewer
 * than three rounds all values of either side are taken together.
 *
 * @param subject the values of each round
 * @param how `ratio`, or `difference` in the values' own unit
 */
export function compare(
  subject: readonly (readonly number[])[],
  baseline: readonly (readonly number[])[],
  random: Random,
  how: 'ratio' | 'difference' = 'ratio',
): Estimate {
  const step = (one: number, other: number) => (how === 'ratio' ? one / other : one - other);
  if (subject.length === baseline.length && subject.length >= 3) {
    const steps = subject.map((values, round) => step(median(values), median(baseline[round]!)));
    return interval(median(steps), () => median(resampled(steps, random)));
  }
  const [ones, others] = [subject.flat(), baseline.flat()];
  return interval(step(median(ones), median(others)), () => step(median(resampled(ones, random)), median(resampled(others, random))));
}

/** The median of the rounds' medians; of all values, where there are fewer than three rounds. */
export function estimate(rounds: readonly (readonly number[])[], random: Random): Estimate {
  const values = rounds.length >= 3 ? rounds.map(median) : rounds.flat();
  return interval(median(values), () => median(resampled(values, random)));
}

/** Whether it's told from noise that the two sides differ. */
export const differs = ({ low, high }: Estimate, none = 1): boolean => low > none || high < none;

function interval(value: number, again: () => number): Estimate {
  const all = Array.from({ length: RESAMPLES }, again);
  return { value, low: quantile(all, 0.025), high: quantile(all, 0.975) };
}

function resampled(values: readonly number[], random: Random): number[] {
  return values.map(() => values[Math.floor(random() * values.length)]!);
}

/** A new order for each round, so that nobody always comes after the same neighbour. */
export function shuffled<T>(values: readonly T[], random: Random): T[] {
  const order = [...values];
  for (let at = order.length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1));
    [order[at], order[other]] = [order[other]!, order[at]!];
  }
  return order;
}
