import type { Browser, BrowserContext, CDPSession, Page } from 'playwright';
import type { Layer } from './layers.js';
import type { NotesServer } from './server.js';

/** The tags under which the workers ask for a Background Sync. */
const TAGS: Record<Layer, string | null> = { workbox: 'workbox-background-sync:writes', tanstack: null, holdfast: 'holdfast' };

/** So long no write comes before it's taken that none will. TanStack's third try comes 2.6 s after its second at the latest. */
const QUIET_MS = 6_000;
const AT_MOST_MS = 45_000;
/** A person isn't faster than that. */
const GAP_MS = 40;

declare global {
  interface Window {
    setAside?(): Promise<number>;
  }
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

export interface NewNote {
  title: string;
  text?: string;
}

/** A person's browser, with the app of one data layer in it. */
export class Device {
  readonly server: NotesServer;
  /** What a person was told, in order. */
  readonly notices: string[] = [];
  /** What the app refused as it was asked to do it. */
  readonly refused: string[] = [];
  page!: Page;
  readonly #layer: Layer;
  readonly #context: BrowserContext;
  readonly #keeper: Page;
  readonly #cdp: CDPSession;
  readonly #registrations = new Map<string, string>();

  static async open(browser: Browser, layer: Layer, server: NotesServer): Promise<Device> {
    const context = await browser.newContext();
    const keeper = await context.newPage();
    const device = new Device(layer, server, context, keeper, await context.newCDPSession(keeper));
    await context.exposeFunction('noticed', (notice: string) => void device.notices.push(notice));
    device.#cdp.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
      for (const { registrationId, scopeURL, isDeleted } of registrations) if (!isDeleted) device.#registrations.set(registrationId, scopeURL);
    });
    await device.#cdp.send('ServiceWorker.enable');
    device.page = await device.openTab();
    await device.signIn('ann');
    return device;
  }

  private constructor(layer: Layer, server: NotesServer, context: BrowserContext, keeper: Page, cdp: CDPSession) {
    this.#layer = layer;
    this.server = server;
    this.#context = context;
    this.#keeper = keeper;
    this.#cdp = cdp;
  }

  async openTab(): Promise<Page> {
    const page = await this.#context.newPage();
    await page.goto(this.server.origin);
    await page.waitForFunction((needsWorker) => 'app' in window && (!needsWorker || navigator.serviceWorker.controller !== null), TAGS[this.#layer] !== null);
    return page;
  }

  /** Closes the tab, and stops the worker, as the browser does when it wants the memory. */
  async kill(): Promise<void> {
    await this.#cdp.send('ServiceWorker.stopAllWorkers');
    await this.page.close();
  }

  async reopen(): Promise<void> {
    this.page = await this.openTab();
    await this.sync();
  }

  async offline(): Promise<void> {
    await this.server.unlisten();
  }

  /** The server can be reached again, and the browser says so to everybody who listens for it. */
  async online(): Promise<void> {
    // What the browser itself tries as soon as something is stored has failed by now.
    await sleep(500);
    await this.server.listen();
    await this.wake();
  }

  /** What a browser tells when the network is back: pages by `online`, workers by Background Sync. */
  async wake(): Promise<void> {
    for (const page of this.#context.pages()) if (page !== this.#keeper) await page.evaluate(() => void dispatchEvent(new Event('online')));
    await this.sync();
  }

  async sync(): Promise<void> {
    const tag = TAGS[this.#layer];
    const { origin } = this.server;
    for (const [registrationId, scope] of this.#registrations)
      if (tag !== null && scope.startsWith(origin)) await this.#cdp.send('ServiceWorker.dispatchSyncEvent', { origin, registrationId, tag, lastChance: false });
  }

  /** Waits until the server has `count` writes. */
  async arrived(count: number): Promise<void> {
    const end = Date.now() + AT_MOST_MS;
    while (this.server.received.length < count && Date.now() < end) await sleep(50);
  }

  /** Waits until no write comes any more. */
  async settle(): Promise<void> {
    const end = Date.now() + AT_MOST_MS;
    let [count, since] = [-1, Date.now()];
    while (Date.now() < end && Date.now() - since < QUIET_MS) {
      if (this.server.received.length !== count) [count, since] = [this.server.received.length, Date.now()];
      await sleep(100);
    }
  }

  signIn(user: string): Promise<void> {
    return this.page.evaluate((name) => window.app.signIn(name), user);
  }

  signOut(): Promise<void> {
    return this.page.evaluate(() => window.app.signOut());
  }

  create({ title, text = '' }: NewNote, page = this.page): Promise<string> {
    return this.#act(`the note ${title}`, page.evaluate((note) => window.app.notes.create(note), { title, text }), '');
  }

  edit(id: string, changes: Partial<NewNote>, what = 'the edit'): Promise<void> {
    return this.#act(what, this.page.evaluate(([of, to]) => window.app.notes.edit(of, to), [id, changes] as const), undefined);
  }

  tag(id: string, tag: string): Promise<void> {
    return this.#act('the tag', this.page.evaluate(([of, word]) => window.app.notes.tag(of, word), [id, tag] as const), undefined);
  }

  remove(id: string): Promise<void> {
    return this.#act('the deletion', this.page.evaluate((of) => window.app.notes.remove(of), id), undefined);
  }

  /** How many writes are set aside for a person to mend. Only Holdfast does that. */
  setAside(): Promise<number> {
    return this.page.evaluate(async () => (await window.setAside?.()) ?? 0);
  }

  close(): Promise<void> {
    return this.#context.close();
  }

  /** What a person does. When the app refuses, that's noted, and they go on. */
  async #act<Done>(what: string, doing: Promise<Done>, instead: Done): Promise<Done> {
    try {
      return await doing;
    } catch {
      this.refused.push(what);
      return instead;
    } finally {
      await sleep(GAP_MS);
    }
  }
}
