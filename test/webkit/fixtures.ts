import { expect, inject, test as base } from 'vitest';
import type { SyncClient } from '../../client/index.js';
import type { EntryInfo } from '../../sw/protocol/api.js';
import type { SyncEvent } from '../../sw/protocol/events.js';
import { createApiServer, type ApiServer } from '../support/api-server.js';
import { FAST, workerScript } from '../support/worker-script.js';
import type { Page } from './page.js';
import { newProfile, type Profile } from './profile.js';
import { Session, type WebDriverPage } from './webdriver.js';

export { expect };

/** A page with a connected client, and short words for what tests do with it. */
export class App<P extends Page = Page> {
  readonly page: P;

  constructor(page: P) {
    this.page = page;
  }

  /** Connects the page's client, and notes what it hears. */
  async connect(): Promise<void> {
    await this.page.evaluate(async () => {
      const { Holdfast } = window as unknown as { Holdfast: typeof import('../../client/index.js') };
      window.seen = [];
      window.sync = await Holdfast.connect({ worker: '/worker.js' });
      window.sync.addEventListener('event', ({ detail }) => window.seen.push(detail));
      // Calls are heard in order: the wake-up that a new client sends is over.
      await window.sync.status();
    });
  }

  /** Posts text under `/api`, as the page would; gives the status. */
  post(body: string, headers: Record<string, string> = {}): Promise<number> {
    return this.page.evaluate(async (body, headers) => (await fetch('/api/notes', { method: 'POST', body, headers })).status, body, headers);
  }

  provideToken(token: string): ReturnType<SyncClient['provideToken']> {
    return this.page.evaluate((token) => window.sync.provideToken(token), token);
  }

  entries(): Promise<EntryInfo[]> {
    return this.page.evaluate(() => window.sync.entries());
  }

  /** Waits until the page has heard `count` events of the type. */
  async heard(type: SyncEvent['type'], count = 1): Promise<void> {
    await expect.poll(() => this.times(type)).toBeGreaterThanOrEqual(count);
  }

  times(type: SyncEvent['type']): Promise<number> {
    return this.page.evaluate((type) => window.seen.filter((event) => event.type === type).length, type);
  }

  /** Waits until nothing is owed. */
  async empty(): Promise<void> {
    await expect.poll(() => this.page.evaluate(async () => (await window.sync.status()).waiting)).toBe(0);
  }
}

interface Fixtures {
  server: ApiServer;
  session: Session;
  page: WebDriverPage;
  /** Gives the session's page with a connected client. */
  open: (options?: string) => Promise<App<WebDriverPage>>;
  profile: Profile;
}

export const test = base.extend<Fixtures>({
  server: async ({}, use) => {
    const server = await createApiServer();
    await use(server);
    await server.close();
  },
  session: async ({}, use) => {
    const { driver, browser } = inject('stage');
    const session = await Session.start(driver, browser);
    await use(session);
    await session.close();
  },
  page: async ({ session }, use) => {
    await use(await session.firstPage());
  },
  open: async ({ page, server }, use) => {
    await use(async (options) => {
      serveWorker(server, options);
      await page.goto(server.origin);
      const app = new App(page);
      await app.connect();
      return app;
    });
  },
  profile: async ({}, use) => {
    const profile = await newProfile(inject('stage'));
    await use(profile);
    await profile.remove();
  },
});

/** @param options source text of `install`'s; without them, one backend at /api with fast retries */
export function serveWorker(server: ApiServer, options = `backends: [{ baseUrl: '/api', ${FAST} }]`): void {
  server.serve('/worker.js', workerScript(options));
}

export const bearer = (token: string): Record<string, string> => ({ Authorization: `Bearer ${token}` });
