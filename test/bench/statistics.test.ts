import { describe, expect, test } from 'vitest';
import { seeded } from '../chaos/random.js';
import { compare, differs, median, quantile, shuffled } from './statistics.js';

describe('quantile', () => {
  test('gives for the median of an odd number the value in the middle, of an even number the mean of the two', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([4, 1, 2, 3])).toBe(2.5);
  });

  test('is interpolated, and ends at the extremes', () => {
    const values = [10, 20, 30, 40, 50];
    expect([0, 0.25, 0.95, 1].map((at) => quantile(values, at))).toEqual([10, 20, 48, 50]);
  });

  test('leaves its values as they were', () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
  });

  test('refuses an empty list', () => {
    expect(() => median([])).toThrow(RangeError);
  });
});

describe('compare', () => {
  test('goes round by round, so that a slow phase of the machine falls out', () => {
    const baseline = [[10], [100], [20], [40], [10]];
    const subject = baseline.map(([value]) => [value! * 1.5]);
    const { value, low, high } = compare(subject, baseline, seeded(1));
    expect([value, low, high]).toEqual([1.5, 1.5, 1.5]);
  });

  test('takes the median of a round, not its outliers', () => {
    const rounds = [1, 2, 3].map(() => [2, 2, 500]);
    expect(compare(rounds, rounds.map(() => [1, 1, 1]), seeded(1)).value).toBe(2);
  });

  test('pools values where there are too few rounds, or different ones', () => {
    const estimate = compare([[4, 4, 5, 4]], [[2, 2, 2.5, 2]], seeded(1));
    expect(estimate.value).toBe(2);
    expect(estimate.low).toBeLessThan(2.01);
    expect(estimate.high).toBeGreaterThan(1.99);
    expect(compare([[4]], [[2], [2]], seeded(1)).value).toBe(2);
  });

  test('gives a difference in the unit of the values', () => {
    const estimate = compare([[5], [6], [7]], [[4], [5], [6]], seeded(1), 'difference');
    expect(estimate).toEqual({ value: 1, low: 1, high: 1 });
  });

  test('is the same for the same seed', () => {
    const random = seeded(3);
    const [one, other] = [1, 2].map(() => Array.from({ length: 9 }, () => [random()]));
    expect(compare(one!, other!, seeded(7))).toEqual(compare(one!, other!, seeded(7)));
  });

  test('finds no difference in noise, and one in a shift beyond it', () => {
    const random = seeded(5);
    const noisy = (centre: number) => Array.from({ length: 15 }, () => [centre * (0.8 + 0.4 * random())]);
    expect(differs(compare(noisy(10), noisy(10), seeded(1)))).toBe(false);
    expect(differs(compare(noisy(20), noisy(10), seeded(1)))).toBe(true);
    expect(differs(compare(noisy(5), noisy(10), seeded(1)))).toBe(true);
  });
});

test('a shuffled order has every name, and another seed gives another order', () => {
  const names = ['a', 'b', 'c', 'd', 'e'];
  const orders = [1, 2, 3, 4].map((seed) => shuffled(names, seeded(seed)));
  for (const order of orders) expect(order.toSorted()).toEqual(names);
  expect(new Set(orders.map(String)).size).toBeGreaterThan(1);
  expect(names).toEqual(['a', 'b', 'c', 'd', 'e']);
});
