import { describe, expect, test } from 'vitest';
import type { OldQueue } from '../../sw/ports.js';
import { createHarness, ORIGIN } from '../support/harness.js';
import { jwt } from '../support/records.js';

interface Row {
  body: string;
  path?: string;
  token?: string;
  at?: number;
  /** Its number in the queue. @default its place, from 1 */
  id?: number;
  headers?: Record<string, string>;
  /** The other library has taken it meanwhile. */
  gone?: boolean;
  broken?: boolean;
  /** Its body has been lost. */
  lost?: boolean;
}

/** Another library's queue. */
function queueOf(rows: Row[]) {
  let left = rows.map((row, index) => ({ row, id: row.id ?? index + 1 }));
  let closed = false;
  const queue: OldQueue = {
    rows: async () =>
      left.map(({ row: { body, path = '/api/notes', token, at = 5, headers = {}, broken, lost }, id }) => ({
        id,
        at,
        what: `POST ${ORIGIN}${path}`,
        request: () => {
          if (broken) throw new TypeError('no request');
          const authorization = token === undefined ? {} : { Authorization: `Bearer ${token}` };
          const stream = new ReadableStream({ start: (controller) => controller.error(new Error('lost')) });
          const init = { method: 'POST', headers: { ...headers, ...authorization }, ...(lost ? { body: stream, duplex: 'half' } : { body }) };
          return new Request(new URL(path, ORIGIN), init as RequestInit);
        },
      })),
    remove: async (ids) => {
      const removed = left.filter(({ id, row }) => ids.includes(id) && !row.gone);
      left = left.filter(({ id }) => !ids.includes(id));
      return new Set(removed.map(({ id }) => id));
    },
    close: () => {
      closed = true;
    },
  };
  return { queue, left: () => left.map(({ row }) => row.body), isClosed: () => closed };
}

/** The id of the entry that is made of a row. */
const idOf = (body: string): string => `workbox-digest of 5 POST ${ORIGIN}/api/notes ${body}`;

const sent = (log: string[]): string[] => log.filter((line) => line.includes(' send '));

