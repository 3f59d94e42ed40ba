import { describe, expect, test } from 'vitest';
import type { OutboxSnapshot } from '../../client/outbox/snapshot.js';
import { outboxStore } from '../../client/outbox/store.js';
import type { EntryInfo } from '../../sw/protocol/api.js';
import { outboxClient } from '../support/outbox-client.js';
import { until } from '../support/until.js';

function stored(seqs: number[]) {
  const closed = new AbortController();
  const fake = outboxClient(seqs);
  let loads = 0;
  const store = outboxStore(fake.client, closed.signal, async () => {
    loads += 1;
    return import('../../client/outbox/follow.js');
  });
  const told: OutboxSnapshot[] = [];
  const listen = () => store.subscribe((snapshot) => void told.push(snapshot));
  return { ...fake, store, closed, told, listen, loads: () => loads, times: (call: string) => fake.asked.filter((name) => name === call).length };
}

/** Longer than events are gathered. */
const quiet = () => new Promise((resolve) => setTimeout(resolve, 250));

describe('W9 sync.outbox is a store', () => {
  test('W9 nobody asks the worker, and nothing is loaded, before somebody listens', async () => {
    const { store, asked, loads } = stored([1]);
    expect(store.getSnapshot()).toEqual({ status: null, entries: [], loaded: false, error: null });
    await quiet();
    expect([asked, loads()]).toEqual([[], 0]);
  });

  test('W9 a listener is called at once, as Svelte wants it, and then with entries and status', async () => {
    const { store, told, listen } = stored([1, 2]);
    listen();
    expect(told).toEqual([store.getSnapshot()]);
    await until(() => expect(store.getSnapshot()).toMatchObject({ status: { waiting: 2 }, entries: [{ seq: 1 }, { seq: 2 }], loaded: true, error: null }));
    expect(told.at(-1)).toBe(store.getSnapshot());
  });

  test('W9 the snapshot is the same object until something has changed, and so is an entry', async () => {
    const { store, told, listen, outbox, tell, changed, times } = stored([1, 2]);
    listen();
    await until(() => expect(store.getSnapshot().status).not.toBeNull());
    await quiet();
    const [before, heard] = [store.getSnapshot(), told.length];
    tell('retrying', 1);
    changed(null);
    await until(() => expect(times('entries')).toBe(2));
    await quiet();
    expect(store.getSnapshot()).toBe(before);
    expect(told).toHaveLength(heard);
    outbox.set(2, { ...outbox.get(2)!, state: 'held' } as EntryInfo);
    changed(2);
    await until(() => expect(store.getSnapshot()).not.toBe(before));
    const after = store.getSnapshot();
    expect(after.entries[0]).toBe(before.entries[0]);
    expect(after.entries[1]).toMatchObject({ state: 'held' });
    expect(after.status).toBe(before.status);
  });

  test('W9 a burst of events causes one question for the status, and one for each entry', async () => {
    const { store, listen, tell, times } = stored([1, 2]);
    listen();
    await until(() => expect(store.getSnapshot().status).not.toBeNull());
    await quiet();
    const before = times('status');
    for (let count = 0; count < 50; count++) tell('sending', 1 + (count % 2));
    await quiet();
    expect([times('status') - before, times('entry 1'), times('entry 2'), times('entries')]).toEqual([1, 1, 1, 1]);
  });

  test('W9 all listeners share what is followed, and after the last has stopped nothing is asked', async () => {
    const { store, listen, told, tell, asked, loads } = stored([1]);
    const stops = [listen(), listen()];
    await until(() => expect(store.getSnapshot().loaded).toBe(true));
    expect(loads()).toBe(1);
    stops[0]!();
    stops[0]!();
    await quiet();
    tell('retrying', 1);
    await until(() => expect(asked).toContain('entry 1'));
    stops[1]!();
    const [questions, heard] = [asked.length, told.length];
    tell('retrying', 1);
    await quiet();
    expect([asked.length, told.length]).toEqual([questions, heard]);
  });

  test('W9 who listens again has what was seen last at once, and then what is new', async () => {
    const { store, listen, outbox } = stored([1]);
    const stop = listen();
    await until(() => expect(store.getSnapshot().entries).toHaveLength(1));
    stop();
    outbox.delete(1);
    let first: OutboxSnapshot | undefined;
    store.subscribe((snapshot) => (first ??= snapshot));
    expect(first?.entries).toHaveLength(1);
    await until(() => expect(store.getSnapshot().entries).toEqual([]));
  });

  test('W9 a chunk that can’t be loaded is the snapshot’s error', async () => {
    const { client } = outboxClient([]);
    const store = outboxStore(client, new AbortController().signal, () => Promise.reject(new TypeError('no such file')));
    store.subscribe(() => {});
    await until(() => expect(store.getSnapshot().error).toEqual(new TypeError('no such file')));
  });

  test('W9 a closed client follows nothing', async () => {
    const { listen, closed, asked } = stored([1]);
    closed.abort();
    listen();
    await quiet();
    expect(asked).toEqual([]);
  });
});
