import { readFile } from 'node:fs/promises';
import type { Received } from '../../support/api-server.js';
import { expect, FAST, test as base, type App } from '../../support/fixtures.js';
import { bundlePages } from './bundle.js';
import type { Fault, Row } from './row.js';
import { isMore, RUN, versionOf } from './table.js';
import { SEEN } from './words.js';

interface Outcome {
  told?: unknown;
  error?: string;
}

declare global {
  interface Window {
    outcome?: Outcome | undefined;
  }
}

const FOLDER = new URL(isMore ? './more/pages/' : './pages/', import.meta.url);

/** A library's page under the worker. */
class Client {
  readonly app: App;
  readonly #row: Row;

  constructor(app: App, row: Row) {
    this.app = app;
    this.#row = row;
  }

  /** Calls an export of the page's module, if it has that one. */
  call(name: string, token?: string): Promise<unknown> {
    return this.app.page.evaluate(
      async ([page, called, given]) => {
        const module = (await import(`/clients/${page}.js`)) as Record<string, ((token?: string) => unknown) | undefined>;
        return module[called!]?.(given);
      },
      [this.#row.page, name, token],
    );
  }

  /** Begins the write. What comes of it is `outcome`. */
  begin(name: string, token?: string): Promise<void> {
    return this.app.page.evaluate(
      ([page, called, given]) => {
        window.outcome = undefined;
        const text = (error: unknown) => (error instanceof Error ? error.message : String(error));
        void import(`/clients/${page}.js`)
          .then((module: Record<string, (token?: string) => Promise<unknown>>) => module[called!]!(given))
          .then(
            (told: unknown) => (window.outcome = { told }),
            (error: unknown) => (window.outcome = { error: text(error) }),
          );
      },
      [this.#row.page, name, token],
    );
  }

  /** What the app was told so far. */
  soFar(): Promise<Outcome | undefined> {
    return this.app.page.evaluate(() => window.outcome);
  }

  async outcome(): Promise<Outcome> {
    await this.app.page.waitForFunction(() => window.outcome !== undefined, null, { timeout: 40_000 });
    return (await this.soFar())!;
  }

  screen(): Promise<string> {
    return this.app.page.evaluate(() => document.body.innerText);
  }
}

const test = base.extend<{ openClient: (row: Row, fault: Fault) => Promise<Client> }, { scripts: Map<string, string> }>({
  // On a busy machine that takes longer than a test may.
  scripts: [async ({}, use) => use(await bundlePages(FOLDER)), { scope: 'worker', timeout: 120_000 }],
  openClient: async ({ open, server, scripts }, use) => {
    for (const [fileName, code] of scripts) server.serve(`/clients/${fileName}`, code);
    if (isMore) server.serve('/mockServiceWorker.js', await readFile(new URL('./more/node_modules/msw/lib/mockServiceWorker.js', import.meta.url), 'utf8'));
    await use(async (row, fault) => {
      const app = await open({ options: `backends: [{ baseUrl: '/api', ${fault === 'slow' ? 'networkTimeoutMs: 600,' : ''} ${row.match ? `match: ${row.match},` : ''} ${FAST} }]`, after: row.worker ?? '' });
      return new Client(app, row);
    });
  },
});

const isEffect = ({ effect, body = /(?:)/ }: Row, { method, path, text }: Received) => effect.test(`${method} ${path}`) && body.test(text);

// FilePond draws each step of an upload, which takes a busy machine many seconds.
test.describe.configure({ timeout: 60_000 });

for (const row of RUN)
  for (const fault of row.faults ?? (['down', 'slow'] as const))
    test(`W7 ${row.client} ${versionOf(row)}, ${row.does}, server ${fault}: ${SEEN[row.sees]}`, async ({ openClient, server }) => {
      const { call = 'write', sees, told, times = 1, screen } = row;
      const isKept = sees !== 'error' && sees !== 'retries';
      const answer = row.backend();
      const taken: Received[] = [];
      let fails = false;
      server.reply((request, count) => {
        if (!isEffect(row, request)) return answer(request, count);
        if (fails) {
          fails = false;
          return fault === 'slow' ? 'hang' : 'reset';
        }
        taken.push(request);
        return answer(request, count);
      });
      const client = await openClient(row, fault);
      const { app } = client;
      await client.call('prepare');
      taken.length = 0;

      if (fault === 'down') await server.unlisten();
      else if (fault === 'holding') server.requireToken();
      else fails = true;
      await client.begin(call, fault === 'holding' ? await server.token('ann', -60) : undefined);
      if (isKept) await app.heard('queued');
      if (sees === 'queued' || sees === 'unchanged' || (sees === 'error' && fault === 'down')) await client.outcome();
      if (sees === 'waits' && fault !== 'slow') expect(await client.soFar()).toBeUndefined();
      if (sees === 'unchanged') expect(await client.screen()).toBe(screen);
      if (!isKept && fault === 'down') expect(await app.entries()).toEqual([]);
      expect(await client.screen()).not.toMatch(/queued|[{}]/);

      if (fault === 'down') await server.listen();
      if (fault === 'holding') expect(await app.call((sync, token: string) => sync.provideToken(token), await server.token('ann'))).toBe('released');
      if (isKept) await app.heard('delivered');
      if (sees === 'error' && fault === 'down') {
        expect(await client.outcome()).toHaveProperty('error');
        await client.begin(call === 'write' ? 'goOn' : call);
      }
      expect(await client.outcome()).toEqual({ told: told ?? (sees === 'queued' ? expect.objectContaining({ queued: true }) : undefined) });

      await app.empty();
      expect(await app.entries()).toEqual([]);
      expect((await app.types()).filter((type) => /queued|failed|discarded/.test(type))).toEqual(isKept ? ['queued'] : []);
      // A busy machine may take the second attempt for a slow server, too.
      if (fault !== 'slow') expect(taken).toHaveLength(times);
      if (isKept) expect(new Set(taken.map(({ headers }) => headers['idempotency-key']))).toEqual(new Set([taken[0]?.headers['idempotency-key'] ?? 'a key']));
      expect(await client.call('signedIn')).not.toBe(false);
      expect(await client.screen()).not.toMatch(/queued|[{}]/);
    });
