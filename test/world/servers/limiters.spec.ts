import { expect, type App } from '../../support/fixtures.js';
import type { Server } from './stack.js';
import { titled } from './table.js';
import { test } from './upstream.js';

interface Limiter {
  packages: string[];
  /** Which of several set-ups of the same packages this one is. */
  setup?: string;
  load(): Promise<Server>;
  /** How many requests of other clients use the limit up. */
  others: number;
  refused: 429 | 403;
  /** The header that says in how many seconds the next request may come. */
  header: string;
  /** What `header` holds. */
  says: RegExp;
}

const LIMITERS: Limiter[] = [
  {
    packages: ['express-rate-limit', 'express'],
    load: async () => (await import('./limiters/express-rate-limit.js')).limiter,
    others: 1,
    refused: 429,
    header: 'retry-after',
    says: /^[12]$/,
  },
  {
    packages: ['@nestjs/throttler', '@nestjs/core'],
    setup: 'two named throttlers',
    load: async () => (await import('./limiters/nest-throttler.js')).limiter,
    others: 1,
    refused: 429,
    header: 'retry-after-long',
    says: /^[12]$/,
  },
  {
    packages: ['rate-limiter-flexible', 'express'],
    setup: 'the README’s headers',
    load: async () => (await import('./limiters/rate-limiter-flexible.js')).limiter,
    others: 1,
    refused: 429,
    header: 'retry-after',
    says: /^[01]\.\d+$/,
  },
  {
    packages: ['@fastify/rate-limit', 'fastify'],
    setup: 'ban',
    load: async () => (await import('./limiters/fastify-rate-limit.js')).limiter,
    others: 2,
    refused: 403,
    header: 'retry-after',
    says: /^[12]$/,
  },
  {
    packages: ['koa-ratelimit', 'koa'],
    setup: 'rounding down',
    load: async () => (await import('./limiters/koa-ratelimit.js')).limiter,
    others: 1,
    refused: 429,
    header: 'retry-after',
    says: /^[012]$/,
  },
];

const QUICK = 'retry: { answered: { baseMs: 1, capMs: 1 } }';
const headers = { 'Content-Type': 'application/json' };

const waitingAfterReplay = (app: App) =>
  app.call(async (sync) => {
    await sync.replay();
    return (await sync.status()).waiting;
  });

for (const { packages, setup, load, others, refused, header, says } of LIMITERS) {
  test(`R6 a write refused by ${titled(packages, setup)} goes out no sooner than the limiter asks, whatever wakes the worker`, async ({ open, server, forwardTo }) => {
    const upstream = await forwardTo(await load());
    const body = JSON.stringify({ text: 'a note' });
    server.reply(async (request, count) => {
      // Other clients use the limit up right before the page's first request, so that a slow machine doesn't outlast the limit.
      for (let other = 0; count === 0 && other < others; other++)
        await fetch(`${upstream.origin()}/api/notes`, { method: 'POST', headers, body });
      if (count === 0) upstream.effects.length = 0;
      return upstream.pass(request);
    });
    const app = await open({ options: `backends: [{ baseUrl: '/api', ${QUICK} }]` });

    expect(await app.post(body, { headers })).toMatchObject({ status: 202 });
    expect(await app.entries()).toMatchObject([{ state: 'pending', reason: 'rate-limited' }]);
    expect(upstream.reached[0]).toMatchObject({ status: refused });
    expect(String(upstream.reached[0]!.headers[header])).toMatch(says);

    await expect.poll(() => waitingAfterReplay(app), { intervals: [200], timeout: 15_000 }).toBe(0);
    expect(upstream.effects).toEqual(['a note']);
    expect(upstream.reached.at(-1)).toMatchObject({ status: 201 });
    for (const [index, next] of upstream.reached.slice(1).entries()) {
      const before = upstream.reached[index]!;
      expect(next.at - before.at).toBeGreaterThanOrEqual(Number(before.headers[header]) * 1_000);
    }
  });
}
