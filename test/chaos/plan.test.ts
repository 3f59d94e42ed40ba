import { expect, test } from 'vitest';
import { readArguments } from './arguments.js';
import { opsOf, plan, type Step } from './plan.js';

test('the plan is a function of the seed', () => {
  const options = { seed: 7, ops: 300, tabs: 2 };
  expect(plan(options)).toEqual(plan(options));
  expect(plan({ ...options, seed: 8 })).not.toEqual(plan(options));
});

test('a plan makes as many posts as were asked for, by tabs that are open', () => {
  for (const seed of Array.from({ length: 50 }, (_, seed) => seed)) {
    const steps = plan({ seed, ops: 200, tabs: 2 });
    expect(opsOf(steps).map(({ id }) => id)).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
    const open = new Set([0, 1]);
    for (const step of steps) {
      if (step.do === 'open') open.add(step.tab);
      else if ('tab' in step) expect(open, JSON.stringify(step)).toContain(step.tab);
      if (step.do === 'close') open.delete(step.tab);
    }
  }
});

test('the plan kills processes of the server, and stops workers over write-ahead posts, only where that is asked for', () => {
  const options = { seed: 7, ops: 300, tabs: 2 };
  const servers = (steps: Step[]) => steps.filter((step) => step.do === 'kill-server').length;
  const stops = (steps: Step[]) => steps.filter((step) => step.do === 'stop-in-flight' && step.op.backend === 'ahead').length;
  expect(servers(plan(options))).toBe(0);
  expect(servers(plan({ ...options, example: true }))).toBeGreaterThan(3);
  expect(stops(plan({ ...options, stops: 60 }))).toBeGreaterThan(80);
});

test.each([
  ['--seed x', '--seed is x: it must be a whole number from 0 to 4294967295'],
  ['--ops 0', '--ops is 0: it must be a whole number from 1 to 100000'],
  ['--tabs', '--tabs is missing: it must be a whole number from 1 to 8'],
  ['--minutes -1', '--minutes is -1: it must be a number over 0'],
  ['--load -1', '--load is -1: it must be a whole number from 0 to 100'],
  ['--sed 1', '--sed is no option; there are --seed, --ops, --tabs, --minutes, --tolerate, --load, --stops, --example and --verbose'],
])('the argument %s is refused by its rule', (given, said) => {
  expect(() => readArguments(given.split(' '), 1)).toThrow(said);
});

test('arguments are read with and without =', () => {
  const rest = { minutes: null, tolerate: 350, load: 0, stops: 0, example: false, verbose: false };
  expect(readArguments([], 9)).toEqual({ seed: 9, ops: 400, tabs: 2, ...rest });
  expect(readArguments(['--seed=3', '--ops', '20', '--tabs=1', '--load', '12', '--verbose'], 9)).toEqual({ seed: 3, ops: 20, tabs: 1, ...rest, load: 12, verbose: true });
});
