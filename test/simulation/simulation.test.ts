import { describe, expect, test, vi } from 'vitest';
import { Page } from './browser/page.js';
import { allKept } from './kept.js';
import { planOf } from './plan.js';
import { run } from './run.js';
import { World } from './world.js';

vi.mock('idb', () => import('./disk/idb.js'));
vi.mock('../../client/stream/load.js', () => import('./browser/load-stream.js'));

describe('the simulation', () => {
  test('a seed is played the same way each time', async () => {
    const first = await run(planOf(7, 20));
    const second = await run(planOf(7, 20));
    expect(second.fingerprint).toBe(first.fingerprint);
    expect(first.counts.effects).toBeGreaterThan(5);
  });

  test('a page calls the newest worker that it has heard of, in whatever order the news of two updates come', async () => {
    const world = new World({ ...planOf(1, 1), actions: [] });
    const page = new Page(world, 'page');
    const versions: number[] = [];
    world.browser.message = (version) => void versions.push(version);
    for (const version of [3, 2]) page.controllerChanged(version);
    (await page.navigator.serviceWorker.getRegistration()).active.postMessage({});
    expect(versions).toEqual([3]);
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
