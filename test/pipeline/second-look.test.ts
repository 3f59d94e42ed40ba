import { describe, expect, test } from 'vitest';
import { ForbiddenError } from '../../sw/policy/errors.js';
import { createHarness, ORIGIN, type Harness, type Reply } from '../support/harness.js';
import { settle } from '../support/virtual-clock.js';

const API = { baseUrl: '/api', validate: '/api/health' };
const KEY = 'idempotency-key';

/** What `fetch` gives for a redirect that it isn't to follow. */
const opaqueRedirect = () => Object.defineProperties(new Response(null), { type: { value: 'opaqueredirect' }, status: { value: 0 } });

/** Serves as a server does that redirects writes to another origin, which answers no preflight: with a key of ours the browser doesn't get through. */
function redirects(harness: Harness, from = '/api/export'): Request[] {
  const seen: Request[] = [];
  harness.server((request) => {
    if (request.method === 'HEAD') return new Response();
    if (new URL(request.url).pathname !== from) return new Response(null, { status: 201 });
    seen.push(request);
    if (request.redirect === 'manual') return opaqueRedirect();
    return request.headers.has(KEY) ? 'drop' : Object.defineProperty(new Response('from the other origin'), 'redirected', { value: true });
  });
  return seen;
}

/** A server that answers every HEAD, and writes as `reply` says. */
const answers = (harness: Harness, reply: (request: Request) => Reply) =>
  harness.server((request) => (request.method === 'HEAD' ? new Response() : reply(request)));

describe('a first send that got no answer, while the server answers', () => {
  test('C15 goes again without our key, where the server redirects to another origin', async () => {
    const harness = createHarness({ backends: [API] });
    const seen = redirects(harness);
    const answer = await harness.post('a', { path: '/api/export' });
    expect(await answer.text()).toBe('from the other origin');
    expect(seen.map(({ headers, redirect, mode }) => [headers.has(KEY), redirect, mode])).toEqual([
      [true, 'follow', 'same-origin'],
      [true, 'manual', 'same-origin'],
      [false, 'follow', 'cors'],
    ]);
    expect(await harness.api.entries()).toEqual([]);
  });

  test('C15 the address is known from then on, by later workers too', async () => {
    const harness = createHarness({ backends: [API] });
    const seen = redirects(harness);
    await harness.post('a', { path: '/api/export?a' });
    // The record of a backend is written along with the next entry.
    harness.goOffline();
    await harness.post('b');
    harness.restart();
    harness.goOnline();
    seen.length = 0;
    await harness.post('c', { path: '/api/export?c' , headers: { 'Holdfast-Lane': 'c' } });
    expect(seen.map(({ headers }) => headers.has(KEY))).toEqual([false]);
  });

  test.each([[{}], [{ 'retry-after': '1' }]])('E2 a server that is still at the first send when it has the second is asked again (%j)', async (headers) => {
    const harness = createHarness({ backends: [API] });
    let sends = 0;
    answers(harness, () => (++sends === 1 ? 'drop' : sends === 2 ? new Response(null, { status: 409, headers }) : new Response(null, { status: 201 })));
    const answer = await harness.post('a');
    expect(answer.status).toBe(202);
    await harness.clock.advance(10_000);
    expect([sends, await harness.api.entries()]).toEqual([3, []]);
  });

  test('C15 a key that the page set goes wherever the page sends it', async () => {
    const harness = createHarness({ backends: [API] });
    const seen = redirects(harness);
    const answer = await harness.post('a', { path: '/api/export', headers: { 'Idempotency-Key': '"mine"' } });
    expect(answer.type).toBe('error');
    expect(seen.map(({ headers, mode }) => [headers.get(KEY), mode])).toEqual([['"mine"', 'cors'], ['"mine"', 'cors']]);
  });

  test('C15 our key keeps to the origin, unless `no-referrer` would cost the write its Origin', async () => {
    const harness = createHarness();
    const modes: string[] = [];
    harness.server(({ mode }) => (modes.push(mode), new Response(null, { status: 201 })));
    await harness.post('a');
    await harness.fetch('/api/notes', { method: 'POST', body: 'b', referrerPolicy: 'no-referrer' });
    expect(modes).toEqual(['same-origin', 'cors']);
  });

  test('L1 one that is blocked in the browser is the page\'s failure, and not kept', async () => {
    const harness = createHarness({ backends: [API] });
    harness.server((request) => (request.url.endsWith('/track') ? 'drop' : new Response()));
    expect((await harness.post('a', { path: '/api/track' })).type).toBe('error');
    expect(await harness.api.entries()).toEqual([]);
    expect((await harness.post('b')).status).toBe(200);
    expect(harness.log).toEqual(['0 send a', '0 send /api/health', '0 send /api/track', '0 send b']);
  });

  test('L1 a redirect that the browser refuses is the page\'s failure, and not kept', async () => {
    const harness = createHarness({ backends: [API] });
    answers(harness, ({ redirect }) => (redirect === 'manual' ? opaqueRedirect() : 'drop'));
    expect((await harness.post('a')).type).toBe('error');
    expect(await harness.api.entries()).toEqual([]);
  });

  test('L1 one that gets through at the second try has the second answer', async () => {
    const harness = createHarness({ backends: [API] });
    let posts = 0;
    answers(harness, () => (posts++ === 0 ? 'drop' : new Response('second')));
    expect(await (await harness.post('a')).text()).toBe('second');
    expect(await harness.api.entries()).toEqual([]);
  });

  test('L1 what can only fail is left to the browser: `redirect: error` and `integrity`', async () => {
    const harness = createHarness();
    expect(await harness.fetch('/api/notes', { method: 'POST', body: 'a', redirect: 'error' })).toBeNull();
    expect(await harness.fetch('/api/notes', { method: 'POST', body: 'a', integrity: 'sha256-AA==' })).toBeNull();
  });
});

