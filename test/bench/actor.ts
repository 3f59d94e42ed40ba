/** One variant on the stage: its server, its page, its worker. */
import type { Page } from 'playwright';
import { setTimeout as delay } from 'node:timers/promises';
import type { ApiServer } from '../support/api-server.js';
import { fillHoldfast } from './fill.js';
import { command, countStored, deleteDatabases, postBlock, type Block, type Command, type Posted } from './page.js';
import { isHoldfast, STORES, type VariantName } from './variants.js';
import type { WorkerControl, WorkerLife } from './worker-control.js';

/** A request that came to the server. */
export interface Arrival {
  name: string;
  /** By `performance.now()`. */
  at: number;
}

export interface Actor {
  name: VariantName;
  origin: string;
  page: Page;
  server: ApiServer;
  /** Null where there's no worker. */
  life: WorkerLife | null;
  /** Null where there's no worker, and in Firefox. */
  control: WorkerControl | null;
  /** How `/api` answers from now on; gives what comes there from now on, in its order. */
  answers(status: number | 'never', latencyMs?: number): Arrival[];
  /** The page posts; fails unless all have the status. */
  posts(block: Partial<Block> & { names: string[] }, status: number | null, how?: (block: Block) => Promise<Posted>): Promise<Posted>;
  /** Fails unless so many are stored. */
  owes(count: number): Promise<void>;
  /** Nothing is replayed by itself, or it is again. Holdfast's own entries wait for an hour anyway. */
  hold(held: boolean): Promise<void>;
  /** Puts a backlog into an empty store, past the worker where that's Holdfast's; names are `name-1` and so on. */
  stock(backlog: { name: string; count: number; lanes?: number; size?: number }): Promise<void>;
  /** Keeps Holdfast's running worker from replaying what's stocked, until it's let go on. */
  pause(paused: boolean): Promise<void>;
  /** Asks for the replay of what's stored. */
  replay(): Promise<void>;
  /** A new worker and an empty storage. */
  reset(): Promise<void>;
}

const STORED_MS = 5_000;

export function createActor(name: VariantName, origin: string, page: Page, server: ApiServer, life: WorkerLife | null, control: WorkerControl | null): Actor {
  const store = STORES[name];
  const url = '/api/notes';

  const ask = (given: Command) => page.evaluate(command, given);
  const wake = () => (isHoldfast(name) ? page.evaluate(async () => void (await window.sync.status())) : Promise.resolve());

  const actor: Actor = {
    name,
    origin,
    page,
    server,
    life,
    control,
    answers(status, latencyMs = 0) {
      const arrivals: Arrival[] = [];
      server.received.length = 0;
      server.reply(async ({ body }) => {
        const at = performance.now();
        const [, op = ''] = /^\{"op":"([^"]+)"/.exec(body.subarray(0, 80).toString()) ?? [];
        arrivals.push({ name: op, at });
        if (latencyMs > 0) await delay(latencyMs);
        return status === 'never' ? 'hang' : { status };
      });
      return arrivals;
    },
    async posts(given, status, how = (block) => page.evaluate(postBlock, block)) {
      const block: Block = { url, size: 1024, type: 'application/json', cancels: false, ownLanes: false, ...given };
      const posted = await how(block);
      const wrong = posted.statuses.filter((got) => status !== null && got !== status);
      if (wrong.length > 0) throw new Error(`${name}: ${wrong.length} of ${block.names.length} posts ended with ${[...new Set(wrong)].join(', ')} instead of ${status}`);
      return posted;
    },
    async owes(count) {
      if (!store) return;
      const end = performance.now() + STORED_MS;
      for (let stored = -1; stored !== count; ) {
        stored = await page.evaluate(countStored, store);
        if (stored !== count && performance.now() > end) throw new Error(`${name} has ${stored} stored, not ${count}`);
      }
    },
    async hold(held) {
      if (store && !isHoldfast(name)) await ask({ command: 'hold', held });
    },
    async stock({ name: prefix, count, lanes = 1, size = 1024 }) {
      if (isHoldfast(name)) {
        await fillHoldfast(page, { origin, count, lanes, size, name: prefix });
      } else if (store) {
        const names = Array.from({ length: count }, (_, at) => `${prefix}-${at + 1}`);
        await ask({ command: 'fill', url, type: 'application/json', names, size });
      }
      await actor.owes(count);
    },
    async pause(paused) {
      if (isHoldfast(name)) await page.evaluate((paused) => (paused ? window.sync.pause() : window.sync.resume()), paused);
    },
    async replay() {
      if (isHoldfast(name)) await page.evaluate(() => window.sync.replay());
      else await ask({ command: 'replay' });
    },
    async reset() {
      if (!life) return;
      await life.stop();
      await page.evaluate(deleteDatabases);
      await life.start();
      await wake();
    },
  };
  return actor;
}

/** Fails unless each has come once, and nothing else; order counts where it's promised. */
export function checkArrivals(actor: Actor, arrivals: readonly Arrival[], names: readonly string[]): void {
  const seen = arrivals.map(({ name }) => name);
  const missing = names.filter((name) => !seen.includes(name)).length;
  if (missing > 0 || seen.length !== names.length)
    throw new Error(`${actor.name}: ${seen.length} requests came instead of ${names.length}, ${missing} of them never`);
}
