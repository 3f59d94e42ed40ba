import { checkArrivals, type Actor, type Arrival } from '../actor.js';
import { eachOf, namesFor, type Measure } from '../measure.js';
import { command } from '../page.js';
import type { VariantName } from '../variants.js';

const REPLAYING = ['bare', 'holdfast', 'workbox', 'serwist'] as const satisfies VariantName[];

interface Load {
  latencyMs: number;
  lanes: number;
  entries: number;
  names: readonly VariantName[];
}

/** Fewer where each takes long: it's the rate that counts. The queues know one lane only. */
const LOADS: Load[] = [
  { latencyMs: 0, lanes: 1, entries: 1_000, names: REPLAYING },
  { latencyMs: 0, lanes: 6, entries: 1_000, names: ['bare', 'holdfast'] },
  { latencyMs: 50, lanes: 1, entries: 60, names: REPLAYING },
  { latencyMs: 50, lanes: 6, entries: 300, names: ['bare', 'holdfast'] },
];

const nameOf = ({ latencyMs, lanes }: Pick<Load, 'latencyMs' | 'lanes'>): string => `replay-${lanes}-lane${lanes > 1 ? 's' : ''}-${latencyMs}ms`;

/** So long a backlog may take, in milliseconds. */
const END_MS = 120_000;

/** How fast a backlog is delivered, as the server sees it: from the first request to the last. */
export const replay: Measure = {
  name: 'replay',
  words: 'delivery of a backlog of 1 KiB entries, in one lane and in six, at 0 and 50 ms of server latency',
  rounds: 3,
  quickRounds: 1,
  profiles: true,
  inFirefox: true,
  async run(context) {
    await context.stage.reset(REPLAYING);
    for (let round = 0; round < context.rounds; round++) {
      for (const load of LOADS) {
        context.say(`round ${round + 1}: ${nameOf(load)}`);
        const entries = context.quick ? Math.min(load.entries, 100) : load.entries;
        await eachOf(load.names, round, context, async (actor, note) => {
          const arrivals = await delivered(actor, entries, load);
          note(nameOf(load), 'entries/s', [rate(arrivals)]);
        });
      }
    }
  },
};

async function delivered(actor: Actor, count: number, { lanes, latencyMs }: Load): Promise<Arrival[]> {
  const [prefix = ''] = namesFor(1);
  const names = Array.from({ length: count }, (_, at) => `${prefix}-${at + 1}`);
  if (actor.name === 'bare') {
    const arrivals = actor.answers(201, latencyMs);
    await actor.page.evaluate(command, { command: 'loop' as const, url: '/api/notes', type: 'application/json', names, size: 1024, lanes });
    checkArrivals(actor, arrivals, names);
    return arrivals;
  }
  await actor.pause(true);
  await actor.stock({ name: prefix, count, lanes });
  // A worker that's alone goes by what it has written itself, and these entries are put there by the page.
  await actor.life?.stop();
  const arrivals = actor.answers(201, latencyMs);
  await actor.life?.start();
  await actor.pause(false);
  await actor.replay();
  await Promise.race([actor.server.arrived(count), late(actor.name)]);
  await actor.owes(0);
  checkArrivals(actor, arrivals, names);
  if (lanes === 1 && arrivals.some(({ name }, at) => name !== names[at])) throw new Error(`${actor.name} has sent one lane out of order`);
  return arrivals;
}

function late(name: string): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`${name} has not delivered all within ${END_MS} ms`)), END_MS).unref();
  });
}

function rate(arrivals: readonly Arrival[]): number {
  const [first, last] = [arrivals[0]!.at, arrivals.at(-1)!.at];
  return ((arrivals.length - 1) * 1000) / (last - first);
}
