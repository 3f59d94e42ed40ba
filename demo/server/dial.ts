import type { Context, MiddlewareHandler } from 'hono';
import { Hono } from 'hono';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { DemoEnv } from './env.js';

/** The ways in which the API can be broken. */
export const DIAL_MODES = ['ok', 'down', 'slow', '503', '401', 'csrf', '429', 'lie-fi'] as const;
export type DialMode = (typeof DIAL_MODES)[number];

export interface Dial {
  readonly mode: DialMode;
  set(mode: DialMode): void;
  /** Hears of every turn. Gives the way to stop it. */
  onTurn(listener: (mode: DialMode) => void): () => void;
}

export function createDial(): Dial {
  const listeners = new Set<(mode: DialMode) => void>();
  let mode: DialMode = 'ok';
  return {
    get mode() {
      return mode;
    },
    set(next) {
      mode = next;
      for (const listener of listeners) listener(next);
    },
    onTurn(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

export function dialRoutes(dial: Dial): Hono<DemoEnv> {
  return new Hono<DemoEnv>()
    .get('/', (c) => c.json({ mode: dial.mode }))
    .put('/', async (c) => {
      const { mode } = await c.req.json<{ mode?: unknown }>().catch(() => ({ mode: null }));
      const known = DIAL_MODES.find((one) => one === mode);
      if (!known) return c.json({ code: 'bad_mode', known: DIAL_MODES }, 400);
      dial.set(known);
      return c.json({ mode: dial.mode });
    });
}

const SLOW_MS = 3_000;

/** Nothing of the request gets through: it must stand before the log. */
export const outage = (dial: Dial): MiddlewareHandler<DemoEnv> => async (c, next) =>
  dial.mode === 'down' ? hangUp(c) : next();

/** The answer gets lost: it must stand outside of whatever acts, and outside of the log. */
export const lostAnswer = (dial: Dial): MiddlewareHandler<DemoEnv> => async (c, next) => {
  const lost = dial.mode === 'lie-fi';
  c.set('lost', lost);
  await next();
  if (!lost) return;
  hangUp(c);
  c.res = RESPONSE_ALREADY_SENT;
};

/** The server hears the request, and does badly. */
export const trouble = (dial: Dial): MiddlewareHandler<DemoEnv> => async (c, next) => {
  // To a browser, an answer in the middle of its upload is a broken connection.
  await c.req.arrayBuffer();
  if (dial.mode === 'slow') await new Promise((resolve) => setTimeout(resolve, SLOW_MS));
  if (dial.mode === '503') return c.json({ code: 'unavailable' }, 503);
  if (dial.mode === '429') return c.json({ code: 'too_many_requests' }, 429, { 'Retry-After': '5' });
  return next();
};

function hangUp(c: Context<DemoEnv>): Response {
  c.env.incoming.socket.destroy();
  return RESPONSE_ALREADY_SENT;
}
