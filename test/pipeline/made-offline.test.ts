import { describe, expect, test } from 'vitest';
import { createHarness, ORIGIN, type Harness } from '../support/harness.js';

const down = () => new Response('down', { status: 503 });
const refusal = () => new Response(null, { status: 422 });

/** A harness whose server gives each note the next id, and a list of what the server was asked, in order. */
function notes(options?: Parameters<typeof createHarness>[0]) {
  const harness = createHarness(options);
  const asked: string[] = [];
  let ids = 0;
  const good = async (request: Request) => {
    const body = await request.clone().text();
    asked.push(`${request.method} ${request.url.slice(ORIGIN.length + 4)} ${body}`.trim());
    return request.method === 'POST' && request.url.endsWith('/notes') ? Response.json({ id: `n${++ids}` }, { status: 201 }) : new Response(null, { status: 204 });
  };
  const ask = async (method: string, path: string, { headers, ...body }: Record<string, unknown> & { headers?: Record<string, string> } = {}) => {
    const json = Object.keys(body).length > 0 && { body: JSON.stringify(body) };
    const response = await harness.fetch(`/api${path}`, { method, ...json, headers: { 'Content-Type': 'application/json', ...headers } });
    return response!;
  };
  const create = (name: string, headers: Record<string, string> = {}) => ask('POST', '/notes', { title: name, headers: { 'Holdfast-Provides': name, ...headers } });
  harness.server(good);
  return { ...harness, harness, asked, good, ask, create };
}

const OFFLINE = new Error('offline');
const offline = ({ server }: Pick<Harness, 'server'>) => server(() => OFFLINE);
const reasons = async ({ api }: Pick<Harness, 'api'>) => (await api.entries()).map(({ state, reason }) => `${state} ${reason}`);

