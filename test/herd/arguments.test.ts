import { expect, test } from 'vitest';
import { readArguments } from './arguments.js';

test('without arguments there are 100 000 clients, ten minutes, a tenth of the capacity, and always the same seed', () => {
  expect(readArguments([])).toEqual({
    clients: 100_000,
    lanes: 5,
    downMs: 600_000,
    spreadMs: 10_000,
    roundTripMs: 100,
    capacity: 5000,
    seed: 1,
  });
});

test('the capacity goes with the clients, unless given', () => {
  expect(readArguments(['--clients=200'])).toMatchObject({ clients: 200, capacity: 10 });
  expect(readArguments(['--clients', '200', '--capacity', '7', '--down', '60', '--spread', '1', '--seed', '3'])).toMatchObject({
    capacity: 7,
    downMs: 60_000,
    spreadMs: 1000,
    seed: 3,
  });
});

test.each([
  ['--clients 0', '--clients is 0: it must be a whole number from 1 to 1000000'],
  ['--seed x', '--seed is x: it must be a whole number from 0 to 4294967295'],
  ['--down 1.5', '--down is 1.5: it must be a whole number from 1 to 3600'],
  ['--spread 61', '--spread is 61: it must be a whole number from 1 to 60'],
  ['--capacity', '--capacity is missing: it must be a whole number from 1 to 10000000'],
  ['--client 1', '--client is no option; there are --clients, --seed, --down, --spread and --capacity'],
])('the argument %s is refused by its rule', (given, said) => {
  expect(() => readArguments(given.split(' '))).toThrow(said);
});
