import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EntryInfo } from '../../sw/protocol/api.js';
import type { SyncEvent } from '../../sw/protocol/events.js';
import { serveApp } from './app.js';
import { startDriver, type Driver } from './driver.js';
import { finish } from './finish.js';
import { perform, type Stage } from './perform.js';
import { opsOf, plan, type PlanOptions, type Step } from './plan.js';
import { startClock, type Record } from './record.js';
import { createChaosServer } from './server.js';
import type { Upstream } from './upstream.js';
import { atMost } from './waiting.js';

/**
 * Chromium has dropped the whole of the origin's storage at a kill. A bare page that writes with strict
 * durability sees that too, once in some 300 kills ("Creating DB … since it was missing" in its LOG).
 */
export class DatabaseLostError extends Error {
  override name = 'DatabaseLostError';
  constructor(last: number) {
    super(`the browser has lost the database: event ${last} of the journal was there before`);
  }
}

export interface RunOptions extends PlanOptions {
  pageScript: string;
  upstream: Upstream | null;
  onStep(step: Step, index: number, ms: number): void;
  onConsole(line: string): void;
}

/** No step waits for long, so one that does has found something. */
const STEP_MS = 60_000;

/** How long the worker waits for an answer: a server behind, whose requests take turns, needs longer for each of them. */
const TIMEOUT_MS = 1_000;
const PATIENT_MS = 3_000;

/** A browser that crashes so often in a row doesn't run here at all. */
const MOST_CRASHES = 3;

/** The store keeps the last 500 events. */
const STEPS_BETWEEN_READINGS = 15;

/** One run of a seed, from an empty profile to an empty outbox. */
export async function run({ pageScript, upstream, onStep, onConsole, ...options }: RunOptions): Promise<Record> {
  const steps = plan(options);
  const now = startClock();
  const server = await createChaosServer({ seed: options.seed, ops: opsOf(steps), now, upstream });
  const publishWorker = await serveApp(server, pageScript, upstream ? PATIENT_MS : TIMEOUT_MS);
  const profile = await mkdtemp(join(tmpdir(), 'holdfast-chaos-'));
  const { origin, tokenFor } = server;
  const driver = await startDriver({ origin, profile, tabs: options.tabs, tokenFor, onConsole });
  try {
    const stage: Stage = { driver, server, now, publishWorker, posts: [], kills: [], underWay: new Set() };
    const journal = new Map<number, SyncEvent>();
    for (const [index, step] of steps.entries()) {
      onStep(step, index, now().ms);
      await surviving(stage, async () => {
        const ended = await atMost(perform(step, stage).then(() => true), STEP_MS);
        if (!ended) throw new Error(`step ${index} (${JSON.stringify(step)}) hasn't ended after ${STEP_MS} ms`);
        if (index % STEPS_BETWEEN_READINGS === 0) await readJournal(driver, journal);
      });
    }
    let leftover: EntryInfo[] | null = null;
    while (!leftover) {
      await surviving(stage, async () => {
        const left = await finish(stage, options.tabs);
        await readJournal(driver, journal);
        leftover = left;
      });
    }
    const { posts, kills } = stage;
    const loadsAgain = driver.loadsAgain();
    return { posts, kills, loadsAgain, seen: server.seen, effects: await server.effects(), journal, leftover };
  } finally {
    await driver.end();
    await server.close();
    await rm(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

/** A browser that crashes is one more kill; what was to be done then isn't done. It may crash in the relaunch too. */
async function surviving({ driver, kills, now }: Stage, work: () => Promise<void>): Promise<void> {
  let from = now();
  let next = work;
  for (let crashes = 0; ; crashes++) {
    try {
      return await next();
    } catch (error) {
      if (!driver.hasCrashed() || crashes === MOST_CRASHES) throw error;
      kills.push({ what: 'crash', from, to: now() });
      from = now();
      next = driver.relaunch;
    }
  }
}

async function readJournal(driver: Driver, journal: Map<number, SyncEvent>): Promise<void> {
  const page = driver.page(driver.openTabs()[0]!);
  const last = Math.max(0, ...journal.keys());
  const { isWhole, events } = await page.evaluate((last) => chaos.journalAfter(last), last);
  if (!isWhole) throw new DatabaseLostError(last);
  for (const [place, event] of events) journal.set(place, event);
}
