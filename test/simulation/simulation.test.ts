import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { Page } from './browser/page.js';
import { Worker } from './browser/worker.js';
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

  test('what has not reached a worker that dies comes to the next worker before what was sent later', async () => {
    const heard: unknown[] = [];
    onTestFinished(() => void vi.restoreAllMocks());
    vi.spyOn(Worker.prototype, 'begin').mockImplementation(() => {});
    vi.spyOn(Worker.prototype, 'message').mockImplementation((data) => void heard.push(data));
    for (let seed = 1; seed <= 10; seed++) {
      const world = new World({ ...planOf(seed, 1), actions: [] });
      const { agenda, browser } = world;
      const page = new Page(world, 'page');
      browser.message(1, page, 'start');
      await agenda.run(1_000);
      const worker = browser.activeWorker!;
      for (const text of ['earlier', 'later']) browser.message(1, page, text);
      agenda.isOver = () => worker.undelivered.size > 0;
      await agenda.run(2_000);
      worker.die('in the test');
      agenda.isOver = () => false;
      await agenda.run(3_000);
      expect(heard.splice(0)).toEqual(['start', 'earlier', 'later']);
    }
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
