import type { Page } from '@playwright/test';
import { expect, type App, type Fetched } from '../../support/fixtures.js';
import { json, type Server, type Stack, type Write } from './stack.js';
import { STACKS, titled, TRPC } from './table.js';
import { test as base, type Upstream } from './upstream.js';

declare global {
  interface Window {
    answer?: (token: string | null) => void;
  }
}

/** A ladder of one retry, a millisecond long. */
const QUICK = 'retry: { maxRetries: 1, answered: { baseMs: 1, capMs: 1 }, unreachable: { baseMs: 1, capMs: 1 } }';

/** A `getToken` whose answer the test gives. */
const GET_TOKEN = 'getToken: () => new Promise((resolve) => (window.answer = resolve))';

interface Site {
  app: App;
  upstream: Upstream;
}

const test = base.extend<{ openSite: (stack: Server, auth?: string) => Promise<Site> }>({
  openSite: async ({ open, forwardTo }, use) => {
    await use(async (stack, auth = '') => {
      const upstream = await forwardTo(stack);
      const app = await open({ options: `backends: [{ baseUrl: '/api', respond: 'queued', auth: { ${auth} }, ${QUICK} }]`, connect: GET_TOKEN });
      return { app, upstream };
    });
  },
});

const bearer = (token: string) => `Bearer ${token}`;

const send = (app: App, { path, body, headers = {} }: Write, token?: string): Promise<Fetched> =>
  app.post(body, { path, headers: { ...headers, ...(token !== undefined && { Authorization: bearer(token) }) } });

const writeOf = async (stack: Stack, text: string): Promise<Write> => stack.write?.(text) ?? json('/api/notes', { text });

const isAsked = (page: Page) => page.waitForFunction(() => window.answer !== undefined);
const giveToken = (page: Page, token: string) => page.evaluate((given) => window.answer!(given), token);
const holds = async (app: App) => (await app.call((sync) => sync.status())).backends[0]!.holds;

/** The oldest entry, after a wake-up. */
const replayed = (app: App) =>
  app.call(async (sync) => {
    await sync.replay();
    return (await sync.entries())[0];
  });

