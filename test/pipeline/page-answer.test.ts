import { describe, expect, test } from 'vitest';
import { createHarness, type Harness, type HarnessOptions } from '../support/harness.js';
import { jwt } from '../support/records.js';

const ok = () => new Response(null, { status: 201 });
const sends = (log: string[]) => log.filter((line) => line.includes('send '));

/** As a browser gives it when redirects were followed: no constructor makes such a one. */
function redirected(to: string, body: string, contentType: string, status = 200): Response {
  const response = new Response(body, { status, headers: { 'Content-Type': contentType } });
  return Object.defineProperties(response, { redirected: { value: true }, url: { value: to }, clone: { value: () => new Response(body) } });
}
const loginPage = () => redirected('https://app.example/login', '<!doctype html><title>Sign in</title>', 'text/html');

/** Stores `a` while offline, and goes online under a server that answers so. */
async function replayed(reply: () => Response, options: HarnessOptions = {}, headers: Record<string, string> = {}): Promise<Harness> {
  const harness = createHarness(options);
  harness.goOffline();
  await harness.post('a', { token: 'opaque', headers });
  harness.server(reply);
  harness.goOnline();
  await harness.api.wake('online');
  await harness.clock.advance(20_000);
  return harness;
}

describe('an answer that redirects have led to', () => {
  test('C14 is no delivery where it’s a page that wasn’t asked for: a dead letter with its answer, and the lane goes on', async () => {
    const harness = await replayed(loginPage);
    expect(await harness.api.entries()).toMatchObject([{ state: 'dead', reason: 'redirected', lastAnswer: { status: 200 } }]);
    const settlement = await harness.api.settled(1);
    expect(settlement).toMatchObject({ state: 'failed', reason: 'redirected', status: 200 });
    expect(new TextDecoder().decode(settlement?.body ?? new ArrayBuffer(0))).toContain('Sign in');
    harness.server(ok);
    expect((await harness.post('b', { token: 'opaque' })).status).toBe(201);
  });

  test('C14 is a delivery where it’s JSON, or a page for a request that takes one', async () => {
    const asJson = await replayed(() => redirected('https://app.example/api/2', '{}', 'application/json'));
    expect(asJson.log.at(-1)).toContain('delivered');
    const asHtml = await replayed(loginPage, {}, { Accept: 'text/html' });
    expect(asHtml.log.at(-1)).toContain('delivered');
  });

  test('C14 reaches the page as it is on the first send', async () => {
    const { server, post, api } = createHarness();
    server(loginPage);
    const response = await post('a');
    expect(response.status).toBe(200);
    expect(await response.text()).toContain('Sign in');
    expect(await api.entries()).toEqual([]);
  });

  test('C14 has url, redirected and type for policies', async () => {
    const seen: unknown[] = [];
    await replayed(loginPage, {
      backends: [
        {
          baseUrl: '/api',
          classify: (outcome) => {
            if (outcome.kind === 'answer') seen.push([outcome.url, outcome.redirected, outcome.type, outcome.isPage]);
            return 'delivered';
          },
        },
      ],
    });
    expect(seen).toEqual([['https://app.example/login', true, 'default', true]]);
  });

  test('A3 holds nothing where it’s a 401 of another origin, which gets no token', async () => {
    const harness = await replayed(() => redirected('https://other.example/x', '', 'text/plain', 401));
    expect(await harness.api.entries()).toMatchObject([{ state: 'dead', reason: 'permanent' }]);
  });
});

