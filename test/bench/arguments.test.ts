import { expect, test } from 'vitest';
import { UsageError } from '../support/options.js';
import { readArguments } from './arguments.js';

const NAMES = ['pass', 'replay', 'disk'];
const MEASURES = [{ name: 'pass', inFirefox: true }, { name: 'replay', inFirefox: true }, { name: 'disk' }];
const read = (...given: string[]) => readArguments(given, MEASURES, 42);

test('without arguments everything is measured, under any seed', () => {
  expect(read()).toEqual({ rounds: null, only: NAMES, quick: false, firefox: false, seed: 42, json: null, svg: null, profile: null });
});

test('the order is that of the bench, whatever was asked for first', () => {
  expect(read('--only', 'disk, pass').only).toEqual(['pass', 'disk']);
});

test('takes every option, by a blank or by =', () => {
  const all = read('--rounds=3', '--quick', '--seed', '7', '--json', 'a.json', '--svg=b.svg', '--profile', 'c');
  expect(all).toEqual({ rounds: 3, only: NAMES, quick: true, firefox: false, seed: 7, json: 'a.json', svg: 'b.svg', profile: 'c' });
});

test('in Firefox only what can be measured there is, and nothing is profiled', () => {
  expect(read('--firefox')).toMatchObject({ firefox: true, only: ['pass', 'replay'] });
  expect(() => read('--firefox', '--only', 'disk')).toThrow("--only: there's no disk in Firefox; there are pass, replay");
  expect(() => read('--firefox', '--profile', 'c')).toThrow(UsageError);
});

test('a wrong argument is named, with the arguments that there are', () => {
  expect(() => read('--only', 'pass,nothing')).toThrow(new UsageError("--only: there's no nothing; there are pass, replay, disk"));
  expect(() => read('--rounds', '0')).toThrow('--rounds is 0: it must be a whole number from 1');
  expect(() => read('--seed', 'x')).toThrow('--seed is x');
  expect(() => read('--fast')).toThrow(UsageError);
  expect(() => read('pass')).toThrow(UsageError);
});