for (const { packages, setup, load, accepted = 201, refused, anonymous = refused, dead, auth, opaque, signsIn } of STACKS) {
  test.describe(titled(packages, setup), () => {
    if (!opaque) {
      test('A20 a write whose token lapses while the API is down goes out with a fresh token only', async ({ openSite }) => {
        const stack = await load();
        const { app, upstream } = await openSite(stack, auth);
        await upstream.stop();
        expect(await send(app, await writeOf(stack, 'a note'), await stack.goodToken(1))).toMatchObject({ status: 202 });
        await expect.poll(() => replayed(app), { intervals: [100], timeout: 15_000 }).toMatchObject({ state: 'held', reason: 'auth-expired' });
        await isAsked(app.page);
        await upstream.start();
        await replayed(app);
        expect(upstream.reached).toEqual([]);
        const fresh = await stack.goodToken();
        await giveToken(app.page, fresh);
        await app.empty();
        expect(upstream.reached).toMatchObject([{ authorization: bearer(fresh), status: accepted }]);
        expect(upstream.effects).toEqual(['a note']);
      });

      const isRedirected = dead?.reason === 'redirected';
      test(`A17 A21 a first send whose token is over is ${isRedirected ? 'answered by the page that the redirect leads to' : 'held'}`, async ({ openSite }) => {
        const stack = await load();
        const { app, upstream } = await openSite(stack, auth);
        const answer = await send(app, await writeOf(stack, 'a note'), await stack.goodToken(-120));
        expect(upstream.reached).toMatchObject([{ status: refused }]);
        if (isRedirected) {
          expect(answer.status).toBe(200);
          expect(answer.text).toContain('<!doctype html>');
          expect(await app.entries()).toEqual([]);
          return;
        }
        expect(answer.status).toBe(202);
        await isAsked(app.page);
        await giveToken(app.page, await stack.goodToken());
        await app.empty();
        expect(upstream.effects).toEqual(['a note']);
      });
    }

    test(`A2 a replay whose token the server refuses ${dead ? `becomes a dead letter: ${dead.because}` : 'is held until a good token comes'}`, async ({ openSite }) => {
      const stack = await load();
      const { app, upstream } = await openSite(stack, auth);
      await upstream.stop();
      expect(await send(app, await writeOf(stack, 'a note'), await stack.refusedToken())).toMatchObject({ status: 202 });
      await upstream.start();
      await app.call((sync) => sync.replay());
      if (dead) {
        await app.heard('failed');
        expect(await app.entries()).toMatchObject([{ state: 'dead', reason: dead.reason }]);
        expect(upstream.reached[0]).toMatchObject({ status: refused });
        expect(upstream.effects).toEqual([]);
        return;
      }
      await isAsked(app.page);
      expect(await app.entries()).toMatchObject([{ state: 'held', reason: 'auth-expired' }]);
      await giveToken(app.page, await stack.goodToken());
      await app.empty();
      expect(upstream.reached.map(({ status }) => status)).toEqual([refused, accepted]);
      expect(upstream.effects).toEqual(['a note']);
    });

    test('A3 a write without Authorization is never held', async ({ openSite }) => {
      const stack = await load();
      const { app, upstream } = await openSite(stack, auth);
      await send(app, await writeOf(stack, 'a note'));
      expect(upstream.reached[0]).toMatchObject({ status: anonymous });
      // An answer of 500 is tried again.
      await app.call((sync) => sync.replay());
      expect(await holds(app)).toEqual([]);
      expect(await app.types()).not.toContain('held');
      expect(upstream.effects).toEqual([]);
    });

    if (signsIn) {
      test('A22 the 401 for a wrong password goes to the page when the server has accepted the token before', async ({ openSite }) => {
        const stack = await load();
        const { app, upstream } = await openSite(stack, auth);
        const token = await stack.goodToken();
        await send(app, await writeOf(stack, 'a note'), token);
        expect(upstream.effects).toEqual(['a note']);
        expect(await send(app, stack.wrongPassword!, token)).toMatchObject({ status: 401 });
        expect(await app.entries()).toEqual([]);
        expect(await holds(app)).toEqual([]);
      });
    }
  });
}

for (const [link, name, status] of [
  ['httpBatchLink', 'byHttpBatchLink', 207],
  ['httpBatchStreamLink', 'byHttpBatchStreamLink', 200],
] as const) {
  test(`A23 a batch of tRPC’s ${link} that was refused in part is delivered, and its event says so`, async ({ openSite }) => {
    const stack = (await import('./stacks/trpc.js'))[name];
    const { app, upstream } = await openSite(stack, TRPC);
    await upstream.stop();
    await send(app, await stack.writeBoth('a note'), await stack.refusedToken());
    await upstream.start();
    await app.call((sync) => sync.replay());
    await app.heard('delivered');
    expect(upstream.reached).toMatchObject([{ status }]);
    expect(upstream.effects).toEqual(['log a note']);
    expect((await app.events()).find(({ type }) => type === 'delivered')).toMatchObject({ status, partial: true });
  });
}

test('R5 writes that a proxy answers with 502, as its server is stopped, rest until the server is back, and are delivered in order', async ({ openSite }) => {
  const { stack } = await import('./stacks/express-jwt.js');
  const { app, upstream } = await openSite(stack);
  const token = await stack.goodToken();
  await upstream.stop();
  for (const text of ['first', 'second', 'third']) expect(await send(app, await writeOf(stack, text), token)).toMatchObject({ status: 202 });
  await expect.poll(async () => (await app.entries())[0]).toMatchObject({ state: 'pending', reason: 'server-unavailable' });
  await upstream.start();
  await app.call((sync) => sync.replay());
  await app.empty();
  expect(upstream.effects).toEqual(['first', 'second', 'third']);
  expect(await app.entries()).toEqual([]);
  expect(await app.types()).not.toContain('failed');
});
