import type { MiddlewareHandler } from 'hono';
import type { DemoEnv } from './env.js';

interface Answer {
  about: string;
  status: number;
  headers: [string, string][];
  body: ArrayBuffer;
}

/** As many answers are kept; an old key is a new request then. */
const KEPT = 500;

/**
 * A key that was seen before gets the first answer again, with no second effect. A request whose
 * twin is still being worked on waits for it.
 */
export function idempotent(): MiddlewareHandler<DemoEnv> {
  const answers = new Map<string, Promise<Answer>>();
  return async (c, next) => {
    const key = c.req.header('Idempotency-Key');
    if (key === undefined) return next();
    const name = JSON.stringify([c.get('user'), c.req.method, c.req.path, key]);
    const first = answers.get(name);
    if (first) {
      c.set('repeated', true);
      const { about, status, headers, body } = await first;
      c.set('about', about);
      return new Response(status === 204 ? null : body, { status, headers });
    }
    const answer = next().then(async (): Promise<Answer> => {
      const { status, headers } = c.res;
      return { about: c.get('about'), status, headers: [...headers], body: await c.res.clone().arrayBuffer() };
    });
    answers.set(name, answer);
    const [oldest] = answers.keys();
    if (answers.size > KEPT && oldest !== undefined) answers.delete(oldest);
    await answer.catch((error: unknown) => {
      answers.delete(name);
      throw error;
    });
  };
}
