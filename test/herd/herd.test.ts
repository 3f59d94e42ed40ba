import { expect, test } from 'vitest';
import { faithful } from './faithful.js';
import { figuresOf, most, sum } from './figures.js';
import { plot } from './plot.js';
import { entriesOf, type Scenario } from './scenario.js';
import { simulate } from './simulate.js';
import { STRATEGIES, VARIANTS } from './strategies.js';
import { table } from './words.js';

const small: Scenario = { clients: 40, lanes: 5, downMs: 60_000, spreadMs: 1000, roundTripMs: 100, capacity: 2, seed: 7 };
const named = STRATEGIES.map((strategy) => [strategy.name, strategy] as const);
const withCircuit = [...STRATEGIES, ...VARIANTS].filter(({ circuit }) => circuit).map((strategy) => [strategy.name, strategy] as const);
const [noJitter, , , single] = STRATEGIES;
const [givesUp] = VARIANTS;

test.each(named)('%s: the same seed gives the same herd, another seed another one', (_, strategy) => {
  expect(simulate(small, strategy)).toEqual(simulate(small, strategy));
  expect(simulate({ ...small, seed: 8 }, strategy).requests).not.toEqual(simulate(small, strategy).requests);
});

test.each(named)('R5 %s: every entry is served in the end, and the server keeps to its capacity', (_, strategy) => {
  const { served, dead, requests } = simulate(small, strategy);
  expect(sum(served)).toBe(entriesOf(small));
  expect(dead).toBe(0);
  expect(most(served)).toBe(small.capacity);
  expect(sum(served.slice(0, 60))).toBe(0);
  expect(served.every((count, second) => count <= requests[second]!)).toBe(true);
});

test.each(withCircuit)('%s: sends what the pipeline itself would send, second by second', (_, strategy) => {
  for (const capacity of [1, 2, 30]) {
    for (const lanes of [1, 5]) {
      const scenario = { ...small, capacity, lanes };
      expect(simulate(scenario, strategy)).toEqual(simulate(scenario, strategy, faithful));
    }
  }
});

// Sent at 0, and after waits of 0.5, 1, 2, 4 and 8 s, each with a round trip of 0.1 s before it: that's
// 0, 0.6, 1.7, 3.8, 7.9 and 16. The server is back at 10 s.
const alone: Scenario = { clients: 1, lanes: 1, downMs: 10_000, spreadMs: 1, roundTripMs: 100, capacity: 1, seed: 1 };

test('one entry without jitter goes up the ladder of 500 ms', () => {
  const result = simulate(alone, noJitter!);
  expect(result.requests).toEqual([2, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
  expect(figuresOf(result, alone)).toMatchObject({ peakDown: 2, peakAfter: 1, requests: 6, halfS: 7, lastS: 7, dead: 0 });
});

// Both are served one by one: the second has 2 s to wait, and its round trip.
test('an entry that exceeds the capacity goes up the ladder of 2 s', () => {
  const { served, requests } = simulate({ ...alone, clients: 2 }, noJitter!);
  expect(requests.slice(16)).toEqual([2, 0, 1]);
  expect(served.slice(16)).toEqual([1, 0, 1]);
});

test('a server that never serves costs each entry its first send and five retries, where retries end', () => {
  const result = simulate({ ...alone, downMs: 0, capacity: 0, clients: 10 }, givesUp!);
  expect(result.dead).toBe(10);
  expect(sum(result.requests)).toBe(60);
  expect(figuresOf(result, alone)).toMatchObject({ halfS: null, mostS: null, lastS: null });
});

test('one probe goes out for five lanes with the circuit, and the other four follow its answer', () => {
  const scenario = { ...alone, lanes: 5, capacity: 5 };
  const { requests, served } = simulate(scenario, single!);
  expect(requests[0]).toBeGreaterThanOrEqual(5);
  expect(most(requests.slice(2, 10))).toBe(1);
  expect(sum(served)).toBe(5);
  // The round trip of the probe may end in the next second.
  expect(served.filter((count) => count > 0).length).toBeLessThanOrEqual(2);
});

test('the times for half of all entries and for 99 % of them count from the return, dead letters too', () => {
  const result = { name: 'any', requests: [9, 0, 150, 50], served: [0, 0, 120, 40], dead: 40 };
  const of = (clients: number) => figuresOf(result, { ...alone, downMs: 2000, clients });
  expect(of(200)).toMatchObject({ peakDown: 9, peakAfter: 150, requests: 209, halfS: 1, mostS: null, lastS: 2, dead: 40 });
  expect(of(160)).toMatchObject({ halfS: 1, mostS: 2 });
});

test('the table of figures is aligned', () => {
  const lines = table(STRATEGIES.map((strategy) => figuresOf(simulate(small, strategy), small))).split('\n');
  expect(lines).toHaveLength(5);
  expect(new Set(lines.map(({ length }) => length)).size).toBe(1);
});

test('the plot is small, has a panel for each strategy and nothing that is no number', () => {
  const svg = plot(STRATEGIES.map((strategy) => simulate(small, strategy)), small);
  for (const { name } of STRATEGIES) expect(svg).toContain(`>${name}<`);
  expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  expect(svg.length).toBeLessThan(30_000);
});
