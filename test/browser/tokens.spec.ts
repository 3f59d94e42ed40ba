import type { Page } from '@playwright/test';
import type { TokenRequest } from '../../client/index.js';
import { connectPage, expect, FAST, NEVER, test, type App } from '../support/fixtures.js';

declare global {
  interface Window {
    /** What `getToken` was asked for. */
    asked: Omit<TokenRequest, 'signal'>[];
    /** What it gives next. */
    nextToken: string | null;
    answer?: (token: string | null) => void;
  }
}

const authorization = (token: string) => ({ Authorization: `Bearer ${token}` });
const lanes = `backends: [{ baseUrl: '/api', ${FAST}, lane: (request) => request.url }]`;

/** `getToken` that notes what it's asked for, and then gives what `source` says. */
const noting = (source: string) => `getToken: ({ signal, ...request }) => { (window.asked ??= []).push(request); ${source} }`;
const asked = (page: Page) => page.evaluate(() => (window.asked ?? []).length);
const timesAsked = (page: Page, times: number) => page.waitForFunction((count) => (window.asked ?? []).length === count, times);
const holds = async (app: App) => (await app.call((sync) => sync.status())).backends[0]!.holds;

async function secondTab({ page, server }: App, connect: string): Promise<Page> {
  const second = await page.context().newPage();
  await second.goto(server.origin);
  await connectPage(second, connect);
  return second;
}

// A page's clock is its whole context's.
test.use({ apart: true });

test.describe('T1 getToken', () => {
  test('is asked once for two tabs and four 401s', async ({ open, server }) => {
    server.requireToken();
    let requests = 0;
    server.serve('/token', async () => {
      requests++;
      // Long enough for the other tab to want one too.
      await new Promise((resolve) => setTimeout(resolve, 200));
      return server.token('ann');
    }, 'text/plain');
    const getToken = noting(`return fetch('/token').then((response) => response.text());`);
    const app = await open({ connect: getToken, options: lanes });
    const second = await secondTab(app, getToken);
    const lapsed = await server.refusedToken();
    await server.unlisten();
    for (const lane of ['a', 'b', 'c', 'd']) await app.post(lane, { path: `/api/${lane}`, headers: authorization(lapsed) });
    await server.listen();
    await app.call((sync) => sync.replay());
    await app.heard('delivered', 4);
    await second.waitForFunction(() => window.seen.filter(({ type }) => type === 'delivered').length === 4);
    expect(server.received.filter(({ user }) => user === null)).not.toHaveLength(0);
    expect(requests).toBe(1);
    expect((await asked(app.page)) + (await asked(second))).toBe(1);
  });

  test('is told why it’s asked, for which backend, and whether the last token was refused', async ({ open, server }) => {
    server.requireToken();
    const app = await open({ connect: noting('return window.nextToken;') });
    await app.page.evaluate((token) => void (window.nextToken = token), await server.token('ann'));
    await app.post('a', { headers: authorization(await server.token('ann', -3600)) });
    await app.heard('delivered');
    expect(await app.page.evaluate(() => window.asked)).toEqual([
      { reason: 'auth-expired', baseUrl: `${server.origin}/api`, namespace: '', rejected: true },
    ]);
  });

  test('is asked in the next tab when the tab that asks is closed in the middle of it', async ({ open, server }) => {
    server.requireToken();
    const app = await open({ connect: noting('return new Promise(() => {});') });
    await app.post('a', { headers: authorization(await server.token('ann', -3600)) });
    await timesAsked(app.page, 1);
    const second = await secondTab(app, noting('return window.nextToken;'));
    await second.evaluate((token) => void (window.nextToken = token), await server.token('ann'));
    expect(await asked(second)).toBe(0);
    await app.page.close();
    await second.waitForFunction(() => window.seen.some(({ type }) => type === 'delivered'));
    expect(await asked(second)).toBe(1);
  });

  test('is waited for until a sign-out, and a token that it gives after that signs nobody in', async ({ open, server }) => {
    server.requireToken();
    const app = await open({ connect: noting('return new Promise((resolve) => (window.answer = resolve));') });
    await app.post('a', { headers: authorization(await server.token('ann', -3600)) });
    await timesAsked(app.page, 1);
    const second = await secondTab(app, noting('return null;'));
    await second.evaluate(() => window.sync.signOut());
    await app.page.waitForFunction(() => window.seen.some((event) => event.type === 'held' && event.reason === 'signed-out'));
    await app.page.evaluate((token) => window.answer!(token), await server.token('ann'));
    // Whoever waited for the lock has it by now, if it was let go.
    await app.page.evaluate(() => navigator.locks.request('holdfast:token', () => {}));
    await app.page.evaluate(() => dispatchEvent(new Event('focus')));
    await second.evaluate(() => dispatchEvent(new Event('focus')));
    expect(await holds(app)).toMatchObject([{ reason: 'signed-out', owner: 'ann' }]);
    expect(server.received).toHaveLength(1);
    expect([await asked(app.page), await asked(second)]).toEqual([1, 0]);
  });
});