describe('an entry that alone gets no answer', () => {
  /** `bad` is cut off, all else is served; a HEAD is answered, unless `heads` is false. */
  const cutsOff = (harness: Harness, bad = ['bad'], heads = true) =>
    harness.server(async (request) => {
      if (request.method === 'HEAD') return heads ? new Response() : 'drop';
      return bad.includes(await request.text()) ? 'drop' : new Response(null, { status: 201 });
    });
  const delivered = ({ events }: Harness) => events.filter(({ type }) => type === 'delivered').length;
  const dead = async ({ api }: Harness) => (await api.entries()).filter(({ state }) => state === 'dead').map(({ reason }) => reason);

  test('L1 doesn\'t open the circuit for the others', async () => {
    const harness = createHarness({ backends: [API] });
    cutsOff(harness);
    expect((await harness.post('bad')).status).toBe(202);
    expect((await harness.post('good', { headers: { 'Holdfast-Lane': 'other' } })).status).toBe(201);
  });

  test('L1 is a dead letter after five tries, and its lane goes on', async () => {
    const harness = createHarness({ backends: [API] });
    cutsOff(harness);
    await harness.post('bad');
    await harness.post('good');
    await harness.clock.advance(10_000);
    expect(await dead(harness)).toEqual(['unreachable']);
    expect(delivered(harness)).toBe(1);
    expect(harness.log.filter((line) => line.endsWith('send bad'))).toHaveLength(6);
    expect(harness.printed.some((line) => line.includes('too large'))).toBe(true);
  });

  test('L1 in a single lane on this machine, where nothing is validated, a HEAD is asked after the second failure', async () => {
    const baseUrl = 'http://localhost:3000/api';
    const harness = createHarness({ backends: [{ baseUrl, validate: undefined as never }] });
    harness.goOffline();
    cutsOff(harness);
    await harness.post('bad', { path: `${baseUrl}/notes` });
    await harness.post('good', { path: `${baseUrl}/notes` });
    harness.goOnline();
    await harness.api.wake('online');
    await harness.clock.advance(20_000);
    expect(await dead(harness)).toEqual(['unreachable']);
    expect(delivered(harness)).toBe(1);
    const sends = harness.log.filter((line) => line.includes(' send ')).map((line) => line.split(' ').at(-1));
    expect(sends.slice(0, 4)).toEqual(['bad', 'bad', '/api', 'bad']);
  });

  test('L1 with `validate: false` in a single lane, a HEAD is asked after the fifth failure, of the base URL', async () => {
    const harness = createHarness({ backends: [{ ...API, validate: false }] });
    cutsOff(harness);
    await harness.post('bad');
    await harness.post('good');
    await harness.clock.advance(180_000);
    expect(await dead(harness)).toEqual(['unreachable']);
    expect(delivered(harness)).toBe(1);
    const sends = harness.log.filter((line) => line.includes(' send ')).map((line) => line.split(' ').at(-1));
    expect(sends.slice(0, 7)).toEqual(['bad', 'bad', 'bad', 'bad', 'bad', '/api', 'bad']);
  });

  test('L1 with `validate: false` an outage is an outage, and nothing is asked before the fifth failure', async () => {
    const harness = createHarness({ backends: [{ ...API, validate: false }] });
    cutsOff(harness, ['bad', 'good'], false);
    await harness.post('bad');
    await harness.post('good', { headers: { 'Holdfast-Lane': 'other' } });
    await harness.clock.advance(600_000);
    expect(await dead(harness)).toEqual([]);
    const sends = harness.log.filter((line) => line.includes(' send ')).map((line) => line.split(' ').at(-1));
    expect(sends.slice(0, 5)).not.toContain('/api');
    expect(sends.length).toBeLessThan(70);
  });

  test('L1 with `onDead: block` its lane stands, and no other', async () => {
    const harness = createHarness({ backends: [{ ...API, onDead: 'block' }] });
    cutsOff(harness);
    await harness.post('bad');
    await harness.post('behind');
    await harness.clock.advance(10_000);
    expect(await dead(harness)).toEqual(['unreachable']);
    expect(delivered(harness)).toBe(0);
    expect((await harness.post('good', { headers: { 'Holdfast-Lane': 'other' } })).status).toBe(201);
  });

  test('L1 during an outage there is none: one probe at a time, and no dead letter', async () => {
    const harness = createHarness({ backends: [API] });
    cutsOff(harness, ['bad', 'good'], false);
    await harness.post('bad');
    await harness.post('good', { headers: { 'Holdfast-Lane': 'other' } });
    await harness.clock.advance(600_000);
    expect(await dead(harness)).toEqual([]);
    expect(harness.log.filter((line) => /send (bad|good)/.test(line)).length).toBeLessThan(35);
  });

  test('L1 a server that answers HEADs and nothing else is away: entries die one at a time, minutes apart', async () => {
    const harness = createHarness({ backends: [API] });
    const names = ['a', 'b', 'c', 'd', 'e'];
    cutsOff(harness, names);
    for (const name of names) await harness.post(name, { headers: { 'Holdfast-Lane': name } });
    await harness.clock.advance(60_000);
    expect((await dead(harness)).length).toBeLessThan(3);
  });

  test('C15 L1 at replay a redirect to another origin is found, and followed without our key', async () => {
    const harness = createHarness({ backends: [API] });
    const seen = redirects(harness);
    harness.goOffline();
    await harness.post('a', { path: '/api/export' });
    harness.goOnline();
    await harness.api.wake('online');
    await harness.clock.advance(10_000);
    expect(delivered(harness)).toBe(1);
    expect(seen.map(({ headers, redirect }) => [headers.has(KEY), redirect])).toEqual([[true, 'follow'], [true, 'manual'], [false, 'follow']]);
  });

  test('C13 C15 a login page of the network\'s own costs no later write its key', async () => {
    const harness = createHarness({ backends: [API] });
    const seen: Request[] = [];
    let isBehind = true;
    harness.server((request) => {
      if (request.method === 'HEAD') return new Response();
      seen.push(request);
      if (!isBehind) return new Response(null, { status: 201 });
      return request.redirect === 'manual' ? opaqueRedirect() : 'drop';
    });
    harness.goOffline();
    await harness.post('a', { path: '/api/export' });
    harness.goOnline();
    await harness.api.wake('online');
    await harness.clock.advance(1_000);
    expect(seen.some(({ redirect }) => redirect === 'manual')).toBe(true);
    isBehind = false;
    seen.length = 0;
    await harness.clock.advance(60_000);
    await harness.post('b', { path: '/api/export' });
    expect(seen.map(({ headers }) => headers.has(KEY))).toEqual([true, true]);
  });
});

