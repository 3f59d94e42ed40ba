import { expect, test } from 'vitest';
import { UsageError } from '../support/options.js';
import { readArguments } from './arguments.js';

const NAMES = ['pass', 'replay', 'disk'];
const read = (...given: string[]) => readArguments(given, NAMES, 42);

test('without arguments everything is measured, under any seed', () => {
  expect(read()).toEqual({ rounds: null, only: NAMES, quick: false, seed: 42, json: null, svg: null, profile: null });
});

test('the order is that of the bench, whatever was asked for first', () => {
  expect(read('--only', 'disk, pass').only).toEqual(['pass', 'disk']);
});

test('takes every option, by a blank or by =', () => {
  const all = read('--rounds=3', '--quick', '--seed', '7', '--json', 'a.json', '--svg=b.svg', '--profile', 'c');
  expect(all).toEqual({ rounds: 3, only: NAMES, quick: true, seed: 7, json: 'a.json', svg: 'b.svg', profile: 'c' });
});

test('a wrong argument is named, with the arguments that there are', () => {
  expect(() => read('--only', 'pass,nothing')).toThrow(new UsageError("--only: there's no nothing; there are pass, replay, disk"));
  expect(() => read('--rounds', '0')).toThrow('--rounds is 0: it must be a whole number from 1');
  expect(() => read('--seed', 'x')).toThrow('--seed is x');
  expect(() => read('--fast')).toThrow(UsageError);
  expect(() => read('pass')).toThrow(UsageError);
});