describe('M1 M2 M3 what was made offline', () => {
  test('M1 M2 is edited, tagged and deleted offline, and goes out with the id that the server has given', async () => {
    const { harness, asked, good, ask, create, server, clock, api, events } = notes();
    offline(harness);
    await create('temp-42');
    await ask('PUT', '/notes/temp-42', { id: 'temp-42', size: 1 });
    await ask('POST', '/tags?note=temp-42', { notes: ['temp-42', 'temp-421'] });
    await ask('DELETE', '/notes/temp-42');
    server(good);
    await clock.advance(60_000);
    expect(asked).toEqual(['POST /notes {"title":"temp-42"}', 'PUT /notes/n1 {"id":"n1","size":1}', 'POST /tags?note=n1 {"notes":["n1","temp-421"]}', 'DELETE /notes/n1']);
    expect(events.find(({ type }) => type === 'resolved')).toMatchObject({ temporaryId: 'temp-42', realId: 'n1', baseUrl: `${ORIGIN}/api` });
    expect(await api.entries()).toEqual([]);
  });

  test('M3 a dependent waits for its provider in another lane, and as a first send, too', async () => {
    const { harness, asked, good, ask, create, server, clock } = notes();
    offline(harness);
    await create('temp-1', { 'Holdfast-Lane': 'slow' });
    // The server is at it for long, and answers everything else.
    server((request) => (request.url.endsWith('/notes') ? new Response(null, { status: 409, headers: { 'Retry-After': '30' } }) : good(request)));
    const put = await ask('PUT', '/notes/temp-1', { headers: { 'Holdfast-Lane': 'fast' } });
    expect([put.status, (await put.json()).reason]).toEqual([202, 'awaits-id']);
    await ask('PUT', '/other', { headers: { 'Holdfast-Lane': 'third' } });
    await clock.advance(20_000);
    expect(asked).toEqual(['PUT /other']);
    expect(await reasons(harness)).toEqual(['pending in-progress', 'pending awaits-id']);
    server(good);
    await clock.advance(60_000);
    expect(asked.slice(1)).toEqual(['POST /notes {"title":"temp-1"}', 'PUT /notes/n1']);
  });

  test('M3 a dependent of a provider whose own first send is under way waits for the answer', async () => {
    const { asked, good, ask, create, server, clock } = notes();
    let answer: (response: Response) => void = () => {};
    server((request) => (request.method === 'POST' ? new Promise<Response>((resolve) => (answer = resolve)) : good(request)));
    const made = create('temp-1');
    // Both have come before anything of the first is on disk.
    const put = await ask('PUT', '/notes/temp-1');
    expect(put.status).toBe(202);
    expect(asked).toEqual([]);
    answer(Response.json({ id: 'n9' }, { status: 201 }));
    expect(await (await made).json()).toEqual({ id: 'n9' });
    await clock.advance(1000);
    expect(asked).toEqual(['PUT /notes/n9']);
  });

  test('M4 a page that goes on using the temporary id is served, also by the next worker', async () => {
    const { harness, asked, ask, create, api } = notes();
    expect((await create('temp-1')).status).toBe(201);
    expect(await api.resolve('temp-1')).toBe('n1');
    await ask('PUT', '/notes/temp-1', { of: 'temp-1' });
    harness.restart();
    const answer = await ask('PUT', '/notes/temp-1/a?b=temp-1');
    expect(answer.status).toBe(204);
    expect(await harness.api.resolve('temp-1')).toBe('n1');
    expect(await harness.api.resolve('temp-2')).toBeNull();
    expect(asked.slice(1)).toEqual(['PUT /notes/n1 {"of":"n1"}', 'PUT /notes/n1/a?b=n1']);
  });

  test('M3 what waits for an id survives the worker', async () => {
    const { harness, asked, good, ask, create, server, clock } = notes();
    offline(harness);
    await create('temp-1');
    await ask('PUT', '/notes/temp-1', { headers: { 'Holdfast-Lane': 'fast' } });
    harness.restart();
    server(good);
    await harness.look();
    await clock.advance(60_000);
    expect(asked).toEqual(['POST /notes {"title":"temp-1"}', 'PUT /notes/n1']);
  });

  test('M2 a name that nobody provides goes out as it is, and so does the provider’s own', async () => {
    const { asked, ask } = notes();
    await ask('PUT', '/notes/temp-7', { id: 'temp-7' });
    await ask('POST', '/notes', { clientId: 'temp-8', headers: { 'Holdfast-Provides': 'temp-8' } });
    expect(asked).toEqual(['PUT /notes/temp-7 {"id":"temp-7"}', 'POST /notes {"clientId":"temp-8"}']);
  });

  test('M2 of two providers of one name the newer counts for what comes after it', async () => {
    const { harness, asked, good, ask, create, server, clock } = notes();
    offline(harness);
    await create('temp-1');
    await ask('PUT', '/notes/temp-1', { of: 'first' });
    await create('temp-1');
    await ask('PUT', '/notes/temp-1', { of: 'second' });
    server(good);
    await clock.advance(60_000);
    expect(asked).toEqual(['POST /notes {"title":"temp-1"}', 'PUT /notes/n1 {"of":"first"}', 'POST /notes {"title":"temp-1"}', 'PUT /notes/n2 {"of":"second"}']);
  });

  test('M3 two that name each other aren’t a circle, as each waits only for what came before it', async () => {
    const { harness, asked, good, ask, server, clock } = notes();
    offline(harness);
    await ask('POST', '/notes', { next: 'temp-b', headers: { 'Holdfast-Provides': 'temp-a' } });
    await ask('POST', '/notes', { next: 'temp-a', headers: { 'Holdfast-Provides': 'temp-b' } });
    server(good);
    await clock.advance(60_000);
    expect(asked).toEqual(['POST /notes {"next":"temp-b"}', 'POST /notes {"next":"n1"}']);
  });

  test('A15 M2 another owner’s name is another one', async () => {
    const token = (sub: string) => `h.${Buffer.from(JSON.stringify({ sub, exp: 9e9 })).toString('base64url')}.s`;
    const { asked, ask, create, api } = notes();
    await create('temp-1', { Authorization: `Bearer ${token('ada')}` });
    expect(await api.resolve('temp-1')).toBe('n1');
    await ask('PUT', '/notes/temp-1', { headers: { Authorization: `Bearer ${token('bob')}` } });
    expect(asked.at(-1)).toBe('PUT /notes/temp-1');
    expect(await api.resolve('temp-1')).toBeNull();
  });

  test('M3 an edited dead letter waits for nothing that stands behind it, as that would wait for it', async () => {
    const { harness, asked, good, ask, create, server, clock, api } = notes();
    offline(harness);
    await create('temp-0');
    await ask('PUT', '/x', { headers: { 'Holdfast-Id': 'x' } });
    await create('temp-1');
    server((request) => (request.url.endsWith('/x') ? refusal() : request.url.endsWith('/notes') && asked.length > 0 ? down() : good(request)));
    await clock.advance(2000);
    expect(await reasons(harness)).toEqual(['dead permanent', 'pending server-unavailable'].map((reason) => (reason.startsWith('dead') ? reason : expect.any(String))));
    await api.edit('x', { body: { first: 'temp-0', next: 'temp-1' } });
    await api.retry('x');
    server(good);
    await clock.advance(300_000);
    expect(asked).toEqual(['POST /notes {"title":"temp-0"}', 'PUT /x {"first":"n1","next":"temp-1"}', 'POST /notes {"title":"temp-1"}']);
  });

  test('M3 C10 a request that there’s no room for fails, and isn’t sent with its temporary id', async () => {
    const { harness, asked, good, ask, create, server, events } = notes({ backends: [{ baseUrl: '/api', limits: { maxEntries: 1 } }] });
    offline(harness);
    await create('temp-1', { 'Holdfast-Lane': 'x' });
    server((request) => (request.method === 'POST' ? down() : good(request)));
    expect((await ask('PUT', '/notes/temp-1')).type).toBe('error');
    expect(events.map(({ type }) => type)).toContain('outbox-full');
    expect(asked).toEqual([]);
  });

  test('M3 a request that takes the place of an older one waits behind its provider, not in front of it', async () => {
    const { harness, asked, good, ask, create, server, clock } = notes();
    offline(harness);
    await ask('PUT', '/notes/7', { headers: { 'Holdfast-Id': 'draft' } });
    await create('temp-1');
    await ask('PUT', '/notes/7', { next: 'temp-1', headers: { 'Holdfast-Id': 'draft', 'Holdfast-Replace': '1' } });
    server(good);
    await clock.advance(60_000);
    expect(asked).toEqual(['PUT /notes/7', 'POST /notes {"title":"temp-1"}', 'PUT /notes/7 {"next":"n1"}']);
  });

  test('K5 M1 a request that takes a provider’s place provides its temporary id', async () => {
    const { harness, asked, good, ask, create, server, clock } = notes();
    offline(harness);
    await create('temp-1', { 'Holdfast-Id': 'note' });
    await ask('PUT', '/notes/temp-1');
    await ask('POST', '/notes', { title: 'newer', headers: { 'Holdfast-Id': 'note', 'Holdfast-Replace': '1' } });
    server(good);
    await clock.advance(60_000);
    expect(asked).toEqual(['POST /notes {"title":"newer"}', 'PUT /notes/n1']);
  });
});

