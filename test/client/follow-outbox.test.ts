import { describe, expect, test, vi } from 'vitest';
import type { InspectorClient } from '../../client/inspector/client.js';
import { followOutbox, type OutboxView } from '../../client/inspector/outbox.js';
import type { EntryInfo } from '../../sw/protocol/api.js';

/** A client whose outbox is a map, and whose answers wait to be let go. */
function follow(seqs: number[], limit = Infinity) {
  const outbox = new Map(seqs.map((seq) => [seq, { seq, state: 'pending' } as EntryInfo]));
  const asked: string[] = [];
  let gate = Promise.resolve();
  const target = new EventTarget();
  const answer = async <T>(call: string, value: () => T): Promise<T> => {
    asked.push(call);
    const found = value();
    await gate;
    return found;
  };
  const client = Object.assign(target, {
    status: () => answer('status', () => ({ waiting: outbox.size, dead: 0 })),
    entries: ({ limit: most = Infinity }) => answer('entries', () => [...outbox.values()].slice(0, most)),
    entry: (seq: number) => answer(`entry ${seq}`, () => outbox.get(seq) ?? null),
  }) as unknown as InspectorClient;
  const end = new AbortController();
  let view: OutboxView | undefined;
  followOutbox({ client, signal: end.signal, limit, changed: (next) => (view = next) });
  return {
    outbox,
    asked,
    end,
    shown: () => view?.entries.map(({ seq, state }) => [seq, state]),
    tell: (type: string, seq: number) => target.dispatchEvent(new CustomEvent('event', { detail: { type, seq } })),
    changed: (seq: number | null) => target.dispatchEvent(new CustomEvent('changed', { detail: seq === null ? null : { seq } })),
    /** Answers wait until what's returned is called. */
    hold() {
      let go = () => {};
      gate = new Promise((resolve) => (go = resolve));
      return go;
    },
  };
}

describe('V1 a view follows the outbox', () => {
  test('V1 a view that shows a part of the outbox shows the next entries when the first are gone', async () => {
    const { outbox, shown, tell } = follow([1, 2, 3], 2);
    await vi.waitFor(() => expect(shown()).toEqual([[1, 'pending'], [2, 'pending']]));
    outbox.delete(1);
    outbox.delete(2);
    tell('delivered', 1);
    tell('delivered', 2);
    await vi.waitFor(() => expect(shown()).toEqual([[3, 'pending']]));
  });

  test('V1 an entry that’s delivered while the view asks for it doesn’t come back', async () => {
    const { outbox, shown, tell, hold, asked } = follow([1, 2]);
    await vi.waitFor(() => expect(shown()).toHaveLength(2));
    const go = hold();
    tell('sending', 1);
    await vi.waitFor(() => expect(asked).toContain('entry 1'));
    outbox.delete(1);
    tell('delivered', 1);
    go();
    await vi.waitFor(() => expect(shown()).toEqual([[2, 'pending']]));
    await vi.waitFor(() => expect(asked.filter((call) => call === 'entry 1')).toHaveLength(2));
    expect(shown()).toEqual([[2, 'pending']]);
  });

  test('V1 an entry that has changed without an event is asked for by itself, and a change that names no entry has all shown entries asked for', async () => {
    const { outbox, shown, changed, asked } = follow([1, 2]);
    await vi.waitFor(() => expect(shown()).toHaveLength(2));
    outbox.set(2, { seq: 2, state: 'held' } as EntryInfo);
    changed(2);
    await vi.waitFor(() => expect(shown()).toEqual([[1, 'pending'], [2, 'held']]));
    expect(asked.filter((call) => call === 'entries')).toHaveLength(1);
    outbox.delete(1);
    changed(null);
    await vi.waitFor(() => expect(shown()).toEqual([[2, 'held']]));
  });
});
