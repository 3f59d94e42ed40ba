import { describe, expect, test, vi } from 'vitest';
import { openConnection } from '../../sw/store/connection.js';
import { between, oneOf, seeded, weighted, type Random } from '../chaos/random.js';
import { createHarness, type Harness } from '../support/harness.js';
import { freshDisk, useSimulatedDisk } from '../support/simulated-disk.js';
import { storedOutbox } from '../support/stored-outbox.js';

vi.mock('idb', () => import('../simulation/disk/idb.js'));

useSimulatedDisk();

interface Ask {
  method: string;
  path: string;
  body: string | null;
  headers: Record<string, string>;
}

/** What a user does with notes while the server is away: makes, changes, tags and deletes them, and now and then writes something else, also as nobody. */
function doings(random: Random): Ask[] {
  const made: string[] = [];
  const asks: Ask[] = [];
  for (let count = 1; count <= between(random, 4, 14); count++) {
    const wanted = made.length === 0 ? 'create' : weighted(random, { create: 2, patch: 5, put: 2, remove: 4, tag: 1, list: 1 });
    const id = wanted === 'create' ? `temp-${count}` : oneOf(random, made.slice(-2));
    // There's no order between lanes, and a note's changes have one.
    const headers = { ...(wanted === 'tag' && random() < 0.5 && { 'Holdfast-Lane': 'x' }), ...(wanted === 'list' && random() < 0.5 && { 'Holdfast-Auth': 'none' }) };
    const ask = (method: string, path: string, body: object | null, type = 'application/json'): void =>
      void asks.push({ method, path, body: body && JSON.stringify(body), headers: { ...headers, ...(body && { 'Content-Type': type }) } });
    switch (wanted) {
      case 'create':
        made.push(id);
        ask('POST', '/api/notes', { name: id }, 'application/json');
        Object.assign(asks.at(-1)!.headers, { 'Holdfast-Provides': id });
        break;
      case 'patch':
        ask('PATCH', `/api/notes/${id}`, { [oneOf(random, ['a', 'b'])]: count }, 'application/merge-patch+json');
        break;
      case 'put':
        ask('PUT', `/api/notes/${id}`, { name: id.replace('temp', 'note'), put: count });
        break;
      case 'remove':
        made.splice(made.indexOf(id), 1);
        ask('DELETE', `/api/notes/${id}`, null);
        break;
      case 'tag':
        ask('POST', '/api/tags', { note: id, count });
        break;
      case 'list':
        ask('PUT', '/api/lists/1', { count });
    }
  }
  return asks;
}

/** A server that keeps notes under ids of its own. */
function createServer() {
  const notes = new Map<string, object>();
  const kept: unknown[] = [];
  const temporary: string[] = [];
  let last = 0;
  let writes = 0;
  return {
    state: () => ({ notes: [...notes.values()].map((note) => JSON.stringify(note)).sort(), kept: kept.map((one) => JSON.stringify(one)).sort() }),
    writes: () => writes,
    temporary,
    async reply(request: Request): Promise<Response> {
      if (request.method === 'HEAD') return new Response(null, { status: 204 });
      writes++;
      const { pathname } = new URL(request.url);
      const text = await request.text();
      if (`${pathname} ${text.replace(/"name":"temp-\d+"/, '')}`.includes('temp-')) temporary.push(`${pathname} ${text}`);
      const id = /^\/api\/notes\/(.+)$/.exec(pathname)?.[1];
      const body = text === '' ? {} : (JSON.parse(text) as { note?: string; count?: number });
      if (pathname === '/api/notes') {
        notes.set(String(++last), body);
        return Response.json({ id: String(last) }, { status: 201 });
      }
      if (id === undefined) {
        if (pathname === '/api/tags') kept.push(body.count);
        else kept.splice(0, kept.length, ...kept.filter((one) => typeof one === 'number'), { list: body.count });
        return new Response(null, { status: 204 });
      }
      if (request.method === 'DELETE') notes.delete(id);
      else if (notes.has(id)) notes.set(id, request.method === 'PUT' ? body : { ...notes.get(id), ...body });
      return new Response(null, { status: 204 });
    },
  };
}

/** A worker that's offline, with a real store. */
function offline(coalesce: boolean): Harness {
  const { name, clock } = freshDisk();
  const harness = createHarness({
    backends: [{ baseUrl: '/api', coalesce }],
    store: (_, isAlone) => storedOutbox(openConnection({ name, clock, makeRoom: async () => {} }), { isAlone }),
  });
  harness.goOffline();
  return harness;
}

async function walk(seed: number, coalesce: boolean) {
  const random = seeded(seed);
  const server = createServer();
  const harness = offline(coalesce);
  harness.server(server.reply);
  for (const { method, path, body, headers } of doings(random)) {
    const answer = await harness.fetch(path, { method, headers, ...(body !== null && { body }) });
    expect([seed, answer!.status]).toEqual([seed, expect.toSatisfy((status: number) => status === 202 || status === 204)]);
  }
  const { waiting } = await harness.api.status();
  harness.goOnline();
  await harness.api.wake('online');
  const left = async () => (await harness.api.entries()).map(({ method, state, reason }) => `${method} ${state} ${reason}`);
  // The disk has a clock of its own.
  await vi.waitFor(
    async () => {
      await harness.clock.advance(1_000);
      expect([seed, await left()]).toEqual([seed, []]);
    },
    { interval: 1, timeout: 5_000 },
  );
  return { ...server.state(), waiting, writes: server.writes(), temporary: server.temporary };
}

describe('what is made offline and coalesced', () => {
  test('M1 M2 M5 leaves at the server what all writes by themselves would leave, and no dead letter', async () => {
    let [all, sent] = [0, 0];
    for (let seed = 1; seed <= 20; seed++) {
      const [plain, coalesced] = [await walk(seed, false), await walk(seed, true)];
      expect([...plain.temporary, ...coalesced.temporary]).toEqual([]);
      expect([seed, coalesced.notes, coalesced.kept]).toEqual([seed, plain.notes, plain.kept]);
      expect(coalesced.writes).toBeLessThanOrEqual(plain.writes);
      expect([seed, coalesced.waiting]).toEqual([seed, coalesced.writes]);
      all += plain.writes;
      sent += coalesced.writes;
    }
    expect(sent).toBeLessThan(all * 0.9);
  });

  test('M3 isn’t written back as waiting, where what it belongs to is cancelled as soon as the page has its answer', async () => {
    const { fetch, api, events, outbox } = offline(false);
    await fetch('/api/notes', { method: 'POST', body: '{}', headers: { 'Content-Type': 'application/json', 'Holdfast-Provides': 'temp-1', 'Holdfast-Id': 'note' } });
    await fetch('/api/notes/temp-1', { method: 'PUT', body: '{}' });
    expect(await api.cancel('note')).toBe(true);
    expect((await outbox.list({ after: 0, limit: 9 })).map(({ state, reason }) => `${state} ${reason}`)).toEqual(['dead provider-gone']);
    expect(events.filter(({ type }) => type === 'failed')).toHaveLength(1);
  });
});
