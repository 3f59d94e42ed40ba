import { describe, expect, test } from 'vitest';
import { followOutbox } from '../../client/outbox/follow.js';
import type { OutboxSnapshot } from '../../client/outbox/snapshot.js';
import type { EntryInfo } from '../../sw/protocol/api.js';
import { outboxClient } from '../support/outbox-client.js';
import { until } from '../support/until.js';

function follow(seqs: number[], limit = Infinity) {
  const { client, ...rest } = outboxClient(seqs);
  const end = new AbortController();
  let view: OutboxSnapshot | undefined;
  followOutbox({ client, signal: end.signal, limit, changed: (next) => (view = next) });
  return { ...rest, end, shown: () => view?.entries.map(({ seq, state }) => [seq, state]) };
}

describe('V1 a view follows the outbox', () => {
  test('V1 a view that shows a part of the outbox shows the next entries when the first are gone', async () => {
    const { outbox, shown, tell } = follow([1, 2, 3], 2);
    await until(() => expect(shown()).toEqual([[1, 'pending'], [2, 'pending']]));
    outbox.delete(1);
    outbox.delete(2);
    tell('delivered', 1);
    tell('delivered', 2);
    await until(() => expect(shown()).toEqual([[3, 'pending']]));
  });

  test('V1 an entry that’s delivered while the view asks for it doesn’t come back', async () => {
    const { outbox, shown, tell, hold, asked } = follow([1, 2]);
    await until(() => expect(shown()).toHaveLength(2));
    const go = hold();
    tell('sending', 1);
    await until(() => expect(asked).toContain('entry 1'));
    outbox.delete(1);
    tell('delivered', 1);
    go();
    await until(() => expect(shown()).toEqual([[2, 'pending']]));
    await until(() => expect(asked.filter((call) => call === 'entry 1')).toHaveLength(2));
    expect(shown()).toEqual([[2, 'pending']]);
  });

  test('V1 an entry that has changed without an event is asked for by itself, and a change that names no entry has all shown entries asked for', async () => {
    const { outbox, shown, changed, asked } = follow([1, 2]);
    await until(() => expect(shown()).toHaveLength(2));
    outbox.set(2, { seq: 2, state: 'held' } as EntryInfo);
    changed(2);
    await until(() => expect(shown()).toEqual([[1, 'pending'], [2, 'held']]));
    expect(asked.filter((call) => call === 'entries')).toHaveLength(1);
    outbox.delete(1);
    changed(null);
    await until(() => expect(shown()).toEqual([[2, 'held']]));
  });
});
