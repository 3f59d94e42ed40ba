import { Hono, type MiddlewareHandler } from 'hono';
import { streamSSE } from 'hono/streaming';
import { claimedUser } from './auth.js';
import type { Dial } from './dial.js';
import type { Credential, DemoEnv } from './env.js';
import type { Sessions } from './sessions.js';

/** One request that reached the API. */
export interface SeenRequest {
  n: number;
  at: number;
  method: string;
  path: string;
  user: string | null;
  status: number;
  /** The credential that it was refused for. */
  refused: Credential | null;
  /** The start of the idempotency key. */
  key: string | null;
  /** The key was seen before: the first answer was given again, and nothing else was done. */
  repeated: boolean;
  /** The answer never reached the sender. */
  lost: boolean;
  about: string | null;
}

export interface ServerLog {
  readonly seen: readonly SeenRequest[];
  add(request: Omit<SeenRequest, 'n'>): void;
  onAdd(listener: (request: SeenRequest) => void): () => void;
}

const KEPT = 200;

export function createServerLog(): ServerLog {
  const seen: SeenRequest[] = [];
  const listeners = new Set<(request: SeenRequest) => void>();
  let n = 0;
  return {
    seen,
    add(request) {
      const numbered = { n: ++n, ...request };
      seen.push(numbered);
      if (seen.length > KEPT) seen.shift();
      for (const listener of listeners) listener(numbered);
    },
    onAdd(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Writes down what came, and how it was answered. */
export const logged = (log: ServerLog, sessions: Sessions): MiddlewareHandler<DemoEnv> => async (c, next) => {
  await next();
  log.add({
    at: Date.now(),
    method: c.req.method,
    path: c.req.path,
    user: claimedUser(c, sessions),
    status: c.res.status,
    refused: c.get('refused') ?? null,
    key: c.req.header('Idempotency-Key')?.replaceAll('"', '').slice(0, 8) ?? null,
    repeated: c.get('repeated') ?? false,
    lost: c.get('lost') ?? false,
    about: c.get('about') ?? null,
  });
};

/** The log and the dial: as JSON, and as a stream for whoever asks for one. */
export function logRoutes(log: ServerLog, dial: Dial): Hono<DemoEnv> {
  return new Hono<DemoEnv>().get('/', (c) => {
    if (!c.req.header('Accept')?.includes('text/event-stream')) return c.json({ mode: dial.mode, seen: log.seen });
    return streamSSE(c, async (stream) => {
      const say = (event: string, data: unknown) => void stream.writeSSE({ event, data: JSON.stringify(data) });
      const stops = [log.onAdd((one) => say('seen', one)), dial.onTurn((mode) => say('dial', mode))];
      say('all', log.seen);
      say('dial', dial.mode);
      await new Promise<void>((resolve) => stream.onAbort(resolve));
      for (const stop of stops) stop();
    });
  });
}
