import { describe, expect, test } from 'vitest';
import { outboxStore } from '../../client/outbox/store.js';
import { useEntry, useOutbox, useSyncStatus } from '../../client/react/index.js';
import type { EntryInfo } from '../../sw/protocol/api.js';
import { outboxClient } from '../support/outbox-client.js';
import { mount } from '../support/react.js';
import { until } from '../support/until.js';

function connected(seqs: number[]) {
  const fake = outboxClient(seqs);
  return { ...fake, sync: { outbox: outboxStore(fake.client, new AbortController().signal, () => import('../../client/outbox/follow.js')) } };
}
const quiet = () => new Promise((resolve) => setTimeout(resolve, 250));

describe('W9 hooks of holdfast/react', () => {
  test('W9 useOutbox renders the outbox as it stands, and stops with its component', async () => {
    const { sync, outbox, tell, asked } = connected([1, 2]);
    const { shown, unmount } = mount(() => useOutbox(sync).entries.map(({ seq }) => seq));
    expect(shown).toEqual([[]]);
    await until(() => expect(shown.at(-1)).toEqual([1, 2]));
    outbox.delete(1);
    tell('delivered', 1);
    await until(() => expect(shown.at(-1)).toEqual([2]));
    unmount();
    await quiet();
    const questions = asked.length;
    tell('retrying', 2);
    await quiet();
    expect(asked).toHaveLength(questions);
  });

  test('W9 useEntry renders when its entry changes, and not when another does', async () => {
    const { sync, outbox, changed } = connected([1, 2]);
    const { shown } = mount(() => useEntry('task-1', sync)?.state);
    await until(() => expect(shown).toEqual([undefined, 'pending']));
    outbox.set(2, { ...outbox.get(2)!, state: 'held' } as EntryInfo);
    changed(2);
    await quiet();
    expect(sync.outbox.getSnapshot().entries[1]).toMatchObject({ state: 'held' });
    expect(shown).toEqual([undefined, 'pending']);
    outbox.set(1, { ...outbox.get(1)!, state: 'held' } as EntryInfo);
    changed(1);
    await until(() => expect(shown).toEqual([undefined, 'pending', 'held']));
  });

  test('W9 useEntry finds an entry by its id, its key and its seq, the newest of several under an id, and none under null', async () => {
    const { sync, outbox } = connected([1, 2]);
    outbox.set(3, { ...outbox.get(1)!, seq: 3 });
    const { shown, render } = mount(() => ['task-1', '|/api|task-2', 1, null, 'task-9'].map((id) => useEntry(id, sync)?.seq));
    await until(() => expect(sync.outbox.getSnapshot().loaded).toBe(true));
    render();
    expect(shown.at(-1)).toEqual([3, 2, 1, undefined, undefined]);
  });

  test('W9 useSyncStatus takes the client of the context, and has null before there is one', async () => {
    const { sync } = connected([1]);
    const none = mount(() => useSyncStatus());
    expect(none.shown).toEqual([null]);
    const { shown } = mount(() => useSyncStatus()?.waiting, { sync });
    await until(() => expect(shown.at(-1)).toBe(1));
  });

  test('W9 a page that a server has rendered has nothing yet, and React takes it over without a complaint', async () => {
    const { sync } = connected([1, 2]);
    const { rendered, errors, element, shown } = mount(() => useOutbox().entries.length, { sync, hydrate: true });
    expect(rendered).toBe('0');
    await until(() => expect(element.textContent).toBe('2'));
    expect(shown.at(-1)).toBe(2);
    expect(errors).toEqual([]);
  });
});
