import { describe, expect, test, vi } from 'vitest';
import type { BackendOptions } from '../../sw/options.js';
import { newBackendRecord } from '../../sw/policy/backend-record.js';
import type { Coalesce } from '../../sw/policy/coalesce.js';
import { createHarness, type Harness } from '../support/harness.js';
import { settle } from '../support/virtual-clock.js';

const options = (more: Partial<BackendOptions> = {}) => ({ backends: [{ baseUrl: '/api', coalesce: true, ...more }] });
const JSON_BODY = { 'Content-Type': 'application/json' };
const MERGE = { 'Content-Type': 'application/merge-patch+json' };

/** A worker that's offline. */
function offline(more?: Partial<BackendOptions>) {
  const harness = createHarness(options(more));
  harness.goOffline();
  const save = async (body: string, headers: Record<string, string> = {}, path = '/api/notes/1') =>
    (await harness.fetch(path, { method: 'PUT', body, headers: { ...JSON_BODY, ...headers } }))!;
  const patch = async (body: string, headers: Record<string, string> = {}, path = '/api/notes/1') =>
    (await harness.fetch(path, { method: 'PATCH', body, headers: { ...MERGE, ...headers } }))!;
  const deliver = async () => {
    harness.goOnline();
    await harness.look();
    await harness.clock.advance(60_000);
    return sent(harness);
  };
  return { ...harness, save, patch, deliver };
}

const sent = ({ log }: Pick<Harness, 'log'>) => log.flatMap((line) => / send (.*)$/.exec(line)?.[1] ?? []);

