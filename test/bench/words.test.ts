import { expect, test } from 'vitest';
import { seeded } from '../chaos/random.js';
import type { Bar } from './bars.js';
import { chart } from './chart.js';
import { createLedger, type Ledger, type Unit } from './ledger.js';
import { barLines, tables, withUnit } from './words.js';

const random = seeded(9);
const noisy = (centre: number, spread: number) => centre * (1 - spread + 2 * spread * random());

function noted(measure: string, of: Record<string, [centre: number, spread: number]>, unit: Unit = 'ms'): Ledger {
  const ledger = createLedger(seeded(1));
  for (const [variant, [centre, spread]] of Object.entries(of))
    for (let round = 0; round < 9; round++) ledger.note({ measure, variant }, unit, round, [noisy(centre, spread)]);
  return ledger;
}

test('a difference that is told from noise has its ratio, another one is called none', () => {
  const text = tables(noted('pass', { workbox: [20, 0.01], holdfast: [10, 0.3], bare: [10, 0.01] }));
  expect(text.split('\n').map((line) => line.replace(/\s+/g, ' '))).toEqual([
    'pass, 9 rounds',
    expect.stringMatching(/^ a worker that only forwards (10|9\.9\d?|10\.\d+) ms 1$/),
    expect.stringMatching(/^ Holdfast .+ no difference to a worker that only forwards that can be told from noise \(0\.\d\d–1\.\d\d\)$/),
    expect.stringMatching(/^ workbox-background-sync .+ (1\.99|2\.0\d) × a worker that only forwards/),
  ]);
});

test('a missed bar says by how much, and one that was not measured that it was not', () => {
  const ledger = noted('pass', { holdfast: [15, 0.01], bare: [10, 0.01] });
  const bar = (what: string, limit: Bar['limit'], measure = 'pass'): Bar => ({ what, subject: { measure, variant: 'holdfast' }, baseline: { measure, variant: 'bare' }, limit });
  const lines = barLines([bar('loose', { atMost: 2 }), bar('strict', { atMost: 1.2 }), bar('hard', { atMost: 0.1 }), bar('other', { atMost: 1 }, 'replay')], ledger).split('\n');
  expect(lines.map((line) => line.replace(/ \(.*/, ''))).toEqual([
    expect.stringMatching(/^MISSED, 1[45](\.\d+)? × +hard: 1\.[45]/),
    expect.stringMatching(/^MISSED by 2[3-7] % +strict: 1\.[45]/),
    expect.stringMatching(/^met +loose: 1\.[45]/),
    'not measured    other',
  ]);
});

test('the notes of a measurement that broke off are dropped, and no others', () => {
  const ledger = createLedger(seeded(1));
  for (const measure of ['capture-500', 'capture-down', 'capture', 'captured', 'pass']) ledger.note({ measure, variant: 'bare' }, 'ms', 0, [1]);
  ledger.forget('capture');
  expect(ledger.all().map(({ measure }) => measure)).toEqual(['captured', 'pass']);
});

test('bytes have their multiples', () => {
  expect([withUnit(48, 'bytes'), withUnit(9_310, 'bytes'), withUnit(12_345_678, 'bytes'), withUnit(1_234.5, 'ms')]).toEqual(['0.05 kB', '9.31 kB', '12.3 MB', '1 235 ms']);
});

test('the chart has a panel for each measurement that was made, and none for the rest', () => {
  const svg = chart(noted('pass', { holdfast: [15, 0.1], bare: [10, 0.1] }));
  expect(svg.match(/class="(ours|other)"/g)).toEqual(['class="other"', 'class="ours"']);
  expect(svg).toContain('prefers-color-scheme:dark');
  expect(svg).not.toMatch(/NaN|undefined|Infinity/);
});
