import { describe, expect, test, vi } from 'vitest';
import { openConnection, type Connection, type Write } from '../../sw/store/connection.js';
import { storedOutbox } from '../support/stored-outbox.js';
import { transition } from '../../sw/policy/entry.js';
import type { EntryRecord } from '../../sw/policy/entry-record.js';
import type { SyncEvent } from '../../sw/protocol/events.js';
import { createHarness } from '../support/harness.js';
import { freshDisk, useSimulatedDisk } from '../support/simulated-disk.js';

vi.mock('idb', () => import('../simulation/disk/idb.js'));

useSimulatedDisk();

vi.setConfig({ testTimeout: 30_000 });

const QUOTA = 500_000;
const LARGE = 'x'.repeat(150_000);

/** A worker whose outbox has filled its disk to the last byte, while the server was away. */
async function full(wrapped = (connection: Connection): Connection => connection) {
  const { name, clock: ofDisk, disk } = freshDisk();
  disk.faults.quota = QUOTA;
  const open = () => wrapped(openConnection({ name, clock: ofDisk, makeRoom: async () => {} }));
  const harness = createHarness({ store: (_clock, isAlone) => storedOutbox(open(), { isAlone }) });
  const { server, post, outbox, events, clock, api } = harness;
  const isFull = () => events.some(({ type }) => type === 'outbox-full');
  let isUp = false;
  let sends: string[] = [];
  server(async (request) => {
    if (!isUp) return 'drop';
    sends.push((await request.text()).slice(0, 10));
    return new Response('made', { status: 201 });
  });
  await api.pause();
  for (const size of [150_000, 20_000, 2_000, 100]) {
    for (let at = 0; ; at++) {
      const body = `${size} ${at}`.padEnd(10) + LARGE.slice(0, size);
      if (!(await post(body, { headers: { 'Holdfast-Id': `${size}-${at}` } }).then((answer) => answer.status === 202, () => false))) break;
    }
  }
  expect(isFull()).toBe(true);
  // There may be room for less than an entry. Now there's none.
  disk.faults.quota = disk.bytes;
  sends = [];
  const list = () => outbox.list({ after: 0, limit: 1_000 });
  const told = (type: SyncEvent['type']) => events.filter((event) => event.type === type).length;
  /** Lets time pass until nothing is owed and so many deliveries are told, or two minutes are over. */
  const drained = async (count: number) => {
    for (let s = 0; s < 120 && ((await list()).length > 0 || told('delivered') < count); s++) await clock.advance(1_000);
  };
  return {
    ...harness,
    disk,
    list,
    drained,
    told,
    sent: () => sends,
    up: () => void (isUp = true),
    /** The outbox as another worker would find it on the disk. */
    onDisk: () => storedOutbox(open()),
  };
}

/** A connection that's lost over each commit that a full disk takes, which goes through all the same: so what was done is done once more. */
const losing = (connection: Connection): Connection => {
  const twice = (commit: Write): Write => async (work) => {
    await commit(work);
    return commit(work);
  };
  return { ...connection, write: (work, whenFull) => connection.write(work, whenFull && ((commit) => whenFull(twice(commit)))) };
};