describe('M3 a provider that fails', () => {
  /** A provider that is a dead letter, with a dependent, and an entry that has nothing to do with either, in one lane. */
  async function withDead(options?: Parameters<typeof createHarness>[0]) {
    const all = notes(options);
    const { harness, good, ask, create, server, clock } = all;
    offline(harness);
    await create('temp-1', { 'Holdfast-Id': 'note' });
    await ask('PUT', '/notes/temp-1', { headers: { 'Holdfast-Id': 'put' } });
    await ask('PUT', '/other');
    server((request) => (request.url.endsWith('/notes') ? refusal() : good(request)));
    await clock.advance(60_000);
    return all;
  }

  test('M3 R16 its dependents wait while it’s a dead letter, say so, and hold up nothing else of their lane', async () => {
    const { harness, asked, ask } = await withDead();
    expect(asked).toEqual(['PUT /other']);
    expect(await reasons(harness)).toEqual(['dead permanent', 'pending provider-dead']);
    expect((await (await ask('DELETE', '/notes/temp-1')).json()).reason).toBe('provider-dead');
    await harness.clock.advance(1000);
    await ask('PUT', '/more');
    expect(asked).toEqual(['PUT /other', 'PUT /more']);
    expect((await harness.api.status()).waiting).toBe(2);
  });

  test('M3 its dependents go on when it’s edited and retried, also after a restart and after a week', async () => {
    const { harness, asked, good, server, clock, api } = await withDead();
    await clock.advance(8 * 86_400_000);
    harness.restart();
    server(good);
    await api.edit('note', { body: { title: 'mended' } });
    await api.retry('note');
    await clock.advance(1000);
    expect(asked.slice(1)).toEqual(['POST /notes {"title":"mended"}', 'PUT /notes/n1']);
    expect(await api.entries()).toEqual([]);
  });

  test('M3 M4 its dependents go on when a page knows that its thing is there, whatever becomes of the dead letter', async () => {
    const { harness, asked, good, ask, server, clock, api } = await withDead();
    server(good);
    await ask('PUT', '/notes/temp-1/a', { headers: { 'Holdfast-Lane': 'x' } });
    await api.pause();
    expect(await api.resolve('temp-1', 7)).toBe(7);
    await api.edit('note', { body: '{}' });
    await api.discard('note');
    expect(await api.resolve('temp-1')).toBe(7);
    await api.resume();
    await clock.advance(1000);
    expect(asked.slice(1).sort()).toEqual(['PUT /notes/7', 'PUT /notes/7/a']);
    expect(await harness.api.entries()).toEqual([]);
  });

  test('M3 R16 its dependents block their lane where a dead letter does, until it’s retried', async () => {
    const { harness, asked, good, ask, create, server, clock, api } = notes({ backends: [{ baseUrl: '/api', onDead: 'block' }] });
    offline(harness);
    await create('temp-1', { 'Holdfast-Id': 'note', 'Holdfast-Lane': 'x' });
    await ask('PUT', '/notes/temp-1');
    await ask('PUT', '/other');
    server((request) => (request.url.endsWith('/notes') ? refusal() : good(request)));
    await clock.advance(60_000);
    expect(asked).toEqual([]);
    expect(await reasons(harness)).toEqual(['dead permanent', 'pending provider-dead', expect.any(String)]);
    server(good);
    await api.retry('note');
    await clock.advance(1000);
    expect(asked).toEqual(['POST /notes {"title":"temp-1"}', 'PUT /notes/n1', 'PUT /other']);
  });

  test.each(['discard', 'cancel'] as const)('M3 R16 a %s lets the lanes go on, though a dead letter blocks its lane: its dependents block none', async (call) => {
    const { harness, asked, good, ask, create, server, clock, api } = notes({ backends: [{ baseUrl: '/api', onDead: 'block' }] });
    offline(harness);
    await create('temp-1', { 'Holdfast-Id': 'note', 'Holdfast-Lane': 'x' });
    await ask('PUT', '/notes/temp-1');
    await ask('PUT', '/other');
    server((request) => (call === 'discard' && request.url.endsWith('/notes') ? refusal() : good(request)));
    if (call === 'discard') await clock.advance(60_000);
    await api[call]('note');
    await clock.advance(60_000);
    expect(await reasons(harness)).toEqual(['dead provider-gone']);
    expect(asked).toEqual(['PUT /other']);
  });

  test.each(['discard', 'cancel'] as const)('M3 its dependents become dead letters at a %s, in the same transaction', async (call) => {
    const { harness, good, server, clock, api, outbox, events } = await withDead();
    if (call === 'cancel') {
      server(down);
      await api.retry('note');
      await clock.advance(100);
    }
    const { commit } = outbox;
    let seen: unknown;
    outbox.commit = async (order) => {
      const decision = await commit(order);
      seen ??= (await outbox.list({ after: 0, limit: 9 })).map(({ state, reason }) => `${state} ${reason}`);
      return decision;
    };
    await api[call]('note');
    expect(seen).toEqual(['dead provider-gone']);
    expect(events.at(-1)).toMatchObject({ type: 'failed', reason: 'provider-gone' });
    // It's no use to retry what has nothing to belong to.
    server(good);
    await api.retry('put');
    await clock.advance(60_000);
    expect(await reasons(harness)).toEqual(['dead provider-gone']);
    await api.edit('put', { body: { a: 1 } });
    expect(await reasons(harness)).toEqual(['dead provider-gone']);
  });

  test('M3 its dependents become dead letters when the page itself is told of the failure', async () => {
    const { harness, asked, good, ask, create, server, clock } = notes();
    let answer: (response: Response) => void = () => {};
    server((request) => (request.method === 'POST' ? new Promise<Response>((resolve) => (answer = resolve)) : good(request)));
    const made = create('temp-1');
    await ask('PUT', '/notes/temp-1');
    answer(refusal());
    expect((await made).status).toBe(422);
    await clock.advance(5000);
    expect(await reasons(harness)).toEqual(['dead provider-gone']);
    expect(asked).toEqual([]);
  });

  test('A16 M3 a purge takes both, and forgets the ids', async () => {
    const { harness, api } = await withDead();
    await api.signOut({ purge: true });
    expect(await api.entries()).toEqual([]);
    const { create } = notes();
    await create('temp-1');
    await harness.fetch('/api/notes', { method: 'POST', body: '{}', headers: { 'Holdfast-Provides': 'temp-9' } });
    await api.signOut({ purge: true });
    expect(await api.resolve('temp-9')).toBeNull();
  });
});

