import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test as base, chromium as chromiumType, expect, firefox as firefoxType, type BrowserContext, type Page } from '@playwright/test';
import type { SyncClient } from '../../client/index.js';
import type { EntryInfo } from '../../sw/protocol/api.js';
import type { SyncEvent } from '../../sw/protocol/events.js';
import { createApiServer, type ApiServer } from './api-server.js';
import { chromium } from './chromium.js';
import { firefox } from './firefox.js';
import { FAST, NEVER, workerScript } from './worker-script.js';

export { expect, FAST, NEVER, workerScript };

declare global {
  interface Window {
    sync: SyncClient;
    /** The drop-in's client. */
    holdfast?: SyncClient;
    seen: SyncEvent[];
  }
}

/** What a page got for a fetch. */
export interface Fetched {
  status: number;
  type: ResponseType;
  text: string;
  headers: Record<string, string>;
}

export interface Posted {
  headers?: Record<string, string>;
  path?: string;
  method?: string;
}

/** A page with a connected client, and short words for what tests do with it. */
export class App {
  readonly page: Page;
  readonly server: ApiServer;

  constructor(page: Page, server: ApiServer) {
    this.page = page;
    this.server = server;
  }

  /** Posts a body under `/api`, as the page would. */
  post(body: string, { headers = {}, path = '/api/notes', method = 'POST' }: Posted = {}): Promise<Fetched> {
    return this.page.evaluate(
      async ([url, init]) => {
        const response = await fetch(url, init);
        const { status, type } = response;
        return { status, type, text: await response.text(), headers: Object.fromEntries(response.headers) };
      },
      [path, { method, headers, ...(method !== 'GET' && method !== 'HEAD' && { body }) }] as const,
    );
  }

  /** Calls the client. */
  call<T>(work: (sync: SyncClient, ...args: never[]) => T | Promise<T>, ...args: unknown[]): Promise<T> {
    return this.page.evaluate(
      ([source, given]) => (0, eval)(`(${source})`)(window.sync, ...given) as T,
      [work.toString(), args] as const,
    );
  }

  entries(): Promise<EntryInfo[]> {
    return this.call((sync) => sync.entries());
  }

  events(): Promise<SyncEvent[]> {
    return this.page.evaluate(() => window.seen);
  }

  types(): Promise<string[]> {
    return this.page.evaluate(() => window.seen.map((event) => event.type));
  }

  /** Waits until the page has heard `count` events of the type. */
  async heard(type: SyncEvent['type'], count = 1): Promise<void> {
    await this.page.waitForFunction(
      ([wanted, times]) => window.seen.filter((event) => event.type === wanted).length >= times,
      [type, count] as const,
    );
  }

  /** Waits until nothing is owed. */
  async empty(): Promise<void> {
    // waitForFunction would end at once, as it takes a promise for true.
    await expect.poll(async () => (await this.call((sync) => sync.status())).waiting).toBe(0);
  }

  async stopWorker(): Promise<void> {
    await stopWorkers(this.page);
  }
}

/**
 * Stops the page's service workers, as the browser does when they idle, or at any other moment. In Firefox that's when
 * they have had nothing to do for three seconds; a worker's lock says that it lives.
 */
export async function stopWorkers(page: Page): Promise<void> {
  if (page.context().browser()?.browserType().name() === 'firefox') {
    const living = () =>
      page.evaluate(async () => (await navigator.locks.query()).held?.filter(({ name }) => name?.startsWith('holdfast:worker:')).length);
    return expect.poll(living).toBe(0);
  }
  const session = await page.context().newCDPSession(page);
  await session.send('ServiceWorker.enable');
  await session.send('ServiceWorker.stopAllWorkers');
  await session.detach();
}

/** What a page hears of a fetch that fails: Chromium's words, and Firefox's. */
export const NETWORK_ERROR = /Failed to fetch|NetworkError/;

/** Marks a test that only Chromium can run, with the reason. */
export const chromiumOnly = (why: string) => ({ tag: '@chromium', annotation: { type: 'Chromium only', description: why } });

export interface OpenOptions {
  /** Source text of `install`'s options. @default one backend at /api, fast retries */
  options?: string;
  /** Source text of `connect`'s further options. */
  connect?: string;
  context?: BrowserContext;
  /** What the worker's script does after `install`. */
  after?: string;
}

export type Open = (options?: OpenOptions) => Promise<App>;

