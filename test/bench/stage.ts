/** The browser, and all variants in it side by side. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { chromium as chromiumType, firefox as firefoxType, type Page } from 'playwright';
import { createApiServer } from '../support/api-server.js';
import { chromium } from '../support/chromium.js';
import { firefox } from '../support/firefox.js';
import { UsageError } from '../support/options.js';
import { createActor, type Actor } from './actor.js';
import { prepare, register, unregister } from './page.js';
import { isHoldfast, scriptsOf, VARIANTS, type VariantName } from './variants.js';
import { workerControl, type WorkerLife } from './worker-control.js';

export interface Stage {
  actors: Record<VariantName, Actor>;
  /** The browser's version. */
  browser: string;
  profile: string;
  /** An empty storage and a new worker for each, awake and warm. */
  reset(names: readonly VariantName[]): Promise<void>;
  /** Whether the browser, or a page of it, has come to an end that nobody asked for. */
  hasCrashed(): Promise<boolean>;
  close(): Promise<void>;
}

/** For so long a new worker of Holdfast's looks out for fetch events that an earlier one has left. In milliseconds. */
const FRESH_MS = 2_300;

/** @throws UsageError where there's no Firefox */
export async function openStage(inFirefox: boolean): Promise<Stage> {
  const profile = await mkdtemp(join(tmpdir(), 'holdfast-bench-'));
  const context = await (inFirefox ? firefoxType.launchPersistentContext(profile, firefoxOptions()) : chromiumType.launchPersistentContext(profile, chromium()));

  const open = async (name: VariantName): Promise<Actor> => {
    const server = await createApiServer();
    for (const [path, script] of Object.entries(await scriptsOf(name))) server.serve(path, script);
    server.serve('/elsewhere', 'something', 'text/plain');
    // A host of its own is a site of its own, and so a process of its own; each of them is this machine.
    const origin = server.origin.replace('localhost', `${name}.localhost`);
    const page = await context.newPage();
    const load = async () => {
      await page.goto(origin);
      await page.evaluate(prepare);
      if (isHoldfast(name)) await page.evaluate(async () => void (window.sync = await Holdfast.connect({ worker: '/worker.js' })));
      else if (name !== 'none') await page.evaluate(register);
    };
    await load();
    const control = name === 'none' || inFirefox ? null : workerControl(page, origin);
    return createActor(name, origin, page, server, control ?? (name === 'none' ? null : lifeOf(page, origin, load)), control);
  };
  const actors = {} as Record<VariantName, Actor>;
  for (const name of VARIANTS) actors[name] = await open(name);

  return {
    actors,
    browser: context.browser()?.version() ?? 'unknown',
    profile,
    async reset(names) {
      const mine = names.map((name) => actors[name]);
      // One by one: Chromium crashes now and then when several workers are stopped at once.
      if (inFirefox) await Promise.all(mine.map((actor) => actor.reset()));
      else for (const actor of mine) await actor.reset();
      const end = performance.now() + FRESH_MS;
      for (const actor of mine) actor.answers(201);
      while (performance.now() < end) for (const actor of mine) await actor.posts({ names: ['warm'] }, 201);
    },
    // By asking, as the news of a crash may come later than the errors that it makes.
    hasCrashed: () =>
      Promise.all(Object.values(actors).map(({ page }) => page.evaluate(() => true))).then(
        () => false,
        () => true,
      ),
    async close() {
      await context.close().catch(() => {});
      await Promise.all(Object.values(actors).map(({ server }) => server.close()));
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Firefox stops a worker that has been idle for so long, and in no other way. In milliseconds. */
const IDLE_MS = 10_000;

/** How much longer the stop may take, in milliseconds. */
const STOP_MS = 2_500;

/** Nothing wakes a worker that's unregistered, and whose page has left. */
const lifeOf = (page: Page, origin: string, load: () => Promise<void>): WorkerLife => ({
  async stop() {
    await page.evaluate(unregister);
    await page.goto(`${origin}/elsewhere`);
    await delay(IDLE_MS + STOP_MS);
  },
  start: load,
});

function firefoxOptions(): NonNullable<ReturnType<typeof firefox>> {
  const options = firefox();
  if (!options) throw new UsageError('--firefox: there is none; name one by HOLDFAST_FIREFOX');
  return { ...options, firefoxUserPrefs: { ...options.firefoxUserPrefs, 'dom.serviceWorkers.idle_timeout': IDLE_MS } };
}

/** The drop-in script of the pages. */
declare const Holdfast: typeof import('../../client/index.js');
