import { checkArrivals } from '../actor.js';
import { eachOf, namesFor, type Measure } from '../measure.js';
import type { VariantName } from '../variants.js';
import { down, emptyAndHeld, heardOf } from './capture.js';

const CARRYING = ['bare', 'holdfast', 'workbox', 'serwist'] as const satisfies VariantName[];

const SIZES = [
  { words: '1KiB', size: 1024, count: 10 },
  { words: '100KiB', size: 100 * 1024, count: 6 },
  { words: '10MiB', size: 10 * 1024 ** 2, count: 2 },
];

/** Bytes, as a page sends a picture: Holdfast keeps those as text apart from them. */
const TYPE = 'application/octet-stream';

/** What bodies of several sizes cost to store and to deliver. */
export const bodies: Measure = {
  name: 'bodies',
  words: `bodies of ${SIZES.map(({ words }) => words).join(', ')}, captured with the server down, and replayed`,
  rounds: 3,
  quickRounds: 1,
  async run(context) {
    for (let round = 0; round < context.rounds; round++) {
      for (const { words, size, count } of SIZES) {
        await emptyAndHeld(context, CARRYING);
        await eachOf(CARRYING, round, context, async (actor, note) => {
          const names = namesFor(count);
          const { ms } = await down(actor, () => actor.posts({ names, size, type: TYPE }, heardOf(actor.name, 0)));
          await actor.owes(count);
          note(`bodies-capture-${words}`, 'ms', ms);

          if (actor.name === 'bare') return;
          const arrivals = actor.answers(201);
          await actor.hold(false);
          const began = performance.now();
          await actor.replay();
          await actor.server.arrived(count);
          note(`bodies-replay-${words}`, 'ms', [(arrivals.at(-1)!.at - began) / count]);
          await actor.owes(0);
          checkArrivals(actor, arrivals, names);
          const short = actor.server.received.filter(({ body }) => body.byteLength !== size).length;
          if (short > 0) throw new Error(`${actor.name}: ${short} bodies came without all of their bytes`);
        });
      }
    }
  },
};
