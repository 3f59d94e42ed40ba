import { describe, expect, test, vi } from 'vitest';
import { openConnection } from '../../sw/store/connection.js';
import { storedOutbox } from '../support/stored-outbox.js';
import { createHarness, type Harness, type HarnessOptions } from '../support/harness.js';
import { freshDisk, useSimulatedDisk } from '../support/simulated-disk.js';
import { settle } from '../support/virtual-clock.js';

vi.mock('idb', () => import('../simulation/disk/idb.js'));

useSimulatedDisk();

/** What was asked of the database. */
interface Counts {
  readwrite: number;
  readonly: number;
  reads: number;
  writes: number;
}

const NOTHING: Counts = { readwrite: 0, readonly: 0, reads: 0, writes: 0 };

/** A worker whose outbox is on a database that counts. */
function counted(options: HarnessOptions = {}) {
  let counts = { ...NOTHING };
  const { name, clock: ofDisk } = freshDisk((what) => {
    const [verb] = what.split(' ');
    if (verb === 'readwrite' || verb === 'readonly') counts[verb]++;
    else if (/^(put|add|delete|update)$/.test(verb!)) counts.writes++;
    else if (/^(get|getAll|getAllKeys|count|cursor|continue)$/.test(verb!)) counts.reads++;
  });
  const harness = createHarness({
    ...options,
    // The disk's own time opens the database; all else goes by the worker's clock.
    store: (clock, isAlone) => storedOutbox(openConnection({ name, clock: { after: (ms, task) => (ms > 1_000 ? ofDisk.after(ms, task) : clock.after(ms, task)) }, makeRoom: async () => {} }), { isAlone }),
  });
  return {
    ...harness,
    /** What is asked of the database while something is done. */
    async during(work: () => Promise<unknown>): Promise<Counts> {
      counts = { ...NOTHING };
      await work();
      return counts;
    },
  };
}

const waiting = async ({ outbox }: Harness) => (await outbox.list({ after: 0, limit: 1_000 })).length;

/** Waits until nothing is owed any more. */
async function drained(harness: Harness): Promise<void> {
  while ((await harness.outbox.list({ after: 0, limit: 1 })).length > 0) await settle();
}

async function stored(harness: Harness, count: number, init?: Parameters<Harness['post']>[1]): Promise<void> {
  for (let at = 0; at < count; at++) await harness.post(`body ${at}`, init);
}

describe('the budget of the database', () => {
  test('a capture while the server is known to be down is one transaction of four writes, without a read', async () => {
    const harness = counted();
    harness.server(() => 'drop');
    await stored(harness, 3);
    const { readwrite, readonly, reads, writes } = await harness.during(() => stored(harness, 20));
    expect(await waiting(harness)).toBe(23);
    expect({ readwrite, readonly, reads }).toEqual({ readwrite: 20, readonly: 0, reads: 0 });
    expect(writes).toBeLessThanOrEqual(80);
  });

  test('a status is one transaction, however many backends there are', async () => {
    const harness = counted({ backends: [{ baseUrl: '/api' }, { baseUrl: '/other' }] });
    harness.goOffline();
    await stored(harness, 3);
    const { readwrite, readonly } = await harness.during(async () => expect(await harness.api.status()).toMatchObject({ waiting: 3 }));
    expect({ readwrite, readonly }).toEqual({ readwrite: 0, readonly: 1 });
  });

  test('captures that come at once share their transactions', async () => {
    const harness = counted();
    harness.server(() => 'drop');
    await stored(harness, 3);
    const { readwrite, reads, writes } = await harness.during(() => Promise.all(Array.from({ length: 40 }, (_, at) => harness.post(`at once ${at}`))));
    expect(await waiting(harness)).toBe(43);
    expect(reads).toBe(0);
    expect(readwrite).toBeLessThanOrEqual(4);
    // The entry, its event in the journal, and that its page has its answer. The tally is written once in each transaction.
    expect(writes).toBeLessThanOrEqual(40 * 3 + readwrite);
  });

  test('an answer to a page is noted along with the next write, or a moment later by itself', async () => {
    const harness = counted();
    harness.server(() => 'drop');
    await stored(harness, 3);
    await harness.clock.advance(101);
    expect(await harness.during(() => harness.clock.advance(101))).toEqual(NOTHING);
    expect(await harness.during(() => stored(harness, 1))).toMatchObject({ readwrite: 1, writes: 3 });
    expect(await harness.during(() => harness.clock.advance(101))).toEqual({ ...NOTHING, readwrite: 1, writes: 1 });
  });

  test('a look when nothing is due makes no transaction', async () => {
    const harness = counted();
    harness.server(() => 'drop');
    await stored(harness, 3);
    await harness.clock.advance(101);
    expect(await harness.during(() => harness.look())).toEqual(NOTHING);
  });

  test.each([1, 6])('a delivery in a backlog in %i lanes is an eighth of a transaction, read ahead and written in lots', async (lanes) => {
    const harness = counted({ backends: [{ baseUrl: '/api', lane: (request) => request.headers.get('x-lane')! }] });
    harness.goOffline();
    const each = 192 / lanes;
    for (let lane = 0; lane < lanes; lane++) await stored(harness, each, { headers: { 'X-Lane': `lane ${lane}` } });
    await harness.clock.advance(200);
    harness.goOnline();
    // What the first delivery changes of the backend is written by itself.
    const { readwrite, readonly, writes } = await harness.during(async () => {
      void harness.api.replay();
      while (harness.events.filter(({ type }) => type === 'delivered').length < 192) await settle();
    });
    expect(harness.log.filter((line) => line.includes(' send '))).toHaveLength(192);
    expect(writes).toBeLessThanOrEqual(3.2 * 192);
    expect(readwrite).toBeLessThanOrEqual(192 / 8 + 2);
    expect(readonly).toBeLessThanOrEqual(192 / 8);
  });

  test('a delivery with `replayAhead: 1` is written before the next entry of its lane is sent', async () => {
    const harness = counted({ backends: [{ baseUrl: '/api', replayAhead: 1 }] });
    harness.goOffline();
    await stored(harness, 5);
    harness.goOnline();
    void harness.api.replay();
    await drained(harness);
    await settle();
    const what = harness.log.filter((line) => / send | delivered/.test(line)).map((line) => line.split(' ')[1]);
    expect(what).toEqual(['send', 'delivered', 'send', 'delivered', 'send', 'delivered', 'send', 'delivered', 'send', 'delivered']);
  });
});