test.describe('T1 a getToken', () => {
  test('whose user signs out while it’s under way signs nobody in again', async ({ open, server }) => {
    server.requireToken();
    const app = await open({ connect: noting('signal.onabort = () => (window.ended = true); return new Promise((resolve) => (window.answer = resolve));') });
    await app.post('a', { headers: authorization(await server.token('ann', -3600)) });
    await timesAsked(app.page, 1);
    await app.page.evaluate(async (token) => {
      const out = window.sync.signOut();
      window.answer!(token);
      await out;
      await window.sync.status();
    }, await server.token('ann'));
    expect(await holds(app)).toMatchObject([{ reason: 'signed-out' }]);
    expect(server.received).toHaveLength(1);
    expect(await app.page.evaluate(() => (window as unknown as { ended?: boolean }).ended)).toBe(true);
  });

  test('that has nothing but another user’s token isn’t asked each time somebody looks at the page', async ({ open, server }) => {
    server.requireToken();
    const app = await open({ connect: noting('return window.nextToken;') });
    await app.page.evaluate((token) => void (window.nextToken = token), await server.token('bob'));
    await app.post('ann’s', { headers: authorization(await server.token('ann', -3600)) });
    await timesAsked(app.page, 1);
    for (let glance = 0; glance < 3; glance++) {
      await app.call((sync) => sync.status());
      await app.page.evaluate(() => dispatchEvent(new Event('focus')));
    }
    await app.call((sync) => sync.status());
    expect(await asked(app.page)).toBe(1);
    expect(await holds(app)).toMatchObject([{ owner: 'ann' }]);
  });

  test('whose tokens are all refused is asked three more times at once, and then spaced', async ({ open, server, page }) => {
    await page.clock.install();
    await page.clock.pauseAt(Date.now() + 60_000);
    const app = await open({ connect: noting('return "token-" + window.asked.length;'), options: `backends: [{ baseUrl: '/api', auth: { maxRejections: 100 }, ${NEVER} }]` });
    server.reply({ status: 401 });
    await app.post('a', { headers: authorization('old') });
    await timesAsked(page, 3);
    await server.arrived(4);
    await page.waitForFunction(() => window.seen.filter(({ type }) => type === 'auth-required').length === 4);
    await app.call((sync) => sync.status());
    expect(await asked(page)).toBe(3);
    await page.clock.runFor(6_000);
    await timesAsked(page, 4);
  });

  test('is asked for a hold that came while it was renewing', async ({ open, server, page }) => {
    await page.clock.install();
    const app = await open({ options: `backends: [{ baseUrl: '/api', ${NEVER} }]`, connect: noting('return new Promise((resolve) => (window.answer = resolve));') });
    const token = await server.token('ann', 600);
    await app.call((sync, given: string) => sync.provideToken(given), token);
    await app.call((sync) => sync.status());
    await page.clock.fastForward(545_000);
    await timesAsked(page, 1);
    server.reply({ status: 401 });
    await app.post('a', { headers: authorization(token) });
    await app.heard('auth-required');
    await page.evaluate(() => window.answer!(null));
    await app.call((sync) => sync.status());
    await page.clock.fastForward(6_000);
    await timesAsked(page, 2);
    expect(await page.evaluate(() => window.asked.map(({ reason }) => reason))).toEqual(['expiring', 'auth-expired']);
  });
});

test.describe('T4 a getToken that gives none', () => {
  const FIRST_MS = 6_000;

  /** Stops the page's clock, which an installed one doesn't: on a busy machine a second may pass between two lines. */
  const stopClock = async (page: Page) => page.clock.pauseAt((await page.evaluate(() => Date.now())) + 1_000);

  for (const [what, source] of [
    ['null', 'return null;'],
    ['nothing', ''],
    ['an object', 'return { token: 1 };'],
    ['an exception', 'throw new Error("no");'],
    ['a rejection', 'return Promise.reject(new Error("no"));'],
  ] as const) {
    test(`in the form of ${what} leaves the hold as it is, and is asked again later and later, ten times`, async ({ open, server, page }) => {
      await page.clock.install();
      const app = await open({ connect: noting(source) });
      server.reply({ status: 401 });
      await app.post('a', { headers: authorization('old') });
      await timesAsked(page, 1);
      await app.call((sync) => sync.status());
      await stopClock(page);
      // That second is over, too.
      await page.clock.fastForward(FIRST_MS - 1_000);
      for (let retry = 1; retry < 10; retry++) {
        await timesAsked(page, retry + 1);
        // The timer is set when the call that provides it has come back.
        await app.call((sync) => sync.status());
        await page.clock.fastForward(FIRST_MS * 2 ** retry - 1_000);
        expect(await asked(page)).toBe(retry + 1);
        await page.clock.fastForward(1_000);
      }
      await timesAsked(page, 11);
      await app.call((sync) => sync.status());
      await page.clock.fastForward(FIRST_MS * 2 ** 11);
      await app.call((sync) => sync.status());
      expect(await asked(page)).toBe(11);
      expect(await holds(app)).toMatchObject([{ reason: 'auth-expired' }]);
      expect(server.received).toHaveLength(1);
      // Then on the next visibility, focus or token.
      await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
      await timesAsked(page, 12);
      server.reply({ status: 201 });
      expect(await app.call((sync) => sync.provideToken('new'))).toBe('released');
      await app.heard('delivered');
    });
  }

  test('as it hangs is given up after 30 s, and asked again', async ({ open, server, page }) => {
    await page.clock.install();
    const app = await open({ connect: noting('return new Promise(() => {});') });
    server.reply({ status: 401 });
    await app.post('a', { headers: authorization('old') });
    await timesAsked(page, 1);
    await page.clock.fastForward(30_000);
    await app.call((sync) => sync.status());
    await page.clock.fastForward(FIRST_MS);
    await timesAsked(page, 2);
    expect(await holds(app)).toMatchObject([{ reason: 'auth-expired' }]);
    expect(await app.entries()).toHaveLength(1);
  });
});

