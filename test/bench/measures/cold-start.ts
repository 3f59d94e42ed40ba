import type { Actor, Arrival } from '../actor.js';
import { eachOf, namesFor, type Measure } from '../measure.js';
import { STORES, type VariantName } from '../variants.js';

const STARTING = ['holdfast', 'workbox', 'serwist'] as const satisfies VariantName[];
const BACKLOG = 10;

/** From a worker that isn't running to its first request at the server. */
export const coldStart: Measure = {
  name: 'cold-start',
  words: `from a stopped worker to its first replayed request, ${BACKLOG} entries waiting`,
  rounds: 11,
  quickRounds: 3,
  async run(context) {
    await context.stage.reset(STARTING);
    for (let round = 0; round < context.rounds; round++) {
      await eachOf(STARTING, round, context, async (actor, note) => {
        const tag = STORES[actor.name]!.tag;
        note('cold-start-sync', 'ms', [await started(actor, () => actor.control!.sync(tag))]);
        if (actor.name === 'holdfast') note('cold-start-page', 'ms', [await started(actor, () => actor.replay())]);
      });
    }
  },
};

async function started(actor: Actor, wake: () => Promise<void>): Promise<number> {
  const [prefix = ''] = namesFor(1);
  // A worker of Holdfast's that runs may find them before it's asked to.
  await actor.control!.stop();
  await actor.stock({ name: prefix, count: BACKLOG });
  await actor.control!.stop();
  const arrivals = actor.answers(201);
  const ms = await firstArrival(actor, arrivals, wake);
  await actor.server.arrived(BACKLOG);
  await actor.owes(0);
  return ms;
}

/** Milliseconds from the call of `wake` to the first request at the server. */
export async function firstArrival(actor: Actor, arrivals: readonly Arrival[], wake: () => Promise<void>): Promise<number> {
  const began = performance.now();
  const waking = wake();
  await actor.server.arrived(1);
  await waking;
  return arrivals[0]!.at - began;
}