describe('M1 the id in the answer', () => {
  const answers: [string, () => Response, string | number][] = [
    ['id', () => Response.json({ id: 7, _id: 'b' }), 7],
    ['_id', () => Response.json({ _id: 'b' }), 'b'],
    ['data.id', () => Response.json({ data: { id: 'c' } }), 'c'],
    ['Location', () => new Response(null, { status: 201, headers: { Location: '/api/notes/d%20e/?x=1' } }), 'd e'],
    ['a long number', () => new Response('{"x":0.1234567890123456789,"id":12345678901234567890}', { status: 201 }), '12345678901234567890'],
  ];
  test.each(answers)('M1 is found in %s', async (_, answer, id) => {
    const { ask, create, server, api, asked, good } = notes();
    server(answer);
    await create('temp-1');
    expect(await api.resolve('temp-1')).toBe(id);
    server(good);
    await ask('PUT', '/notes/temp-1', { note: 'temp-1' });
    expect(asked).toEqual([`PUT /notes/${encodeURIComponent(id)} {"note":${typeof id === 'number' || /^\d+$/.test(id) ? id : JSON.stringify(id)}}`]);
  });

  test('M1 is what the app’s own function gives', async () => {
    const { create, api } = notes({ backends: [{ baseUrl: '/api', ids: { from: ({ body, status }) => `${status}-${(body as { id: string }).id}` } }] });
    await create('temp-1');
    expect(await api.resolve('temp-1')).toBe('201-n1');
  });

  test('M1 L3 M4 is missing where the app’s function fails; dependents wait, and go on with the id that the page tells', async () => {
    const from = () => new Promise<string>(() => {});
    const { harness, asked, good, ask, create, server, clock, api, events, printed } = notes({ backends: [{ baseUrl: '/api', ids: { from } }] });
    offline(harness);
    await create('temp-1');
    await ask('PUT', '/notes/temp-1');
    await ask('PUT', '/other');
    server(good);
    await clock.advance(120_000);
    expect(printed.join()).toContain('ids.from');
    expect(asked).toEqual(['POST /notes {"title":"temp-1"}', 'PUT /other']);
    expect(await reasons(harness)).toEqual(['pending no-id']);
    expect(events.find(({ type }) => type === 'resolved')).toMatchObject({ temporaryId: 'temp-1', realId: null });
    expect(await api.resolve('temp-1')).toBeNull();
    expect(await api.resolve('temp-1', 'told')).toBe('told');
    await clock.advance(1000);
    expect(asked.at(-1)).toBe('PUT /notes/told');
    expect(await api.resolve('temp-1', 'other')).toBe('told');
    expect(events.filter(({ type }) => type === 'resolved').at(-1)).toMatchObject({ realId: 'told' });
  });

  test('M4 isn’t taken from a page while the answer is to come', async () => {
    const { harness, create, api } = notes();
    offline(harness);
    await create('temp-1');
    expect(await api.resolve('temp-1', 'x')).toBeNull();
    await expect(api.resolve('')).rejects.toThrow('temporaryId');
    await expect(api.resolve('temp-1', '..')).rejects.toThrow('realId');
  });

  test('M4 is kept for seven days after nothing waits for it', async () => {
    const { harness, ask, create, api, clock, asked, good, server } = notes();
    await create('temp-1');
    await clock.advance(6 * 86_400_000);
    await api.wake('connect');
    expect(await api.resolve('temp-1')).toBe('n1');
    server(down);
    await ask('PUT', '/x', { headers: { 'Holdfast-Lane': 'x' } });
    await clock.advance(2 * 86_400_000);
    await api.wake('connect');
    await clock.advance(1);
    expect(await api.resolve('temp-1')).toBeNull();
    server(good);
    await ask('PUT', '/notes/temp-1', { headers: { 'Holdfast-Lane': 'y' } });
    harness.restart();
    expect(await harness.api.resolve('temp-1')).toBeNull();
    await harness.look();
    await clock.advance(60_000);
    expect(asked).toContain('PUT /notes/temp-1');
  });
});

