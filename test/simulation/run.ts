import { setMaxListeners } from 'node:events';
import { storedOutbox } from '../../sw/store/outbox.js';
import type { SyncEvent } from '../../sw/protocol/events.js';
import type { Connection } from '../../sw/store/connection.js';
import type { WriteTransaction } from '../../sw/store/schema.js';
import type { Script } from './actions.js';
import { installGlobals } from './browser/globals.js';
import { calmDown } from './calm.js';
import { checkEnd, watch, type Violation } from './checks/index.js';
import { open, perform } from './perform.js';
import { World } from './world.js';

export interface Result {
  script: Script;
  violations: Violation[];
  /** Posts, effects, ends of workers and so on. */
  counts: Counts;
  /** How long each write that isn't refused on purpose took, once the faults were over, in milliseconds; none where no write is. */
  late: readonly number[];
  lines: readonly string[];
  /** The same for two runs that went the same way. */
  fingerprint: string;
}

export type Counts = Record<'writes' | 'effects' | 'ends' | 'redispatches' | 'calls' | 'commits' | 'turns', number>;

export interface RunOptions {
  isTraced?: boolean;
  /** It's enough to know that this check is violated. */
  stopAt?: string;
  /** It's enough to know one violation. */
  isOneEnough?: boolean;
}

/** Plays a script, lets everything come to rest, and says what was violated. */
// Pages and workers come and go, and all listen to few signals.
setMaxListeners(0);

export async function run(script: Script, { isTraced = false, stopAt, isOneEnough = false }: RunOptions = {}): Promise<Result> {
  const world = new World(script);
  const { agenda, history } = world;
  history.isTraced = isTraced;
  watch(world);
  if (stopAt !== undefined) agenda.isOver = () => history.found.some(({ check }) => check === stopAt);
  if (isOneEnough) agenda.isOver = () => history.found.length > 0;
  const restore = installGlobals(world);
  const rejected = (error: unknown) => history.violated('nothing unhandled', error instanceof Error ? `${error.stack}` : String(error));
  process.on('unhandledRejection', rejected);
  try {
    await sweepJournal();
    for (let index = 0; index < world.setup.pages; index++) open(world, index);
    for (const { at, ...deed } of script.actions) agenda.in(at, null, () => perform(world, deed));
    await agenda.run(script.actions.at(-1)?.at ?? 0);
    // What was broken off has come to no rest that could be judged.
    if (!agenda.isOver()) await calmDown(world);
    if (!agenda.isOver()) checkEnd(world);
  } finally {
    process.off('unhandledRejection', rejected);
    restore();
  }
  const counts = {
    writes: history.posts.size,
    effects: history.effects.length,
    ends: world.ends,
    redispatches: world.redispatches,
    calls: world.calls,
    commits: world.disk.commits,
    turns: agenda.turns,
  };
  return { script, violations: history.found, counts, late: lateness(world), lines: history.lines, fingerprint: `${JSON.stringify(counts)} ${agenda.now} ${JSON.stringify(history.effects)}` };
}

/** From the faults' end, or its user's return, to the delivery of each write that waited then and isn't refused on purpose. */
const lateness = ({ owed, history }: World): number[] =>
  [...owed].flatMap(([op, since]) => {
    const delivered = history.told.get(op)?.find(({ event }) => event.type === 'delivered');
    return delivered ? [Math.max(0, delivered.at - since)] : [];
  });

/** The store counts by module what it has written to the journal. Each run begins at the same count. */
async function sweepJournal(): Promise<void> {
  const store = { add: async () => {}, openKeyCursor: async () => null };
  const write = ((work: (tx: WriteTransaction) => Promise<unknown>) =>
    work({ objectStore: () => store, done: Promise.resolve() } as unknown as WriteTransaction)) as Connection['write'];
  const events = Array.from({ length: 100 }, (): SyncEvent => ({ type: 'online', at: 0 }));
  await storedOutbox({ read: (() => {}) as unknown as Connection['read'], write, writeAlong: write }).commitAll([{ events }]);
}