describe('a send that the worker\'s own policy forbids', () => {
  const forbid = (harness: Harness) => harness.server(({ url }) => new ForbiddenError('connect-src', url));
  const says = ({ printed }: Harness) => printed.filter((line) => line.includes('connect-src') && line.includes(`${ORIGIN}/api/notes`));

  test('L2 is the page\'s failure, and not kept', async () => {
    const harness = createHarness({ backends: [API] });
    forbid(harness);
    expect((await harness.post('a')).type).toBe('error');
    expect(await harness.api.entries()).toEqual([]);
    expect(says(harness)).toHaveLength(1);
    expect(harness.log).toEqual(['0 send a']);
  });

  test('L2 is a dead letter at replay', async () => {
    const harness = createHarness({ backends: [{ ...API, validate: false }] });
    harness.goOffline();
    await harness.post('a');
    harness.goOnline();
    forbid(harness);
    await harness.api.wake('online');
    await harness.clock.advance(1_000);
    expect(await harness.api.entries()).toMatchObject([{ state: 'dead', reason: 'unsendable' }]);
    expect(says(harness)).toHaveLength(1);
  });
});

describe('C15 first sends that fail at one time', () => {
  /** Posts to a server whose answers the test gives one by one, each in a lane of its own. */
  function failing() {
    const harness = createHarness({ backends: [{ ...API, capture: 'write-ahead' }] });
    const asked: { name: string; answer(reply: Reply): Promise<void> }[] = [];
    harness.server(
      (request, _count, signal) =>
        new Promise<Reply>((resolve, reject) => {
          const name = request.method === 'HEAD' ? 'HEAD' : request.headers.get('X-Name')!;
          const answer = (reply: Reply) => {
            resolve(reply);
            return settle();
          };
          asked.push({ name, answer });
          signal.addEventListener('abort', () => reject(signal.reason as Error));
        }),
    );
    const post = (name: string) => harness.post(name, { headers: { 'Holdfast-Lane': name, 'Holdfast-Id': name, 'X-Name': name } });
    /** The requests that have got no answer yet. */
    const next = (name: string) => asked.splice(asked.findIndex((one) => one.name === name), 1)[0]!;
    const names = () => asked.map(({ name }) => name);
    return { harness, next, names, post };
  }
  const statuses = async (answers: Promise<Response>[]) => (await Promise.all(answers)).map(({ status }) => status);

  test('share a HEAD during an outage', async () => {
    const { next, names, post } = failing();
    const answers = ['a', 'b', 'c'].map(post);
    await settle();
    for (const name of ['a', 'b', 'c']) await next(name).answer('drop');
    expect(names()).toEqual(['HEAD']);
    await next('HEAD').answer('drop');
    expect(await statuses(answers)).toEqual([202, 202, 202]);
    expect(names()).toEqual([]);
  });

  test('a HEAD that was answered before a send failed says nothing of that send, and those that failed since share the next one', async () => {
    const { next, names, post } = failing();
    const answers = ['a', 'b', 'c'].map(post);
    await settle();
    for (const name of ['a', 'b', 'c']) await next(name).answer('drop');
    await next('HEAD').answer(new Response());
    // The first HEAD has shown that the backend was there. Of the two that follow it, b and c share the one, and the other asks whether the address of a is reached.
    expect(names()).toEqual(['HEAD', 'HEAD']);
    await next('HEAD').answer('drop');
    await next('HEAD').answer('drop');
    expect(await statuses(answers.slice(1))).toEqual([202, 202]);
    expect(names()).toEqual([]);
  });

  test('leave a HEAD to the others when the request that it was begun for is cancelled', async () => {
    const { harness, next, names, post } = failing();
    const answers = ['a', 'b'].map(post);
    await settle();
    for (const name of ['a', 'b']) await next(name).answer('drop');
    expect(await harness.api.cancel('a')).toBe(true);
    await next('HEAD').answer(new Response());
    expect(names()).toEqual(['HEAD']);
    await next('HEAD').answer('drop');
    expect((await answers[1]!).status).toBe(202);
  });
});