test('M1 a provider’s delivery, its id and its event are one transaction', async () => {
  const { harness, create, good, server, clock, outbox } = notes();
  offline(harness);
  await create('temp-1');
  const { commit } = outbox;
  const seen: unknown[] = [];
  outbox.commit = async (order) => {
    const decision = await commit(order);
    if (decision?.given) seen.push((await outbox.list({ after: 0, limit: 9 })).length, await outbox.providers(), (await outbox.journal()).slice(-2).map(({ type }) => type));
    return decision;
  };
  server(good);
  await clock.advance(60_000);
  expect(seen).toMatchObject([0, [{ name: 'temp-1', real: { id: 'n1' }, state: 'answered' }], ['delivered', 'resolved']]);
});

test('M1 a header that names nothing is refused', async () => {
  const { ask } = notes();
  for (const name of ['', 'two words', 'ö', 'x'.repeat(256)]) expect((await ask('POST', '/notes', { headers: { 'Holdfast-Provides': name } })).status).toBe(400);
});

test('M3 with the kill switch thrown nothing names a temporary id whose answer is to come', async () => {
  const { harness, asked, good, ask, create, server, api } = notes();
  offline(harness);
  await create('temp-1');
  await api.configure({ offlineMode: false });
  server((request) => (request.method === 'POST' ? down() : good(request)));
  expect((await ask('PUT', '/notes/temp-1')).type).toBe('error');
  expect((await ask('PUT', '/other')).status).toBe(204);
  expect(asked).toEqual(['PUT /other']);
});