describe('B1 a request that another library’s queue owes', () => {
  test('B1 is taken over in its order, once, and delivered', async () => {
    const { adopt, log, clock, api } = createHarness();
    const old = queueOf([{ body: 'a' }, { body: 'b' }, { body: 'c' }]);
    expect(await adopt(old.queue)).toBe(3);
    expect([old.left(), old.isClosed()]).toEqual([[], true]);
    await clock.advance(1000);
    expect(sent(log)).toEqual(['0 send a', '0 send b', '0 send c']);
    expect((await api.settled(idOf('a')))?.state).toBe('delivered');
    expect(await adopt(null)).toBe(0);
  });

  test('B1 that a worker has taken over, and didn’t live to remove there, is known again, waiting or delivered', async () => {
    const { adopt, log, clock, api } = createHarness();
    const rows = [{ body: 'a' }, { body: 'b' }];
    await api.pause();
    await adopt(queueOf(rows).queue);
    const again = queueOf(rows);
    await adopt(again.queue);
    expect([await api.entries(), again.left()]).toMatchObject([[{ id: idOf('a') }, { id: idOf('b') }], []]);
    await api.resume();
    await clock.advance(1000);
    await adopt(queueOf(rows).queue);
    await clock.advance(1000);
    expect(sent(log)).toHaveLength(2);
    // Its database may have been made anew: a number comes again, and a time doesn't.
    await adopt(queueOf([{ body: 'new', at: 6 }]).queue);
    await clock.advance(1000);
    expect(log).toContain('2000 send new');
  });

  test('B1 that was refused after it was taken over is a dead letter, and isn’t taken again', async () => {
    const { adopt, server, clock, api } = createHarness();
    server(() => new Response(null, { status: 422 }));
    await adopt(queueOf([{ body: 'a' }]).queue);
    await clock.advance(1000);
    await adopt(queueOf([{ body: 'a' }]).queue);
    await clock.advance(1000);
    expect(await api.entries()).toMatchObject([{ id: idOf('a'), state: 'dead' }]);
  });

  test('B1 that the other library has taken to send meanwhile isn’t sent from the outbox too', async () => {
    const { adopt, log, clock } = createHarness();
    expect(await adopt(queueOf([{ body: 'a', gone: true }, { body: 'b' }]).queue)).toBe(1);
    await clock.advance(1000);
    expect(sent(log)).toEqual(['0 send b']);
    expect(log).toContain(`0 cancelled ${idOf('a')}`);
  });

  test('B1 that the other library takes meanwhile, and puts back as nobody answered, is taken over after all', async () => {
    const { adopt, log, clock } = createHarness();
    expect(await adopt(queueOf([{ body: 'a', gone: true }]).queue)).toBe(0);
    const again = queueOf([{ body: 'a' }]);
    expect([await adopt(again.queue), again.left()]).toEqual([1, []]);
    await clock.advance(1000);
    expect(sent(log)).toEqual(['0 send a']);
  });

  test.each(['waits', 'is delivered'])('B1 that the other library puts back under another number, while its entry %s, is known', async (which) => {
    const { adopt, log, clock, api } = createHarness();
    if (which === 'waits') await api.pause();
    await adopt(queueOf([{ body: 'a' }]).queue);
    await clock.advance(1000);
    const again = queueOf([{ body: 'a', id: 7 }]);
    await adopt(again.queue);
    await api.resume();
    await clock.advance(1000);
    expect([sent(log).length, again.left()]).toEqual([1, []]);
  });

  test('B1 that’s like another one of the same millisecond is taken over too, though there’s room for the first alone', async () => {
    const { adopt, log, clock, api } = createHarness({ backends: [{ baseUrl: '/api', limits: { maxEntries: 2 } }] });
    await api.pause();
    const old = queueOf([{ body: 'a' }, { body: 'a' }, { body: 'a' }]);
    expect([await adopt(old.queue), old.left()]).toEqual([2, ['a']]);
    await api.resume();
    await clock.advance(1000);
    expect([await adopt(old.queue), old.left()]).toEqual([1, []]);
    await clock.advance(1000);
    expect(sent(log)).toHaveLength(3);
    await adopt(queueOf([{ body: 'a', id: 7 }]).queue);
    await clock.advance(1000);
    expect(sent(log)).toHaveLength(3);
  });

  test('B1 goes out as its own user, whom the token on disk names, and that token is dropped', async () => {
    const { adopt, log, clock, api, outbox } = createHarness();
    const [ann, bob] = [jwt({ sub: 'ann', exp: 50 }), jwt({ sub: 'bob', exp: 9e9 })];
    await api.provideToken(bob);
    await adopt(queueOf([{ body: 'b', token: bob }, { body: 'a', token: ann }]).queue);
    await clock.advance(1000);
    expect(sent(log)).toEqual([`0 send b ${bob}`]);
    expect(await api.entries()).toMatchObject([{ id: idOf('a'), owner: 'ann', state: 'parked', capturedAt: 5 }]);
    expect(JSON.stringify(await outbox.list({ after: 0, limit: 10 }))).not.toContain(ann);
  });

  test('B1 by cookie has no known owner, and isn’t given to the user who is signed in', async () => {
    const { adopt, api } = createHarness();
    await api.signIn('bob');
    await api.pause();
    await adopt(queueOf([{ body: 'a' }]).queue);
    expect(await api.entries()).toMatchObject([{ owner: null }]);
  });

  test('B1 stays in its queue, and is told, where it belongs to no backend or can’t be restored', async () => {
    const { adopt, printed, clock, log } = createHarness();
    const old = queueOf([{ body: 'a', path: '/other' }, { body: 'b', broken: true }, { body: 'c', headers: { 'Holdfast-Mode': 'x' } }, { body: 'd' }]);
    expect(await adopt(old.queue)).toBe(1);
    await clock.advance(1000);
    expect([old.left(), log.filter((line) => line.includes(' send '))]).toEqual([['a', 'b', 'c'], ['0 send d']]);
    expect(printed.filter((line) => line.includes('stays in the old queue'))).toHaveLength(3);
  });

  test('B1 stays in its queue where its body can’t be read, and holds up no other request', async () => {
    const { adopt, post, api, goOffline } = createHarness();
    goOffline();
    const old = queueOf([{ body: 'a', lost: true }, { body: 'b' }]);
    expect(await adopt(old.queue)).toBe(1);
    expect(old.left()).toEqual(['a']);
    await post('c', { headers: { 'Holdfast-Id': 'c' } });
    expect((await api.entries()).map(({ id }) => id)).toEqual([idOf('b'), 'c']);
  });

  test('B1 stays in its queue where the outbox has no room, and so do all behind it', async () => {
    const { adopt, api } = createHarness({ backends: [{ baseUrl: '/api', limits: { maxEntries: 1 } }] });
    await api.pause();
    const old = queueOf([{ body: 'a' }, { body: 'b' }, { body: 'c' }]);
    expect(await adopt(old.queue)).toBe(1);
    expect(old.left()).toEqual(['b', 'c']);
  });

  test('B1 goes before a new request of the page', async () => {
    const { adopt, post, api, goOffline } = createHarness();
    goOffline();
    await adopt(queueOf([{ body: 'a' }]).queue);
    expect((await post('b', { headers: { 'Holdfast-Id': 'b' } })).status).toBe(202);
    expect((await api.entries()).map(({ id }) => id)).toEqual([idOf('a'), 'b']);
  });
});
