/** A stream of numbers in [0, 1) that is the same for the same seed on every machine: mulberry32. */
export type Random = () => number;

export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * The stream of one attempt of one post. The server draws from it, as the order in which requests
 * reach it isn't the plan's to say.
 */
export const seededFor = (seed: number, op: number, attempt: number): Random =>
  seeded(Math.imul(seed, 0x9e3779b1) ^ Math.imul(op, 0x85ebca6b) ^ Math.imul(attempt, 0xc2b2ae35));

/** A whole number from `least` to `most`, both included. */
export const between = (random: Random, least: number, most: number): number =>
  least + Math.floor(random() * (most - least + 1));

export const oneOf = <T>(random: Random, choices: readonly T[]): T => choices[Math.floor(random() * choices.length)]!;

/** One of the names, as often as its weight says. */
export function weighted<Name extends string>(random: Random, weights: Partial<Record<Name, number>>): Name {
  const all = Object.entries(weights) as [Name, number][];
  let left = random() * all.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [name, weight] of all) if ((left -= weight) < 0) return name;
  return all.at(-1)![0];
}