describe('M3 beside another worker', () => {
  /** An older worker has been given an id beside the newer one, and is gone. */
  async function givenToTheOlder() {
    const made = notes();
    const { harness, ask } = made;
    await ask('PUT', '/warm-up');
    const { fetchAtFirst, activate, killFirst } = harness.update();
    activate();
    await ask('PUT', '/first-of-the-newer');
    await fetchAtFirst('/api/notes', { method: 'POST', body: '{}', headers: { 'Content-Type': 'application/json', 'Holdfast-Provides': 'temp-1' } });
    killFirst();
    return made;
  }

  test('M3 what an older worker has on the wire is waited for by the newer one, which goes on when the answer has come', async () => {
    const { harness, asked, good, ask, server, clock } = notes();
    await ask('PUT', '/warm-up');
    let answer: (response: Response) => void = () => {};
    server((request) => (request.method === 'POST' ? new Promise<Response>((resolve) => (answer = resolve)) : good(request)));
    const { fetchAtFirst, activate } = harness.update();
    activate();
    await ask('PUT', '/first-of-the-newer');
    const made = fetchAtFirst('/api/notes', { method: 'POST', body: '{}', headers: { 'Content-Type': 'application/json', 'Holdfast-Provides': 'temp-1' } });
    await clock.advance(100);
    const put = await ask('PUT', '/notes/temp-1');
    expect((await put.json()).reason).toBe('awaits-id');
    await clock.advance(1000);
    answer(Response.json({ id: 'n1' }));
    expect((await made)!.status).toBe(200);
    // The lane waits for as long as the older worker's entry is on disk.
    await clock.advance(2000);
    expect(asked.slice(1)).toEqual(['PUT /first-of-the-newer', 'PUT /notes/n1']);
    expect((await ask('PUT', '/notes/temp-1/again')).status).toBe(204);
    expect(asked.at(-1)).toBe('PUT /notes/n1/again');
  });

  test('M4 what an older worker was given last is known to the newer one, which is alone from then on', async () => {
    const { harness, asked, ask, clock } = await givenToTheOlder();
    await ask('PUT', '/notes/temp-1/a');
    await harness.look();
    await clock.advance(10_000);
    await ask('PUT', '/notes/temp-1/b');
    expect(asked.slice(-2)).toEqual(['PUT /notes/n1/a', 'PUT /notes/n1/b']);
  });

  test('M4 what an older worker was given is known to the newer one, which has looked at the outbox since, and found nothing', async () => {
    const { harness, asked, ask, clock } = await givenToTheOlder();
    await harness.look();
    await clock.advance(10_000);
    await ask('PUT', '/notes/temp-1');
    expect(asked.at(-1)).toBe('PUT /notes/n1');
  });

  test('D1 M1 a worker that dies between the answer and its writing leaves a provider that’s sent again under its key', async () => {
    const { harness, asked, ask, create, server, good, clock, outbox } = notes();
    const keys: (string | null)[] = [];
    offline(harness);
    await create('temp-1');
    await ask('PUT', '/notes/temp-1');
    const { commit } = outbox;
    let isDying = true;
    outbox.commit = async (order) => (isDying && order.seq === 1 ? new Promise(() => {}) : commit(order));
    server((request) => {
      if (request.method === 'POST') keys.push(request.headers.get('idempotency-key'));
      return good(request);
    });
    await clock.advance(60_000);
    isDying = false;
    expect(asked).toEqual(['POST /notes {"title":"temp-1"}']);
    harness.restart();
    await harness.look();
    await clock.advance(60_000);
    expect(asked).toEqual(['POST /notes {"title":"temp-1"}', 'POST /notes {"title":"temp-1"}', 'PUT /notes/n2']);
    expect(new Set(keys).size).toBe(1);
  });
});
