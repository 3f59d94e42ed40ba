import { checkArrivals } from '../actor.js';
import { eachOf, namesFor, type Measure } from '../measure.js';
import { getBlock } from '../page.js';
import type { VariantName } from '../variants.js';

const POSTING = ['none', 'bare', 'holdfast', 'ahead', 'workbox', 'serwist'] as const satisfies VariantName[];
const POSTS = 10;

/** What it costs that a worker is in between, when all goes well. */
export const pass: Measure = {
  name: 'pass',
  words: 'a delivered POST of 1 KiB, one after the other',
  rounds: 30,
  quickRounds: 3,
  profiles: true,
  inFirefox: true,
  async run(context) {
    await context.stage.reset(POSTING);
    for (let round = 0; round < context.rounds; round++) {
      await eachOf(POSTING, round, context, async (actor, note) => {
        const names = namesFor(POSTS);
        const arrivals = actor.answers(201);
        const { ms } = await actor.posts({ names }, 201);
        checkArrivals(actor, arrivals, names);
        note('pass', 'ms', ms);
      });
    }
  },
};

const GETTING = ['none', 'bare', 'holdfast', 'routed', 'workbox', 'serwist'] as const satisfies VariantName[];
const GETS = 10;

/** What a request costs that's none of Holdfast's business. */
export const outside: Measure = {
  name: 'outside',
  words: 'a GET outside of every backend, and whether it starts a stopped worker',
  rounds: 12,
  quickRounds: 3,
  async run(context) {
    await context.stage.reset(GETTING);
    for (let round = 0; round < context.rounds; round++) {
      await eachOf(GETTING, round, context, async (actor, note) => {
        const got = await actor.page.evaluate(getBlock, { url: '/elsewhere', count: GETS });
        if (got.statuses.some((status) => status !== 200)) throw new Error(`${actor.name}: a GET outside ended with ${got.statuses.join(', ')}`);
        note('outside', 'ms', got.ms);
      });
    }
    await eachOf(GETTING, 0, context, async (actor, note) => {
      const { control, page } = actor;
      if (!control) return;
      await control.stop();
      await page.evaluate(getBlock, { url: '/elsewhere', count: 1 });
      note('outside-wakes', 'requests', [(await control.isStopped()) ? 0 : 1]);
    });
  },
};