describe('bodyErrors', () => {
  const refused = { errors: [{ message: 'no', extensions: { code: 'UNAUTHENTICATED' } }], data: { write: null } };
  const graphql: HarnessOptions = { backends: [{ baseUrl: '/api', auth: { bodyErrors: 'graphql' } }] };
  const trpc: HarnessOptions = { backends: [{ baseUrl: '/api', auth: { bodyErrors: 'trpc' } }] };
  const failed = { error: { message: 'UNAUTHORIZED', code: -32001, data: { code: 'UNAUTHORIZED', httpStatus: 401 } } };

  test.each([200, 500])('A23 hold a replay that’s answered with a %d whose body refuses the token, and a fresh token delivers', async (status) => {
    const harness = await replayed(() => Response.json(refused, { status }), graphql);
    expect(await harness.api.entries()).toMatchObject([{ state: 'held', reason: 'auth-expired' }]);
    harness.server(() => Response.json({ data: { write: 1 } }));
    expect(await harness.api.provideToken('new')).toBe('released');
    await harness.clock.advance(0);
    expect(harness.log.at(-1)).toContain('delivered');
    expect(sends(harness.log)).toHaveLength(2);
  });

  test('A23 are off by default, where a body that refuses the token is a delivery', async () => {
    const harness = await replayed(() => Response.json(refused));
    expect(harness.log.at(-1)).toContain('delivered');
  });

  test('A23 hold a first send whose answer refuses the token, and let another answer reach the page whole', async () => {
    const { server, post } = createHarness(graphql);
    server(() => Response.json(refused));
    expect((await post('a', { token: 'old' })).status).toBe(202);
    const whole = { data: { write: 'x'.repeat(200_000) } };
    server(() => Response.json(whole));
    const response = await post('b', { token: 'new', path: '/api/other', headers: { 'Holdfast-Auth': 'none' } });
    expect(await response.json()).toEqual(whole);
  });

  test('A22 A23 give the page its answer to a first send whose JWT was accepted and is good for longer', async () => {
    const { server, post } = createHarness(graphql);
    const live = jwt({ sub: 'ann', exp: 3600 });
    await post('a', { token: live });
    server(() => Response.json(refused));
    expect(await (await post('wrong password', { token: live })).json()).toEqual(refused);
  });

  test('C2 A23 don’t cut an answer that began in time, however long its body takes', async () => {
    const harness = createHarness({ backends: [{ baseUrl: '/api', networkTimeoutMs: 1_000, auth: { bodyErrors: 'graphql' } }] });
    const { server, fetch, clock } = harness;
    const body = JSON.stringify({ data: { write: 1 } });
    server((_request, _count, signal) => {
      const slow = new ReadableStream<Uint8Array>({
        start(stream) {
          signal.addEventListener('abort', () => stream.error(signal.reason));
          clock.after(3_000, () => {
            stream.enqueue(new TextEncoder().encode(body));
            stream.close();
          });
        },
      });
      return new Response(slow, { headers: { 'Content-Type': 'application/json' } });
    });
    const answer = fetch('/api/notes', { method: 'POST', body: 'a', headers: { Authorization: 'Bearer t' } });
    await clock.advance(5_000);
    expect(await (await answer)?.text()).toBe(body);
  });

  test('A13 A23 make a dead letter of an entry after three fresh tokens that a body refuses', async () => {
    const harness = await replayed(() => Response.json(refused), graphql);
    for (const token of ['2', '3', '4']) {
      await harness.api.provideToken(token);
      await harness.clock.advance(0);
    }
    expect(await harness.api.entries()).toMatchObject([{ state: 'dead', reason: 'auth-rejected' }]);
  });

  test('A23 are read in tRPC’s JSON lines', async () => {
    const lines = `${JSON.stringify({ 0: [[0], [null, 0, 0]] })}\n${JSON.stringify([0, 0, [[failed]]])}\n`;
    const harness = await replayed(() => new Response(lines, { headers: { 'Content-Type': 'application/json' } }), trpc);
    expect(await harness.api.entries()).toMatchObject([{ state: 'held', reason: 'auth-expired' }]);
  });

  test('A23 are read in the lines that have come of a stream that goes on', async () => {
    const lines = `${JSON.stringify({ 0: [[0], [null, 0, 0]] })}\n${JSON.stringify([0, 0, [[failed]]])}\n{"half":`;
    const endless = () => new ReadableStream({ start: (stream) => stream.enqueue(new TextEncoder().encode(lines)) });
    const harness = await replayed(() => new Response(endless(), { headers: { 'Content-Type': 'application/json' } }), trpc);
    expect(await harness.api.entries()).toMatchObject([{ state: 'held', reason: 'auth-expired' }]);
  });

  test('A23 let a batch be delivered of which a part went through, and say so', async () => {
    const harness = await replayed(() => Response.json([{ result: { data: 1 } }, failed], { status: 207 }), trpc);
    expect(harness.events.at(-1)).toMatchObject({ type: 'delivered', status: 207, partial: true });
    expect(await harness.api.settled(1)).toMatchObject({ state: 'delivered', partial: true });
    expect(harness.printed.at(-1)).toMatch(/delivered in part/);
  });

  test('A23 let a batch be delivered that went through as a whole, without the word partial', async () => {
    const harness = await replayed(() => Response.json([{ result: { data: 1 } }]), trpc);
    expect(harness.events.at(-1)).not.toHaveProperty('partial');
    expect(await harness.api.settled(1)).not.toHaveProperty('partial');
  });

  test.each<[what: string, contentType: string, make: () => BodyInit]>([
    ['isn’t JSON', 'text/html', () => '<h1>UNAUTHENTICATED</h1>'],
    ['is broken JSON', 'application/json', () => '{"errors":[{"extensions":{"code":"UNAUTHENTICATED"}}]'],
    ['is 10 MB', 'application/json', () => JSON.stringify({ ...refused, more: 'x'.repeat(10 * 1024 ** 2) })],
    ['never ends', 'application/json', () => new ReadableStream({ start: (stream) => stream.enqueue(new TextEncoder().encode('{')) })],
    ['is empty', 'application/json', () => ''],
  ])('A23 let a 200 be delivered whose body %s', async (_what, contentType, make) => {
    const harness = await replayed(() => new Response(make(), { headers: { 'Content-Type': contentType } }), graphql);
    expect(harness.log.at(-1)).toContain('delivered');
  });

  test('A23 by a function that throws are told, and let the answer be delivered', async () => {
    const bodyErrors = () => {
      throw new Error('a mistake');
    };
    const harness = await replayed(() => Response.json(refused), { backends: [{ baseUrl: '/api', auth: { bodyErrors } }] });
    expect(harness.log.at(-1)).toContain('delivered');
    expect(harness.printed.some((line) => line.includes('bodyErrors threw'))).toBe(true);
  });

  test.each(['rest', true, {}])('A23 of %j are refused by the option’s rule', (bodyErrors) => {
    const backends = [{ baseUrl: '/api', auth: { bodyErrors: bodyErrors as 'trpc' } }];
    expect(() => createHarness({ backends })).toThrow(/option "backends\[0\]\.auth\.bodyErrors" is .*; it must be 'graphql' or 'trpc', or it must be a function of a body and an answer/);
  });
});

describe('a challenge', () => {
  const challenged = (value: string) => replayed(() => new Response(null, { status: 401, headers: { 'WWW-Authenticate': value } }));

  test.each([
    ['of 16 KiB', `Bearer realm="${'x'.repeat(16 * 1024)}", error="insufficient_scope"`],
    ['that never closes its quote', 'Bearer realm="never closed, error=insufficient_scope'],
  ])('A2 %s says nothing, so the 401 holds', async (_what, value) => {
    const harness = await challenged(value);
    expect(await harness.api.entries()).toMatchObject([{ state: 'held', reason: 'auth-expired' }]);
  });
});