describe('M5 coalescing', () => {
  test('twenty saves of a draft are one request, with the newest state', async () => {
    const { save, deliver, api, outbox } = offline();
    for (let count = 1; count <= 20; count++) await save(`{"text":"${count}"}`);
    expect(await api.entries()).toHaveLength(1);
    expect((await api.status()).waiting).toBe(1);
    expect((await outbox.overview([(await outbox.heads())[0]!.backend], () => false)).counts).toMatchObject([{ pending: 1 }]);
    expect(await deliver()).toEqual(['{"text":"20"}']);
    expect(await api.entries()).toEqual([]);
  });

  test('is off by default', async () => {
    const { save, deliver } = offline({ coalesce: false });
    await save('1');
    await save('2');
    expect(await deliver()).toEqual(['1', '2']);
  });

  test('merge patches become one, and are folded into a PUT', async () => {
    const { save, patch, deliver } = offline();
    await patch('{"a":1}');
    await patch('{"b":2}');
    await save('{"c":3}', {}, '/api/notes/2');
    await patch('{"c":null,"d":4}', {}, '/api/notes/2');
    expect(await deliver()).toEqual(['{"a":1,"b":2}', '{"d":4}']);
  });

  test('the entry keeps its id and place, and has a fresh idempotency key', async () => {
    const { save, api, events } = offline();
    const first = (await (await save('1')).json()) as { id: string; key: string };
    const [before] = await api.entries();
    const second = (await (await save('2')).json()) as { id: string; reason: string };
    expect(second).toMatchObject({ queued: true, id: first.id, reason: 'offline' });
    const after = await api.entry(first.id);
    expect(after).toMatchObject({ id: first.id, key: first.key, seq: before!.seq, reason: 'offline', bodySize: 1, capturedAt: before!.capturedAt });
    expect(after!.idempotencyKey).not.toBe(before!.idempotencyKey);
    expect(events.map(({ type }) => type)).toEqual(['queued', 'coalesced']);
    expect(events[1]).toMatchObject({ id: first.id, seq: before!.seq, newer: { method: 'PUT', url: 'https://app.example/api/notes/1' } });
  });

  test.each<[string, (given: ReturnType<typeof offline>) => Promise<unknown>]>([
    ['an entry of another URL stands between them', ({ save }) => save('x', {}, '/api/notes/2')],
    ['an entry of another user stands between them', ({ save }) => save('x', { Authorization: 'Bearer b' }, '/api/notes/2')],
    ['an entry without a user stands between them', ({ save }) => save('x', { 'Holdfast-Auth': 'none' }, '/api/notes/2')],
  ])('not where %s', async (_, between) => {
    const given = offline({ owner: (token) => token });
    await given.save('1', { Authorization: 'Bearer a' });
    await between(given);
    await given.save('2', { Authorization: 'Bearer a' });
    expect((await given.api.entries()).map(({ bodySize }) => bodySize)).toEqual([1, 1, 1]);
  });

  test.each<[string, Record<string, string>, Record<string, string>]>([
    ['of different users', { Authorization: 'Bearer a' }, { Authorization: 'Bearer b' }],
    ['with and without a token', { Authorization: 'Bearer a' }, {}],
    ['in different lanes', { 'Holdfast-Lane': 'a' }, { 'Holdfast-Lane': 'b' }],
    ['under different conditions', { 'If-Match': '"1"' }, { 'If-Match': '"2"' }],
    ['of which the newer has a name of its own', {}, { 'Holdfast-Id': 'mine' }],
    ['of which the newer’s page is told of a failure, and may repeat it', {}, { 'Holdfast-Mode': 'reject' }],
  ])('not two writes %s', async (_, older, newer) => {
    const { save, api } = offline({ owner: (token) => token });
    await save('1', older);
    await save('2', newer).catch(() => {});
    expect(await api.entries()).toHaveLength(2);
  });

  test('an entry that the page has named can be saved over by what has no name', async () => {
    const { save, api, deliver } = offline();
    await save('1', { 'Holdfast-Id': 'draft-1' });
    await save('2');
    expect(await api.entries()).toMatchObject([{ id: 'draft-1' }]);
    expect(await deliver()).toEqual(['2']);
    expect(await api.settled('draft-1')).toMatchObject({ state: 'delivered' });
  });

  test('what waits in other lanes doesn’t matter', async () => {
    const { save, api } = offline();
    await save('1', { 'Holdfast-Lane': 'a' });
    await save('x', { 'Holdfast-Lane': 'b' });
    await save('2', { 'Holdfast-Lane': 'a' });
    expect(await api.entries()).toHaveLength(2);
  });

  test('an entry that was sent stays as it is, whatever the server said', async () => {
    const { save, server, goOnline, goOffline, look, clock, log, api } = offline();
    await save('1');
    server(() => new Response(null, { status: 503 }));
    goOnline();
    await look();
    goOffline();
    await save('2');
    await save('3');
    expect(await api.entries()).toMatchObject([{ sends: 1 }, { sends: 0 }]);
    server(() => new Response(null, { status: 204 }));
    goOnline();
    await clock.advance(60_000);
    expect(sent({ log })).toEqual(['1', '1', '3']);
  });

  test('an entry on the wire stays as it is', async () => {
    const { save, server, goOnline, look, clock, log } = offline();
    await save('1');
    let answer: (response: Response) => void;
    server((_, count) => (count === 0 ? new Promise((resolve) => (answer = resolve)) : new Response(null, { status: 204 })));
    goOnline();
    void look();
    await settle();
    await save('2');
    answer!(new Response(null, { status: 204 }));
    await clock.advance(1_000);
    expect(sent({ log })).toEqual(['1', '2']);
  });

  test('a first send under way counts as sent', async () => {
    const { fetch, server, clock, log } = createHarness(options({ capture: 'write-ahead' }));
    server((_, count) => (count < 2 ? 'drop' : new Response(null, { status: 204 })));
    const put = (body: string) => fetch('/api/notes/1', { method: 'PUT', body, headers: JSON_BODY });
    await Promise.all([put('1'), put('2')]);
    await clock.advance(60_000);
    expect(sent({ log }).slice(2)).toEqual(['1', '2']);
  });

  test('an entry that an earlier worker may have sent stays as it is', async () => {
    const { save, restart, deliver, server, goOnline, goOffline, look, log } = offline();
    await save('1');
    server(() => 'hang');
    goOnline();
    void look();
    await settle();
    expect(sent({ log })).toEqual(['1']);
    restart();
    goOffline();
    server(() => new Response(null, { status: 204 }));
    await save('2');
    await save('3');
    expect(await deliver()).toEqual(['1', '1', '3']);
  });

  test('an entry that no worker has sent may have been written by an earlier one, however many there were', async () => {
    const { save, restart, deliver } = offline();
    for (const body of ['1', '2', '3', '4']) {
      await save(body);
      await settle();
      restart();
    }
    expect(await deliver()).toEqual(['4']);
  });

  test('nor is that known of a backend that something waits for since before', async () => {
    const { save, restart, deliver, outbox } = offline();
    await save('1');
    // An earlier version of the app didn't coalesce.
    await outbox.commit({ backend: { ...newBackendRecord((await outbox.heads())[0]!.backend), replays: 3 } });
    restart();
    await save('2');
    await save('3');
    expect(await deliver()).toEqual(['1', '3']);
  });

  test('what a worker has sent ahead, and didn’t live to write off, isn’t changed by the worker after the next, which starts while the server is away', async () => {
    const { save, goOnline, restart, outbox, server, clock, api, log } = offline();
    for (const body of ['1', '2', '3']) await save(body, {}, `/api/notes/${body}`);
    const { commitAll } = outbox;
    outbox.commitAll = (commits) => (commits.length === 1 ? commitAll(commits) : new Promise(() => {}));
    goOnline();
    await api.wake('online');
    await clock.advance(10_000);
    expect(sent({ log })).toEqual(['1', '2', '3']);
    outbox.commitAll = commitAll;
    server(() => 'drop');
    restart();
    await api.wake('online');
    await clock.advance(1_000);
    expect((await outbox.start(1)).backends).toMatchObject([{ circuit: { state: 'open' } }]);
    restart();
    await save('4', {}, '/api/notes/3');
    expect(await api.entries()).toHaveLength(3);
  });

  test('a replay is noted on disk before it’s made, and once', async () => {
    const { save, goOnline, look, server, outbox, clock } = offline({ lane: (request) => request.url });
    const replays = async () => (await outbox.start(1)).backends.map((record) => record.replays);
    await save('1');
    await save('2', {}, '/api/notes/2');
    expect(await replays()).toEqual([2]);
    const seen: unknown[] = [];
    server(async () => {
      seen.push(...(await replays()));
      return new Response(null, { status: 204 });
    });
    goOnline();
    await look();
    await clock.advance(60_000);
    expect(seen).toEqual([3, 3]);
  });

  test('nothing is coalesced while another worker lives', async () => {
    const { save, second, api } = offline();
    await save('1');
    second();
    await save('2');
    await save('3');
    expect(await api.entries()).toHaveLength(3);
  });

  describe('whoever waits for the older', () => {
    test('gets the answer to the newer: a page that waits for its own', async () => {
      const { save, deliver, server } = offline();
      server(async (request) => new Response(`saved ${await request.text()}`));
      const waiting = save('1', { 'Holdfast-Mode': 'wait' });
      await settle();
      await save('2');
      const last = save('3', { 'Holdfast-Mode': 'wait' });
      await settle();
      expect(await deliver()).toEqual(['3']);
      expect(await (await waiting).text()).toBe('saved 3');
      expect(await (await last).text()).toBe('saved 3');
    });

    test('gets a network error when another takes the place of both, by their name', async () => {
      const { save } = offline();
      const waiting = save('1', { 'Holdfast-Mode': 'wait', 'Holdfast-Id': 'draft' });
      await settle();
      await save('2');
      await save('3', { 'Holdfast-Id': 'draft', 'Holdfast-Replace': '1' });
      expect((await waiting).type).toBe('error');
    });

    test('gets it although the app answers for the older later', async () => {
      let go = () => {};
      const started = new Promise<void>((resolve) => (go = resolve));
      const { save, deliver } = offline({
        respond: async (_, request) => {
          if ((await request.text()) === '1') await started;
          return 'wait' as const;
        },
      });
      const waiting = save('1');
      await settle();
      const newer = save('2');
      await settle();
      go();
      await settle();
      expect(await deliver()).toEqual(['2']);
      expect((await waiting).status).toBe(201);
      expect((await newer).status).toBe(201);
    });

    test('gets it from the next worker, by the redelivery of its event', async () => {
      const { fetch, save, restart, deliver, api } = offline();
      const older = { method: 'PUT', body: '1', headers: { ...JSON_BODY, 'Holdfast-Mode': 'wait' } };
      void fetch('/api/notes/1', { ...older, gone: true });
      await settle();
      const { id } = (await (await save('2')).json()) as { id: string };
      restart();
      const again = fetch('/api/notes/1', older);
      await settle();
      expect(await api.entries()).toMatchObject([{ id }]);
      expect(await deliver()).toEqual(['2']);
      expect((await again)!.status).toBe(201);
    });

    test('gets it from the next worker, when the newer has been delivered', async () => {
      const { fetch, save, restart, deliver, log } = offline();
      const older = { method: 'PUT', body: '1', headers: { ...JSON_BODY, 'Holdfast-Mode': 'wait' } };
      void fetch('/api/notes/1', { ...older, gone: true });
      await settle();
      await save('2');
      await deliver();
      restart();
      expect((await fetch('/api/notes/1', older))!.status).toBe(201);
      expect(sent({ log })).toEqual(['2']);
    });
  });

  test('the body of the newer counts for the limit, and the entry once', async () => {
    const { save, api, events } = offline({ limits: { maxEntries: 1, maxBytes: 4 } });
    await save('1');
    await save('333');
    expect(await api.entries()).toMatchObject([{ bodySize: 3 }]);
    expect((await save('55555')).type).toBe('error');
    expect(events.at(-1)).toMatchObject({ type: 'outbox-full', limit: 'maxBytes' });
    await save('4444');
    expect(await api.entries()).toMatchObject([{ bodySize: 4 }]);
  });

  test('large bodies take each other’s place', async () => {
    const { save, api, deliver } = offline();
    const [large, larger] = [`"${'a'.repeat(10_000)}"`, `"${'b'.repeat(20_000)}"`];
    await save(large);
    await save(larger);
    const [entry] = await api.entries();
    expect((await api.body(entry!.id))!.size).toBe(larger.length);
    await save('1');
    expect((await api.body(entry!.id))!.size).toBe(1);
    await save(larger);
    expect(await deliver()).toEqual([larger]);
  });

  describe('a POST that provides an id, and the DELETE of it', () => {
    /** A POST on disk that provides an id. */
    async function created(more?: Partial<BackendOptions>) {
      const harness = offline(more);
      const post = harness.fetch('/api/notes', { method: 'POST', body: '{}', headers: { ...JSON_BODY, 'Holdfast-Mode': 'wait' } });
      await settle();
      const [entry] = await harness.outbox.heads();
      await harness.outbox.commit({ seq: entry!.seq, decide: (current) => ({ entry: { ...current, provides: 'temp-42' }, events: [] }) });
      return { ...harness, post, entry: entry! };
    }
    const remove = (harness: Pick<Harness, 'fetch'>, headers = {}) => harness.fetch('/api/notes/temp-42', { method: 'DELETE', headers });

    test.each(['queued', 'wait'])('are both discarded, and a page that asks for %s hears that it’s done', async (mode) => {
      const harness = await created();
      const answer = await remove(harness, { 'Holdfast-Mode': mode });
      expect(answer!.status).toBe(204);
      expect(await harness.api.entries()).toEqual([]);
      expect(harness.events.map(({ type }) => type)).toEqual(['queued', 'coalesced', 'cancelled']);
      expect(harness.events[1]).toMatchObject({ discarded: true, newer: { method: 'DELETE' } });
      expect(await harness.api.settled(harness.entry.id)).toMatchObject({ state: 'cancelled' });
      expect((await harness.post)!.type).toBe('error');
      expect(await harness.deliver()).toEqual([]);
      expect((await harness.outbox.overview([harness.entry.backend], () => false)).counts).toEqual([{ pending: 0, dead: 0, parked: 0 }]);
    });

    test('don’t come back when the events of both are redelivered', async () => {
      const harness = await created();
      const { fetch, restart, deliver, outbox } = harness;
      void fetch('/api/notes/temp-42', { method: 'DELETE', gone: true });
      await settle();
      restart();
      expect((await fetch('/api/notes/temp-42', { method: 'DELETE' }))!.status).toBe(204);
      expect(await deliver()).toEqual([]);
      await harness.clock.advance(1_000);
      expect((await outbox.open()).settlements.filter(({ seq }) => typeof seq === 'string')).toEqual([]);
    });

    test('the app’s own function may discard any two', async () => {
      const { save, deliver } = offline({ coalesce: (_, { body }) => (body === 'undo' ? 'discard' : null) });
      await save('1');
      expect((await save('undo')).status).toBe(204);
      expect(await deliver()).toEqual([]);
    });
  });

  describe('by a function of the app', () => {
    test('both are given as data, and what it gives goes out in their place', async () => {
      const coalesce = vi.fn<Coalesce>((older, newer) => ({ ...older, body: `${older.body as string}+${newer.body as string}` }));
      const { save, patch, deliver, log } = offline({ coalesce });
      await save('1', { 'X-Part': 'a' });
      await patch('2', { 'X-Part': 'b' });
      const url = 'https://app.example/api/notes/1';
      expect(coalesce).toHaveBeenCalledWith(
        { method: 'PUT', url, headers: { 'content-type': 'application/json', 'x-part': 'a' }, body: '1' },
        { method: 'PATCH', url, headers: { 'content-type': 'application/merge-patch+json', 'x-part': 'b' }, body: '2' },
      );
      expect(await deliver()).toEqual(['1+2']);
      expect(log.length).toBeGreaterThan(0);
    });

    test('bytes are given as bytes, and taken as such', async () => {
      const bodies: unknown[] = [];
      const { save, deliver } = offline({
        coalesce: (older, { body }) => {
          bodies.push(older.body, body);
          return { body: new TextEncoder().encode('both') };
        },
      });
      await save('1', { 'Content-Type': 'application/octet-stream' });
      await save('2', { 'Content-Type': 'application/octet-stream' });
      expect(bodies).toEqual([new TextEncoder().encode('1').buffer, new TextEncoder().encode('2').buffer]);
      expect(await deliver()).toEqual(['both']);
    });

    test('null, or nothing, keeps both', async () => {
      for (const nothing of [null, undefined]) {
        const { save, deliver } = offline({ coalesce: () => nothing });
        await save('1');
        await save('2');
        expect(await deliver()).toEqual(['1', '2']);
      }
    });

    test('it may give a promise, and later writes of the lane wait for that', async () => {
      const { save, deliver, clock } = offline({
        coalesce: async (_, { body }) => {
          if (body === '2') await new Promise<void>((resolve) => void clock.after(1_000, resolve));
          return body === '2' ? {} : null;
        },
      });
      await save('1');
      const second = save('2');
      const third = save('3');
      await clock.advance(1_000);
      await Promise.all([second, third]);
      expect(await deliver()).toEqual(['2', '3']);
    });

    test('what it promises for an entry that’s gone by then counts for no other', async () => {
      const { save, deliver, api, clock } = offline({ coalesce: () => new Promise((resolve) => void clock.after(1_000, () => resolve({}))) });
      const { id } = (await (await save('1')).json()) as { id: string };
      const second = save('2');
      await settle();
      await api.cancel(id);
      await clock.advance(1_000);
      await second;
      expect(await deliver()).toEqual(['2']);
    });

    test.each<[string, Coalesce]>([
      ['throws', () => {
        throw new Error('broken');
      }],
      ['rejects', () => Promise.reject(new Error('broken'))],
      ['gives no write', (() => true) as unknown as Coalesce],
      ['gives a body that’s none', (() => ({ body: 5 })) as unknown as Coalesce],
      ['gives a GET with a body', () => ({ method: 'GET' })],
      ['leads to another origin', () => ({ url: 'https://other.example/api/x' })],
      ['leads out of its backend', () => ({ url: '/other' })],
    ])('one that %s keeps both, and is told of once', async (_, coalesce) => {
      const { save, deliver, printed } = offline({ coalesce });
      await save('1');
      await save('2');
      await save('3');
      expect(printed.filter((line) => line.includes('coalesce'))).toHaveLength(1);
      expect(await deliver()).toEqual(['1', '2', '3']);
    });

    test('one that never answers keeps both, after its deadline', async () => {
      const { save, deliver, clock, printed } = offline({ coalesce: () => new Promise(() => {}) });
      await save('1');
      const second = save('2');
      await clock.advance(30_000);
      expect((await second).status).toBe(202);
      expect(printed.filter((line) => line.includes('coalesce'))).toHaveLength(1);
      expect(await deliver()).toEqual(['1', '2']);
    });

    test('a credential that it gives never reaches the disk', async () => {
      const { save, outbox } = offline({ coalesce: () => ({ headers: { Authorization: 'Bearer secret', 'X-CSRF-Token': 'secret', 'Idempotency-Key': 'old', 'Holdfast-Id': 'a', 'X-Mine': '1' } }) });
      await save('1');
      await save('2');
      const [entry] = await outbox.heads();
      expect(entry!.request.headers).toEqual({ 'x-mine': '1' });
    });

    test('it isn’t asked where there’s nothing to coalesce', async () => {
      const coalesce = vi.fn<Coalesce>(() => null);
      const { save } = offline({ coalesce });
      await save('1');
      await save('2', { 'Holdfast-Id': 'mine' });
      await save('3', { 'Holdfast-Lane': 'a' });
      expect(coalesce).not.toHaveBeenCalled();
    });
  });
});
