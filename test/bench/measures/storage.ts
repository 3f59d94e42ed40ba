import { setTimeout as delay } from 'node:timers/promises';
import type { Actor } from '../actor.js';
import { eachOf, namesFor, type Measure, type Note } from '../measure.js';
import type { VariantName } from '../variants.js';
import { down, emptyAndHeld, heardOf } from './capture.js';

const COUNTED = ['holdfast', 'ahead', 'workbox', 'serwist'] as const satisfies VariantName[];
const ENTRIES = 50;

/** What is gathered to be written together is in after so long. In milliseconds. */
const QUIET_MS = 300;

/**
 * The work that a request makes for IndexedDB, counted in the worker: transactions, and the requests in them. It's
 * what most of the time of a capture and of a replay goes into, and here no noise hides it.
 */
export const storage: Measure = {
  name: 'storage',
  words: `IndexedDB transactions and requests for each of ${ENTRIES} POSTs: delivered, stored, and replayed`,
  rounds: 1,
  quickRounds: 1,
  async run(context) {
    for (let round = 0; round < context.rounds; round++) {
      await emptyAndHeld(context, COUNTED);
      await eachOf(COUNTED, round, context, async (actor, note) => {
        await actor.control!.evaluate(`(${count.toString()})()`);
        await quiet(actor);

        actor.answers(201);
        await actor.posts({ names: namesFor(ENTRIES) }, 201);
        await told(actor, 'pass', note);

        await down(actor, () => actor.posts({ names: namesFor(ENTRIES) }, heardOf(actor.name, 0)));
        await actor.owes(ENTRIES);
        await told(actor, 'capture', note);

        actor.answers(201);
        await actor.hold(false);
        await actor.replay();
        await actor.server.arrived(ENTRIES);
        await actor.owes(0);
        await told(actor, 'replay', note);
        await actor.control!.stop();
      });
    }
  },
};

interface Counts {
  transactions: number;
  requests: number;
}

async function told(actor: Actor, what: string, note: Note): Promise<void> {
  const { transactions, requests } = await quiet(actor);
  note(`storage-${what}-transactions`, 'transactions', [transactions / ENTRIES]);
  note(`storage-${what}-requests`, 'requests', [requests / ENTRIES]);
}

/** Takes the counts when nothing is being written any more. */
async function quiet({ control }: Actor): Promise<Counts> {
  for (let last = ''; ; ) {
    const counts = (await control!.evaluate('({ ...globalThis.counted })')) as Counts;
    if (JSON.stringify(counts) === last) {
      await control!.evaluate('Object.assign(globalThis.counted, { transactions: 0, requests: 0 })');
      return counts;
    }
    last = JSON.stringify(counts);
    await delay(QUIET_MS);
  }
}

/** In the worker, until it's stopped. */
function count(): void {
  const counted: Counts = { transactions: 0, requests: 0 };
  Object.assign(globalThis, { counted });
  const wrap = (prototype: object, name: string, what: keyof Counts) => {
    const methods = prototype as Record<string, (...given: unknown[]) => unknown>;
    const method = methods[name];
    if (!method) return;
    methods[name] = function (this: unknown, ...given: unknown[]) {
      counted[what]++;
      return method.apply(this, given);
    };
  };
  wrap(IDBDatabase.prototype, 'transaction', 'transactions');
  const reads = ['get', 'getKey', 'getAll', 'getAllKeys', 'count', 'openCursor', 'openKeyCursor'];
  for (const name of [...reads, 'put', 'add', 'delete', 'clear']) wrap(IDBObjectStore.prototype, name, 'requests');
  for (const name of reads) wrap(IDBIndex.prototype, name, 'requests');
  // Not the steps of a cursor: idb knows those methods by their identity.
  for (const name of ['update', 'delete']) wrap(IDBCursor.prototype, name, 'requests');
}