describe('L1 a write that comes while a failed first send is looked into', () => {
  const inquired = async () => {
    const harness = createHarness({ backends: [API] });
    let head: (reply: Reply) => void = () => {};
    harness.server((request) => {
      if (request.method === 'HEAD') return new Promise<Reply>((resolve) => (head = resolve));
      return new URL(request.url).pathname === '/api/bad' ? 'drop' : new Response(null, { status: 201 });
    });
    void harness.post('bad', { path: '/api/bad' });
    await settle();
    const later = harness.post('later', { headers: { 'Holdfast-Lane': 'other' } });
    await settle();
    const isSent = () => harness.log.some((line) => line.endsWith(' send later'));
    const answerHead = (reply: Reply) => {
      head(reply);
      return settle();
    };
    return { harness, later, isSent, answerHead };
  };

  test('waits for the result, and isn’t sent in vain when the server is away', async () => {
    const { later, isSent, answerHead } = await inquired();
    expect(isSent()).toBe(false);
    await answerHead('drop');
    expect((await later).status).toBe(202);
    expect(isSent()).toBe(false);
  });

  test('is sent when the server is there', async () => {
    const { later, isSent, answerHead } = await inquired();
    await answerHead(new Response());
    await answerHead('drop');
    expect((await later).status).toBe(201);
    expect(isSent()).toBe(true);
  });

  test('waits no longer than 250 ms', async () => {
    const { harness, later, isSent } = await inquired();
    await harness.clock.advance(249);
    expect(isSent()).toBe(false);
    await harness.clock.advance(1);
    expect(isSent()).toBe(true);
    expect((await later).status).toBe(201);
  });
});

