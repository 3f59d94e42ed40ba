import { chromium as browserType, type BrowserContext, type Page } from 'playwright';
import { chromium } from '../support/chromium.js';

export interface Driver {
  /** The page of a tab that is open. */
  page(tab: number): Page;
  openTabs(): number[];
  /** Opens the tab, or loads it anew, and signs in. */
  load(tab: number): Promise<void>;
  close(tab: number): Promise<void>;
  signIn(tab: number, user: string): Promise<void>;
  stopWorkers(): Promise<void>;
  /** SIGKILL to the browser with all its processes. */
  kill(): Promise<void>;
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
const LOAD_MS = 10_000;

/** Chromium on a profile of its own, and the tabs in it. */
export async function startDriver({ origin, profile, tabs, tokenFor, onConsole }: DriverOptions): Promise<Driver> {
  const users: string[] = Array.from({ length: tabs }, () => 'ann');
  const pages = new Map<number, Page>();
  let context: BrowserContext;
  let pid: number;

  async function launch(): Promise<void> {
    context = await browserType.launchPersistentContext(profile, chromium());
    pid = await browserPid(context);
    context.on('console', (message) => onConsole(message.text()));
    context.on('serviceworker', (worker) => worker.on('console', (message) => onConsole(message.text())));
  }

  async function load(tab: number): Promise<void> {
    const blank = context.pages().find((page) => page.url() === 'about:blank');
    const page = pages.get(tab) ?? blank ?? (await context.newPage());
    pages.set(tab, page);
    await page.goto(origin, { timeout: LOAD_MS });
    const user = users[tab]!;
    await page.evaluate(([user, token]) => chaos.start(user, token), [user, await tokenFor(user)] as const);
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
    async stopWorkers() {
      const session = await context.newCDPSession([...pages.values()][0]!);
      await session.send('ServiceWorker.enable');
      await session.send('ServiceWorker.stopAllWorkers');
      await session.detach();
    },
    async kill() {
      const closed = new Promise((resolve) => context.once('close', resolve));
      // Playwright starts the browser as the leader of a process group.
      process.kill(-pid, 'SIGKILL');
      await closed;
    },
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

async function browserPid(context: BrowserContext): Promise<number> {
  const session = await context.browser()!.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  return processInfo.find(({ type }) => type === 'browser')!.id;
}