test.describe('T3 a JWT', () => {
  const open0 = { options: `backends: [{ baseUrl: '/api', ${NEVER} }]`, connect: noting('return window.nextToken;') };

  test('is renewed 60 s before its exp', async ({ open, server, page }) => {
    await page.clock.install();
    const app = await open(open0);
    await page.evaluate((token) => void (window.nextToken = token), await server.token('ann', 7_200));
    expect(await app.call((sync, token: string) => sync.provideToken(token), await server.token('ann', 600))).toBe('stored');
    await app.call((sync) => sync.status());
    await page.clock.fastForward(535_000);
    await app.call((sync) => sync.status());
    expect(await asked(page)).toBe(0);
    await page.clock.fastForward(10_000);
    await timesAsked(page, 1);
    expect(await page.evaluate(() => window.asked)).toEqual([{ reason: 'expiring', baseUrl: `${server.origin}/api`, namespace: '', rejected: false }]);
    const expiresAt = async () => (await app.call((sync) => sync.status())).backends[0]!.tokenExpiresAt ?? 0;
    await expect.poll(async () => (await expiresAt()) - Date.now()).toBeGreaterThan(7_000_000);
  });

  test('that was learnt from a request, or whose worker has stopped since, is renewed 60 s before its exp', async ({ open, server, page }) => {
    await page.clock.install();
    const app = await open(open0);
    await page.evaluate((token) => void (window.nextToken = token), await server.token('ann', 7_200));
    await app.post('a', { headers: authorization(await server.token('ann', 600)) });
    await expect.poll(async () => (await app.call((sync) => sync.status())).backends[0]!.tokenExpiresAt).not.toBeNull();
    await app.stopWorker();
    await app.call((sync) => sync.status());
    await page.clock.fastForward(545_000);
    await timesAsked(page, 1);
    expect(await page.evaluate(() => window.asked)).toMatchObject([{ reason: 'expiring' }]);
  });

  test('is renewed by one tab, when two are open', async ({ open, server, page }) => {
    await page.clock.install();
    const app = await open(open0);
    const second = await page.context().newPage();
    await second.clock.install();
    await second.goto(server.origin);
    await app.call((sync, token: string) => sync.provideToken(token), await server.token('ann', 600));
    await connectPage(second, open0.connect);
    for (const tab of [page, second]) await tab.evaluate((token) => void (window.nextToken = token), await server.token('ann', 7_200));
    for (const tab of [page, second]) await tab.evaluate(() => window.sync.status());
    await Promise.all([page.clock.fastForward(570_000), second.clock.fastForward(570_000)]);
    await expect.poll(async () => (await asked(page)) + (await asked(second))).toBe(1);
    for (const tab of [page, second]) await tab.evaluate(() => navigator.locks.request('holdfast:token', () => {}));
    expect((await asked(page)) + (await asked(second))).toBe(1);
  });

  for (const [what, lifeS] of [['past', -30], ['nearer than that', 45]] as const) {
    test(`with an exp that’s ${what} makes no hot loop`, async ({ open, server, page }) => {
      await page.clock.install();
      const app = await open(open0);
      await page.evaluate((token) => void (window.nextToken = token), await server.token('ann', lifeS));
      expect(await app.call((sync, token: string) => sync.provideToken(token), await server.token('ann', lifeS))).toBe('stored');
      for (let look = 0; look < 5; look++) {
        await app.call((sync) => sync.status());
        await page.clock.fastForward(1_000);
        await page.evaluate(() => dispatchEvent(new Event('focus')));
      }
      await app.call((sync) => sync.status());
      expect(await asked(page)).toBe(0);
    });
  }

  test('that lives little longer is renewed every 30 s at the most', async ({ open, server, page }) => {
    await page.clock.install();
    const app = await open({ ...open0, connect: noting('return fetch("/token").then((response) => response.text());') });
    server.serve('/token', () => server.token('ann', 64), 'text/plain');
    await app.call((sync, token: string) => sync.provideToken(token), await server.token('ann', 62));
    await app.call((sync) => sync.status());
    await page.clock.fastForward(3_000);
    await timesAsked(page, 1);
    await app.call((sync) => sync.status());
    await page.clock.fastForward(3_000);
    await app.call((sync) => sync.status());
    expect(await asked(page)).toBe(1);
  });
});
