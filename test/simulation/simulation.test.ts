import { describe, expect, test, vi } from 'vitest';
import { allKept } from './kept.js';
import { planOf } from './plan.js';
import { run } from './run.js';

vi.mock('idb', () => import('./disk/idb.js'));
vi.mock('../../client/stream/load.js', () => import('./browser/load-stream.js'));

describe('the simulation', () => {
  test('a seed is played the same way each time', async () => {
    const first = await run(planOf(7, 20));
    const second = await run(planOf(7, 20));
    expect(second.fingerprint).toBe(first.fingerprint);
    expect(first.counts.effects).toBeGreaterThan(5);
  });
});

describe('a script that the simulation has found', () => {
  for (const { name, kept } of allKept()) {
    const { check, open, script } = kept;
    const is = open === undefined ? test : test.fails;
    is(`${name}: ${check}${open === undefined ? '' : `, open: ${open}`}`, async () => {
      const { violations } = await run(script);
      expect(violations.filter((violation) => violation.check === check)).toEqual([]);
    });
  }
});
