import type { MiddlewareHandler } from 'hono';
import { createHash } from 'node:crypto';
import type { DemoEnv } from './env.js';

interface Answer {
  about: string;
  status: number;
  headers: [string, string][];
  body: ArrayBuffer;
}

interface First {
  /** Tells the request from another one under the same key. */
  print: string;
  answer: Promise<Answer>;
}

/** As many answers are kept; an old key is a new request then. */
const KEPT = 500;

/**
 * A key that was seen before gets the first answer again, with no second effect, or a 422 when it comes with another request. A
 * request whose twin is still being worked on waits for it. Only success is kept: a failure did nothing, and may be mended.
 *
 * The reports are in memory, and so are the keys: both end with the process. In a database, a key is in one transaction with its
 * write: see `demo/examples/04-exactly-once`, whose rules these are.
 */
export function idempotent(): MiddlewareHandler<DemoEnv> {
  const seen = new Map<string, First>();
  return async (c, next) => {
    const key = c.req.header('Idempotency-Key');
    if (key === undefined) return next();
    const name = JSON.stringify([c.get('user'), key]);
    const { pathname, search } = new URL(c.req.url);
    const print = createHash('sha256').update(`${c.req.method} ${pathname}${search} `).update(Buffer.from(await c.req.arrayBuffer())).digest('hex');
    const first = seen.get(name);
    if (first && first.print !== print) return c.json({ code: 'idempotency_key_reused' }, 422);
    if (first) {
      c.set('repeated', true);
      const { about, status, headers, body } = await first.answer;
      c.set('about', about);
      return new Response(status === 204 ? null : body, { status, headers: [...headers, ['Idempotent-Replayed', 'true']] });
    }
    const answer = next().then(async (): Promise<Answer> => {
      const { status, headers } = c.res;
      return { about: c.get('about'), status, headers: [...headers], body: await c.res.clone().arrayBuffer() };
    });
    seen.set(name, { print, answer });
    const [oldest] = seen.keys();
    if (seen.size > KEPT && oldest !== undefined) seen.delete(oldest);
    await answer.finally(() => {
      if (!c.res.ok) seen.delete(name);
    });
  };
}
