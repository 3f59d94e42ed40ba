import type { Actor } from '../actor.js';
import { fillHoldfast, pauseHoldfast } from '../fill.js';
import { namesFor, type Context, type Measure } from '../measure.js';
import { STORES } from '../variants.js';
import { firstArrival } from './cold-start.js';

const SIZES = [10, 1_000, 10_000, 100_000];
const QUICK = [10, 1_000];
const CAPTURES = 20;
const PAGES = 6;
const PAGE = 500;
const STARTS = 7;
/** A worker that's so old doesn't look out any more for what an earlier one left. In milliseconds. */
const OLD_MS = 2_300;

/**
 * What a long backlog changes: only Holdfast, against itself with a short one. The records are written in its
 * own schema past its worker, as a hundred thousand failures would take half an hour.
 */
export const backlog: Measure = {
  name: 'backlog',
  words: 'first replay, heap, one more capture and listing with up to 100 000 entries waiting',
  rounds: 1,
  quickRounds: 1,
  async run(context) {
    for (let round = 0; round < context.rounds; round++) {
      const actor = context.stage.actors.holdfast;
      await context.stage.reset(['holdfast']);
      await emptyHeap(actor, round, context);
      let waiting = 0;
      for (const size of context.quick ? QUICK : SIZES) {
        const began = performance.now();
        await fillHoldfast(actor.page, { origin: actor.origin, count: size - waiting, lanes: 1, size: 1024, name: `backlog-${size}` });
        waiting = size;
        await actor.owes(size);
        context.say(`${size} entries written in ${Math.round(performance.now() - began)} ms`);
        await paused(actor, true);
        await captures(actor, size, round, context);
        await listings(actor, size, round, context);
        await paused(actor, false);
        await starts(actor, size, round, context);
        await paused(actor, true);
        await actor.owes(size);
      }
    }
  },
};

/** Written past the worker, as a call would start it, and it would replay. */
async function paused(actor: Actor, isPaused: boolean): Promise<void> {
  await actor.control!.stop();
  await pauseHoldfast(actor.page, isPaused);
}

const wake = ({ page }: Actor) => page.evaluate(async () => void (await window.sync.status()));

const noting = (round: number, { ledger }: Context) => (measure: string, unit: 'ms' | 'bytes', values: number[]) =>
  ledger.note({ measure, variant: 'holdfast' }, unit, round, values);

/** Of a worker that has nothing to do. */
async function emptyHeap(actor: Actor, round: number, context: Context): Promise<void> {
  for (let at = 0; at < STARTS; at++) {
    await actor.control!.stop();
    await wake(actor);
    noting(round, context)('backlog-heap-0', 'bytes', [await actor.control!.heap()]);
  }
}

/** Behind those that wait, and taken away again. */
async function captures(actor: Actor, size: number, round: number, context: Context): Promise<void> {
  actor.answers(201);
  const end = performance.now() + OLD_MS;
  while (performance.now() < end) await actor.posts({ names: ['warm'], cancels: true }, 202);
  const { ms } = await actor.posts({ names: namesFor(CAPTURES), cancels: true }, 202);
  await actor.owes(size);
  noting(round, context)(`backlog-capture-${size}`, 'ms', ms);
}

async function listings(actor: Actor, size: number, round: number, context: Context): Promise<void> {
  const { ms, found } = await actor.page.evaluate(
    async ({ pages, limit }) => {
      const ms: number[] = [];
      let found = 0;
      let after = 0;
      for (let at = 0; at < pages; at++) {
        const began = performance.now();
        const entries = await window.sync.entries({ after, limit });
        ms.push(performance.now() - began);
        found += entries.length;
        after = entries.at(-1)?.seq ?? 0;
        if (entries.length < limit) after = 0;
      }
      return { ms, found };
    },
    { pages: PAGES, limit: PAGE },
  );
  if (found < Math.min(size, PAGE * PAGES)) throw new Error(`entries() gave ${found} of ${size}`);
  noting(round, context)(`backlog-page-${size}`, 'ms', ms);
}

/** From a stopped worker to its first request, and its heap while that's under way. The server never answers, and the worker is stopped, so that it's the same again. */
async function starts(actor: Actor, size: number, round: number, context: Context): Promise<void> {
  for (let at = 0; at < STARTS; at++) {
    await actor.control!.stop();
    const arrivals = actor.answers('never');
    const ms = await firstArrival(actor, arrivals, () => actor.control!.sync(STORES.holdfast!.tag));
    noting(round, context)(`backlog-first-${size}`, 'ms', [ms]);
    noting(round, context)(`backlog-heap-${size}`, 'bytes', [await actor.control!.heap()]);
  }
  await actor.control!.stop();
}
