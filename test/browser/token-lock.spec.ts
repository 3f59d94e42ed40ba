import { chromium as chromiumType, type Dialog, type Page } from '@playwright/test';
import type { TokenRequest } from '../../client/index.js';
import { chromium } from '../support/chromium.js';
import { chromiumOnly, connectPage, expect, openApp, test, type App } from '../support/fixtures.js';

declare global {
  interface Window {
    /** What `getToken` was asked for. */
    asked: Omit<TokenRequest, 'signal'>[];
    /** What it gives next. */
    nextToken: string | null;
    /** The first argument of each call to the worker. */
    calls: unknown[];
    /** Calls to the worker that it hasn't answered yet. */
    unanswered: number;
    /** How many calls the page has made since it was left. */
    calledAway: number;
  }
}

const asking = (source: string) => `getToken: ({ signal, ...request }) => { (window.asked ??= []).push(request); ${source} }`;
const STUCK = asking('return new Promise(() => {});');
const READY = asking('return window.nextToken;');
const timesAsked = (page: Page, times: number) => page.waitForFunction((count) => (window.asked ?? []).length === count, times);
const isDelivered = (page: Page) => page.waitForFunction(() => window.seen.some(({ type }) => type === 'delivered'));

/** Posts with a token that's over, and waits until the page's `getToken` is asked. */
async function postAndAsk({ page, server }: App): Promise<void> {
  server.requireToken();
  // Nobody awaits the answer: the page may be left before.
  await page.evaluate((token) => void fetch('/api/notes', { method: 'POST', body: 'a', headers: { Authorization: `Bearer ${token}` } }), await server.token('ann', -3600));
  await timesAsked(page, 1);
}

/** Counts a page's calls to the worker, and the worker's answers. */
function countCalls(): void {
  Object.assign(window, { calls: [], unanswered: 0, calledAway: 0 });
  const { prototype } = ServiceWorker;
  const { postMessage } = prototype;
  let isAway = false;
  addEventListener('pagehide', () => (isAway = true));
  // A page that comes back is seen before it's shown.
  document.addEventListener('visibilitychange', () => (isAway &&= document.visibilityState === 'hidden'));
  prototype.postMessage = function (this: ServiceWorker, message: { argumentList: { value: unknown }[] }, ...rest: [StructuredSerializeOptions]) {
    window.calls.push(message.argumentList[0]?.value);
    window.unanswered++;
    if (isAway) window.calledAway++;
    return postMessage.call(this, message, ...rest);
  } as typeof postMessage;
  navigator.serviceWorker.addEventListener('message', () => void window.unanswered--);
}

async function secondTab({ page, server }: App): Promise<Page> {
  const second = await page.context().newPage();
  await second.goto(server.origin);
  await second.evaluate((token) => void (window.nextToken = token), await server.token('ann'));
  await connectPage(second, READY);
  return second;
}

test.use({ apart: true });

test.describe('L13 a page that goes into the back/forward cache while it asks for a token', () => {
  const CACHED = chromiumOnly('its test driver can have a back/forward cache');
  // Playwright switches the cache off.
  const launch = () => chromiumType.launch({ ...chromium(), ignoreDefaultArgs: ['--disable-back-forward-cache'] });

  test('leaves the asking to the other tabs', CACHED, async ({ server }) => {
    const browser = await launch();
    const app = await openApp(await (await browser.newContext()).newPage(), server, { connect: STUCK });
    await postAndAsk(app);
    const second = await secondTab(app);
    server.serve('/away', '<!doctype html><title>away</title>', 'text/html');
    await app.page.evaluate(() => void (location.href = '/away'));
    await isDelivered(second);
    expect(await second.evaluate(() => window.asked.length)).toBe(1);
    await browser.close();
  });

  test('asks again when its user comes back', CACHED, async ({ server }) => {
    const browser = await launch();
    const page = await (await browser.newContext()).newPage();
    await page.addInitScript(countCalls);
    const app = await openApp(page, server, { connect: asking('return window.nextToken ?? new Promise(() => {});') });
    await postAndAsk(app);
    server.serve('/away', '<!doctype html><title>away</title>', 'text/html');
    // Playwright loses sight of a page that comes out of the cache, so the page tells the server.
    const back = new Promise((resolve) =>
      server.serve('/back', ({ search }) => {
        resolve(search);
        return '';
      }),
    );
    // Chromium drops a cached page to which a worker’s answer comes, so the page is left once it has had all of them:
    // the last is about the look after what was sent, two seconds later.
    await page.waitForFunction(() => window.calls.includes('due') && window.unanswered === 0);
    await page.evaluate((token) => {
      addEventListener('pageshow', (event) => void fetch(`/back?${event.persisted},${window.calledAway}`));
      window.nextToken = token;
      location.href = '/away';
    }, await server.token('ann'));
    await page.waitForURL('**/away');
    await page.evaluate(() => void setTimeout(() => history.back()));
    expect(await back).toBe('?true,0');
    await server.arrived(2);
    expect(server.received.map(({ user }) => user)).toEqual([null, 'ann']);
    await browser.close();
  });
});

test('L13 from a page that stands still behind an alert while it asks for a token, one of the others takes over after 35 s', async ({ open, server }) => {
  const app = await open({ connect: asking('signal.onabort = () => (window.ended = true); return new Promise(() => {});') });
  await postAndAsk(app);
  const alert = new Promise<Dialog>((resolve) => app.page.once('dialog', resolve));
  await app.page.evaluate(() => void setTimeout(() => window.alert('Save your work?')));
  const dialog = await alert;
  const fresh = await server.token('ann');
  const others = await Promise.all([0, 1, 2].map(() => app.page.context().newPage()));
  for (const other of others) {
    // The clock of the first page stands still, and that of its whole context would with it.
    await other.addInitScript(() => {
      const real = setTimeout;
      Object.assign(window, { setTimeout: (task: () => void, ms: number, ...rest: unknown[]) => real(task, ms === 35_000 ? 1_500 : ms, ...rest) });
    });
    await other.goto(server.origin);
    await other.evaluate((token) => void (window.nextToken = token), fresh);
  }
  await Promise.all(others.map((other) => connectPage(other, asking('return new Promise((resolve) => setTimeout(resolve, 500, window.nextToken));'))));
  await Promise.all(others.map(isDelivered));
  const asked = await Promise.all(others.map((other) => other.evaluate(() => (window.asked ?? []).length)));
  expect(asked.reduce((sum, count) => sum + count)).toBe(1);
  await dialog.accept();
  await app.page.waitForFunction(() => (window as unknown as { ended?: boolean }).ended === true);
  expect(await app.page.evaluate(() => window.asked.length)).toBe(1);
});
