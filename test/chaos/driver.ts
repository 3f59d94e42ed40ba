import { chromium as browserType, type BrowserContext, type Page } from 'playwright';
import { chromium } from '../support/chromium.js';
import { atMost } from './waiting.js';

export interface Driver {
  /** The page of a tab that is open. */
  page(tab: number): Page;
  openTabs(): number[];
  /** Opens the tab, or loads it anew, and signs in. */
  load(tab: number): Promise<void>;
  close(tab: number): Promise<void>;
  signIn(tab: number, user: string): Promise<void>;
  /** Stops the active worker if it runs. Gives false when there was none to stop. */
  stopWorker(): Promise<boolean>;
  /** SIGKILL to the browser with all its processes. */
  kill(): Promise<void>;
  /** The browser has come to an end that nobody asked for. */
  hasCrashed(): boolean;
  /** How many loads had to be made again. */
  loadsAgain(): number;
  /** Starts it again on the same profile, with the tabs that were open. */
  relaunch(): Promise<void>;
  end(): Promise<void>;
}

export interface DriverOptions {
  origin: string;
  profile: string;
  tabs: number;
  tokenFor(user: string): Promise<string>;
  /** Hears what the consoles of page and worker say. */
  onConsole(line: string): void;
}

declare global {
  /** The page's script, where `evaluate` runs. */
  var chaos: typeof import('./page/main.js');
}

/** Less than what a step may take, so that a page that doesn't load is named as such. */
const LOAD_MS = 6_000;
const START_MS = 12_000;
const FAILED_LOADS = 2;

/** Chromium on a profile of its own, and the tabs in it. */
export async function startDriver({ origin, profile, tabs, tokenFor, onConsole }: DriverOptions): Promise<Driver> {
  const users: string[] = Array.from({ length: tabs }, () => 'ann');
  const pages = new Map<number, Page>();
  let context: BrowserContext;
  let pid: number;
  let hasEnded = false;
  let loadsAgain = 0;

  async function launch(): Promise<void> {
    context = await browserType.launchPersistentContext(profile, chromium());
    hasEnded = false;
    context.once('close', () => {
      hasEnded = true;
    });
    pid = await browserPid(context);
    context.on('console', (message) => onConsole(message.text()));
    context.on('serviceworker', (worker) => worker.on('console', (message) => onConsole(message.text())));
  }

  /**
   * Chromium never finishes a navigation now and then while a worker is being activated, without
   * Holdfast too, and a page whose script was under way to a worker that died goes without it.
   */
  async function load(tab: number): Promise<void> {
    for (let failed = 0; ; failed++) {
      const blank = context.pages().find((page) => page.url() === 'about:blank');
      const page = pages.get(tab) ?? blank ?? (await context.newPage());
      pages.set(tab, page);
      const error = await opened(page, users[tab]!).then(() => null, (reason: Error) => reason);
      if (error === null) return;
      if (failed === FAILED_LOADS || hasEnded) throw error;
      loadsAgain++;
      onConsole(`the page does not load (${error.message}); it is closed and opened again`);
      pages.set(tab, await context.newPage());
      await page.close();
    }
  }

  async function opened(page: Page, user: string): Promise<void> {
    await page.goto(origin, { timeout: LOAD_MS });
    const token = await tokenFor(user);
    const started = page.evaluate(([user, token]) => chaos.start(user, token).then(() => true), [user, token] as const);
    if (!(await atMost(started, START_MS))) throw new Error(`the page isn't connected after ${START_MS} ms`);
  }

  const driver: Driver = {
    page: (tab) => pages.get(tab)!,
    openTabs: () => [...pages.keys()],
    load,
    async close(tab) {
      const page = pages.get(tab)!;
      pages.delete(tab);
      await page.close();
    },
    async signIn(tab, user) {
      users[tab] = user;
      const token = await tokenFor(user);
      await pages.get(tab)!.evaluate(([user, token]) => chaos.signIn(user, token), [user, token] as const);
    },
    stopWorker: () => stopActiveWorker(context, [...pages.values()][0]!),
    async kill() {
      const closed = new Promise((resolve) => context.once('close', resolve));
      // Playwright starts the browser as the leader of a process group.
      process.kill(-pid, 'SIGKILL');
      await closed;
    },
    hasCrashed: () => hasEnded,
    loadsAgain: () => loadsAgain,
    async relaunch() {
      const open = [...pages.keys()];
      pages.clear();
      await launch();
      for (const tab of open) await load(tab);
    },
    end: () => context.close(),
  };
  await launch();
  for (const tab of users.keys()) await load(tab);
  return driver;
}

/**
 * Stops the worker that is active, and leaves alone one that is being installed or activated: Chromium
 * 156 then crashes now and then, or sends all further requests of the page around its worker, until it's
 * loaded anew. Neither needs Holdfast for that.
 */
async function stopActiveWorker(context: BrowserContext, page: Page): Promise<boolean> {
  const session = await context.newCDPSession(page);
  const states = new Map<string, { status: string; runningStatus: string }>();
  let hear = () => {};
  session.on('ServiceWorker.workerVersionUpdated', ({ versions }) => {
    for (const version of versions) states.set(version.versionId, version);
    hear();
  });
  /** It's told by events alone, the first of which comes without being asked for. */
  const heard = (isSo: () => boolean) =>
    atMost(new Promise<true>((resolve) => (hear = () => isSo() && resolve(true))).finally(() => (hear = () => {})), TOLD_MS);
  const listed = heard(() => true);
  await session.send('ServiceWorker.enable');
  await listed;
  const moving = [...states.values()].some(({ status }) => status === 'installing' || status === 'activating');
  const running = [...states].filter(([, { status, runningStatus }]) => status === 'activated' && runningStatus === 'running');
  if (!moving) {
    for (const [versionId] of running) {
      const stopped = heard(() => states.get(versionId)?.runningStatus === 'stopped');
      await session.send('ServiceWorker.stopWorker', { versionId });
      await stopped;
    }
  }
  await session.detach();
  return !moving && running.length > 0;
}

const TOLD_MS = 2_000;

async function browserPid(context: BrowserContext): Promise<number> {
  const session = await context.browser()!.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  return processInfo.find(({ type }) => type === 'browser')!.id;
}
