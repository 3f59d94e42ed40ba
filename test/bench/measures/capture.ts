import { eachOf, namesFor, type Context, type Measure } from '../measure.js';
import { postBurst } from '../page.js';
import type { VariantName } from '../variants.js';
import type { Actor } from '../actor.js';

const CAPTURING = ['bare', 'holdfast', 'ahead', 'relaxed', 'workbox', 'serwist'] as const satisfies VariantName[];

/** One by one, so many in a row. */
const POSTS = 15;

/** The bar's own number, and more than a browser has sockets for. */
const BURSTS = [160, 300];

/** Runs the work with the variant's server down: connections are refused. */
export async function down<T>({ server }: Actor, work: () => Promise<T>): Promise<T> {
  await server.unlisten();
  try {
    return await work();
  } finally {
    await server.listen();
  }
}

/** What the page hears of a failure that was stored: Holdfast says 202, the others fail as ever. */
export const heardOf = (name: VariantName, failure: number): number =>
  name === 'bare' || name === 'workbox' || name === 'serwist' ? failure : 202;

export async function emptyAndHeld(context: Context, names: readonly VariantName[]): Promise<void> {
  await context.stage.reset(names);
  for (const name of names) await context.stage.actors[name].hold(true);
}

/**
 * Two kinds of failure. With the server down, Holdfast knows after the first one that the others would be in
 * vain, and makes no try for them, as an app meets it. The 500 is the same work for all: each is sent first.
 * They're in lanes of their own, as what is behind another one isn't tried either, and taken away in between.
 */
export const capture: Measure = {
  name: 'capture',
  words: 'a POST of 1 KiB that fails and is stored, one after the other',
  rounds: 9,
  quickRounds: 2,
  profiles: true,
  inFirefox: true,
  async run(context) {
    for (let round = 0; round < context.rounds; round++) {
      await emptyAndHeld(context, CAPTURING);
      await eachOf(CAPTURING, round, context, async (actor, note) => {
        const names = namesFor(POSTS);
        const arrivals = actor.answers(500);
        const { ms } = await actor.posts({ names, cancels: true, ownLanes: true }, heardOf(actor.name, 500));
        if (arrivals.length !== POSTS) throw new Error(`${actor.name}: ${arrivals.length} of ${POSTS} were sent first`);
        await actor.owes(actor.name === 'workbox' || actor.name === 'serwist' ? POSTS : 0);
        note('capture-500', 'ms', ms);
      });
      await emptyAndHeld(context, CAPTURING);
      await eachOf(CAPTURING, round, context, async (actor, note) => {
        const names = namesFor(POSTS);
        const { ms } = await down(actor, () => actor.posts({ names }, heardOf(actor.name, 0)));
        await actor.owes(POSTS);
        note('capture-down', 'ms', ms);
      });
    }
  },
};

export const burst: Measure = {
  name: 'burst',
  words: `${BURSTS.join(' and ')} POSTs of 1 KiB at once, the server being down, as nobody knows yet, or as one POST has just shown`,
  rounds: 7,
  quickRounds: 2,
  profiles: true,
  inFirefox: true,
  async run(context) {
    for (let round = 0; round < context.rounds; round++) {
      for (const count of BURSTS) {
        await emptyAndHeld(context, CAPTURING);
        await eachOf(CAPTURING, round, context, async (actor, note) => {
          const names = namesFor(count);
          const { ms } = await down(actor, () => actor.posts({ names }, heardOf(actor.name, 0), (block) => actor.page.evaluate(postBurst, block)));
          await actor.owes(count);
          note(`burst-${count}`, 'ms', ms);
        });
        await emptyAndHeld(context, CAPTURING);
        await eachOf(CAPTURING, round, context, async (actor, note) => {
          const [first = '', ...names] = namesFor(count + 1);
          const { ms } = await down(actor, async () => {
            await actor.posts({ names: [first] }, heardOf(actor.name, 0));
            return actor.posts({ names }, heardOf(actor.name, 0), (block) => actor.page.evaluate(postBurst, block));
          });
          await actor.owes(count + 1);
          note(`burst-known-${count}`, 'ms', ms);
        });
      }
    }
  },
};