describe('an outbox on a full disk, which takes removals alone', () => {
  test('L12 D4 ends an entry with one settlement and one event, though the connection is lost over each commit', async () => {
    const { list, outbox, onDisk } = await full(losing);
    const [{ seq, id } = { seq: 0, id: '' }] = await list();
    const answer = { status: 201, headers: {}, body: null, truncated: false };
    const made = await outbox.commit({ seq, decide: (entry) => transition(entry, { type: 'delivered', answer }, 100) });
    expect(made).toMatchObject({ entry: null });
    expect(await onDisk().settlement(id)).toMatchObject({ status: 201 });
    expect((await onDisk().journal()).filter(({ type }) => type === 'delivered')).toHaveLength(1);
  });

  test('L12 M3 delivers what was made offline, and what names it with its real id, though there is no room to write the id', async () => {
    const { api, fetch, server, list, drained, told, sent, disk, onDisk, events } = await full();
    const owed = (await list()).length;
    // Room for both, and for nothing more.
    disk.faults.quota = Infinity;
    const headers = { 'Content-Type': 'application/json' };
    await fetch('/api/notes', { method: 'POST', body: '{"made":1}', headers: { ...headers, 'Holdfast-Provides': 'temp-1', 'Holdfast-Lane': 'made' } });
    await fetch('/api/notes/temp-1', { method: 'PUT', body: '{"edited":1}', headers: { ...headers, 'Holdfast-Lane': 'made' } });
    disk.faults.quota = disk.bytes;
    const urls: string[] = [];
    server(async (request) => {
      urls.push(`${request.method} ${new URL(request.url).pathname}`);
      sent().push((await request.text()).slice(0, 10));
      return Response.json({ id: 'n1' }, { status: 201 });
    });
    await api.resume();
    await drained(owed + 2);
    expect(told('delivered')).toBe(owed + 2);
    expect(urls.filter((url) => url !== 'POST /api/notes')).toEqual(['PUT /api/notes/n1']);
    expect(new Set(sent()).size).toBe(sent().length);
    expect(events.filter(({ type }) => type === 'resolved')).toHaveLength(1);
    expect(await onDisk().providers()).toMatchObject([{ name: 'temp-1', real: { id: 'n1' } }]);
  });

  test('L12 is delivered, each entry once, with its settlement and events', async () => {
    const { api, list, drained, sent, up, told, onDisk } = await full();
    const owed = (await list()).map(({ id }) => id);
    expect(owed.length).toBeGreaterThan(4);
    up();
    await api.resume();
    await drained(owed.length);
    expect(await list()).toEqual([]);
    expect(sent().length).toBe(owed.length);
    expect(told('delivered')).toBe(owed.length);
    for (const id of owed) expect(await onDisk().settlement(id)).toMatchObject({ status: 201 });
  });

  test('L12 `pause` and `resume` are on disk', async () => {
    const { api, onDisk } = await full();
    await api.resume();
    expect((await onDisk().start(1)).settings).toMatchObject({ paused: false });
    await api.pause();
    expect((await onDisk().start(1)).settings).toMatchObject({ paused: true });
  });

  test('L12 `pause` is on disk where nothing at all can be written, and `paused` in the journal once there’s room', async () => {
    const { api, clock, disk, onDisk, outbox, restart, sent, told, up } = await full();
    disk.faults.quota = Infinity;
    await api.resume();
    disk.faults.full = Infinity;
    up();
    await api.pause();
    expect(told('paused')).toBe(2);
    restart();
    await clock.advance(60_000);
    expect(await api.status()).toMatchObject({ paused: true });
    const before = sent().length;
    await clock.advance(60_000);
    expect(sent().length).toBe(before);
    disk.faults.full = 0;
    await outbox.commit({ events: [] });
    expect((await onDisk().journal()).filter(({ type }) => type === 'paused').length).toBeGreaterThan(0);
    expect((await onDisk().start(1)).settings).toMatchObject({ paused: true });
  });

  test('L12 `configure` is refused where nothing at all can be written, and changes nothing', async () => {
    const { api, disk, onDisk } = await full();
    disk.faults.full = Infinity;
    await expect(api.configure({ offlineMode: false })).rejects.toMatchObject({ name: 'QuotaExceededError' });
    expect((await onDisk().start(1)).settings).toEqual({ paused: true });
    expect((await api.status()).backends[0]).toMatchObject({ offlineMode: true });
  });

  test('L12 `cancel` removes an entry, and says why', async () => {
    const { api, list, events, onDisk } = await full();
    const [{ id }] = (await list()) as [EntryRecord];
    expect(await api.cancel(id)).toBe(true);
    expect((await list()).map((entry) => entry.id)).not.toContain(id);
    expect(events.at(-1)).toMatchObject({ type: 'cancelled', id });
    expect(await onDisk().settlement(id)).toMatchObject({ state: 'cancelled' });
  });

  test('L12 `discard` removes a dead letter', async () => {
    const { api, list, disk, outbox } = await full();
    const [{ id, seq }] = (await list()) as [EntryRecord];
    disk.faults.quota = Infinity;
    await outbox.commit({ seq, decide: (entry) => ({ entry: { ...entry, state: 'dead', reason: 'permanent' }, events: [] }) });
    disk.faults.full = Infinity;
    expect(await api.discard(id)).toBe(true);
    expect((await list()).map((entry) => entry.id)).not.toContain(id);
  });

  test('L12 A16 `signOut({ purge })` removes what is the user’s, and signs out on disk', async () => {
    const { api, clock, disk, onDisk, outbox, post } = await full();
    disk.faults.quota = Infinity;
    await post(LARGE, { token: 'secret' });
    disk.faults.quota = disk.bytes;
    await api.signOut({ purge: true });
    await clock.advance(100);
    expect((await outbox.list({ after: 0, limit: 100 })).filter(({ scheme }) => scheme !== null)).toEqual([]);
    expect((await onDisk().start(1)).backends).toMatchObject([{ signedOut: {} }]);
  });

  test('L12 while there’s no room for a settlement, who asks has it from memory; it’s written with the next write for which there’s room', async () => {
    const { api, list, disk, drained, sent, up, told, onDisk, outbox } = await full();
    const owed = (await list()).map(({ id }) => id);
    await api.resume();
    disk.faults.full = Infinity;
    up();
    await drained(owed.length);
    expect(sent().length).toBe(owed.length);
    expect(told('delivered')).toBe(owed.length);
    for (const id of owed) {
      expect(await api.settled(id)).toMatchObject({ status: 201 });
      expect(await onDisk().settlement(id)).toBeNull();
    }
    disk.faults.full = 0;
    await outbox.commit({ events: [] });
    for (const id of owed) expect(await onDisk().settlement(id)).toMatchObject({ status: 201 });
    expect((await onDisk().journal()).filter(({ type }) => type === 'delivered').length).toBe(owed.length);
  });
});
