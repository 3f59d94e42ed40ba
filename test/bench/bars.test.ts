import { expect, test } from 'vitest';
import { seeded } from '../chaos/random.js';
import { judge, judgeAll, type Bar } from './bars.js';
import { createLedger } from './ledger.js';

const place = (measure: string) => ({ measure, variant: 'v' });
const bar = (limit: Bar['limit'], changes: Partial<Bar> = {}): Bar => ({ what: 'a bar', subject: place('a'), baseline: place('b'), limit, ...changes });
const exactly = (value: number) => ({ value, low: value, high: value });

test('a ceiling is met from below, a floor from above, and either when it is just reached', () => {
  expect([0.9, 1.1, 1.2].map((value) => judge(bar({ atMost: 1.1 }), exactly(value)).met)).toEqual([true, true, false]);
  expect([0.8, 0.9, 1.2].map((value) => judge(bar({ atLeast: 0.9 }), exactly(value)).met)).toEqual([false, true, true]);
});

test('a miss is told as a part of the limit', () => {
  expect(judge(bar({ atMost: 2 }), exactly(3)).missedBy).toBe(0.5);
  expect(judge(bar({ atLeast: 2 }), exactly(1.5)).missedBy).toBe(0.25);
  expect(judge(bar({ atMost: 0 }), exactly(1)).missedBy).toBe(1);
});

test('a limit within the interval is close, on whatever side the estimate is', () => {
  expect(judge(bar({ atMost: 1.1 }), { value: 1.05, low: 1, high: 1.2 }).close).toBe(true);
  expect(judge(bar({ atMost: 1.1 }), { value: 1.3, low: 1.2, high: 1.4 }).close).toBe(false);
});

test('missed bars come first, the worst of them before the others, and a bar that was not measured is left out', () => {
  const ledger = createLedger(seeded(1));
  for (const [measure, value] of [['one', 1], ['two', 2], ['four', 4]] as const)
    for (const round of [0, 1, 2]) ledger.note(place(measure), 'ms', round, [value]);
  const bars = [
    bar({ atMost: 3 }, { what: 'met', subject: place('two'), baseline: place('one') }),
    bar({ atMost: 1.5 }, { what: 'missed by a third', subject: place('two'), baseline: place('one') }),
    bar({ atMost: 2 }, { what: 'missed by all', subject: place('four'), baseline: place('one') }),
    bar({ atMost: 2 }, { what: 'unknown', subject: place('eight'), baseline: place('one') }),
    bar({ atMost: 5 }, { what: 'a value', subject: place('four'), baseline: null }),
    bar({ atMost: 1 }, { what: 'a difference', subject: place('four'), baseline: place('two'), how: 'difference' }),
  ];
  const judged = judgeAll(bars, ledger).map(({ bar: { what }, met, estimate }) => [what, met, estimate.value]);
  expect(judged).toEqual([
    ['missed by all', false, 4],
    ['a difference', false, 2],
    ['missed by a third', false, 2],
    ['a value', true, 4],
    ['met', true, 2],
  ]);
});