describe('the page\'s own request', () => {
  test('C15 goes out as it is where nothing of ours has to be taken off', async () => {
    const harness = createHarness();
    const sent: Request[] = [];
    harness.server((request) => (sent.push(request), new Response(null, { status: 201 })));
    await harness.api.configure({ offlineMode: false });
    await harness.post('a', { headers: { 'X-Own': '1' } });
    expect(sent.map(({ headers }) => [...headers.keys()])).toEqual([['content-type', 'x-own']]);
  });

  test('C15 loses the directives alone in mode bypass', async () => {
    const harness = createHarness();
    const sent: Request[] = [];
    harness.server((request) => (sent.push(request), new Response(null, { status: 201 })));
    await harness.post('a', { headers: { 'X-Own': '1', 'Holdfast-Mode': 'bypass' } });
    expect(sent.map(({ headers }) => [...headers.keys()])).toEqual([['content-type', 'x-own']]);
  });

  test('C15 keeps an empty body, and with it its length, at replay too', async () => {
    const harness = createHarness();
    const bodies: boolean[] = [];
    harness.server(({ body }) => (bodies.push(body !== null), new Response(null, { status: bodies.length < 3 ? 500 : 201 })));
    await harness.fetch('/api/a', { method: 'PATCH', body: '' });
    await harness.fetch('/api/b', { method: 'DELETE', headers: { 'Holdfast-Lane': 'b' } });
    await harness.clock.advance(60_000);
    expect(bodies.sort()).toEqual([false, false, true, true]);
  });
});