export async function openApp(page: Page, server: ApiServer, { options, connect = '', after = '' }: OpenOptions = {}): Promise<App> {
  server.serve('/worker.js', `${workerScript(options ?? `backends: [{ baseUrl: '/api', ${FAST} }]`)}\n${after}`);
  await page.goto(server.origin);
  await connectPage(page, connect);
  return new App(page, server);
}

/** Connects the client of a page, and notes what it hears. */
export async function connectPage(page: Page, connect = ''): Promise<void> {
  await page.evaluate(`(async () => {
    window.seen = [];
    window.sync = await Holdfast.connect({ worker: '/worker.js', ${connect} });
    window.sync.addEventListener('event', ({ detail }) => window.seen.push(detail));
    // Calls are heard in order, so the wake-up that a new client sends is over after this call.
    await window.sync.status();
  })()`);
}

/** Lets the workers of a page go. A page that shows an error, or that somebody has closed, has no worker. */
const unregister = (page: Page): Promise<void> =>
  page
    .evaluate(async () => {
      const all = await navigator.serviceWorker.getRegistrations();
      await Promise.all(all.map((one) => one.unregister()));
    })
    .catch(() => {});

interface Fixtures {
  /**
   * A browser context and a page of its own, for what changes either for good (`page.clock`, `route`,
   * `addInitScript`, `setViewportSize`), or counts all that a context has. @default false
   */
  apart: boolean;
  /** Unlike Playwright's own context, this one serves many tests, whose servers' origins keep them apart. */
  context: BrowserContext;
  server: ApiServer;
  open: Open;
  /** An empty folder, gone after the test: a browser's profile. */
  profile: string;
  /** Starts another browser of the project's kind, on a profile that stays. */
  launch(profile: string): Promise<BrowserContext>;
}

interface WorkerFixtures {
  /** A context with a page that stays: its process is the one of all tests' pages and workers, and needn't be started anew. */
  common: { context: BrowserContext; keeper: Page };
  /** Origins of earlier tests' servers: a port may come again, and with it the data that the browser keeps for its origin. */
  usedOrigins: Set<string>;
}

/**
 * What it may take to open a context and a page, and to clean up after a test. It's no part of a test's own time: on a busy
 * machine a window of Firefox takes most of that.
 */
const OPENING = { timeout: 60_000 };

export const test = base.extend<Fixtures, WorkerFixtures>({
  apart: [false, { option: true }],
  usedOrigins: [async ({}, use) => use(new Set()), { scope: 'worker' }],
  common: [
    async ({ browser }, use) => {
      const server = await createApiServer();
      const context = await browser.newContext();
      const keeper = await context.newPage();
      await keeper.goto(server.origin);
      await use({ context, keeper });
      await context.close();
      await server.close();
    },
    { scope: 'worker', ...OPENING },
  ],
  context: [
    async ({ apart, browser, browserName, common }, use) => {
      if (apart) {
        const own = await browser.newContext();
        await use(own);
        await own.close();
        return;
      }
      const { context, keeper } = common;
      await use(context);
      const pages = context.pages();
      await Promise.all(pages.map(unregister));
      await Promise.all(pages.map((page) => (page === keeper ? page.goto('about:blank') : page.close())));
      await Promise.all([context.setOffline(false), context.clearCookies()]);
      // Firefox stops the workers by itself, a moment later.
      if (browserName === 'chromium') await stopWorkers(keeper);
    },
    { scope: 'test', ...OPENING },
  ],
  page: [
    async ({ apart, browserName, common, context }, use) => {
      // Each page is a window, which takes Firefox longer to open than most tests take.
      const isKeeper = browserName === 'firefox' && !apart;
      await use(isKeeper ? common.keeper : await context.newPage());
    },
    { scope: 'test', ...OPENING },
  ],
  server: async ({ usedOrigins }, use) => {
    let server = await createApiServer();
    while (usedOrigins.has(server.origin)) {
      await server.close();
      server = await createApiServer();
    }
    usedOrigins.add(server.origin);
    await use(server);
    await server.close();
  },
  profile: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-profile-'));
    await use(folder);
    await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  },
  launch: async ({ browserName }, use) => {
    await use((profile) =>
      browserName === 'firefox'
        ? firefoxType.launchPersistentContext(profile, firefox() ?? {})
        : chromiumType.launchPersistentContext(profile, chromium()),
    );
  },
  open: async ({ page, server }, use) => {
    await use(({ context, ...options } = {}) =>
      context ? context.newPage().then((other) => openApp(other, server, options)) : openApp(page, server, options),
    );
  },
});
