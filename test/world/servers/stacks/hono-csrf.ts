// hono/csrf 4.13.19, hono/cookie, @hono/node-server 2.1.8: https://hono.dev/docs/middleware/builtin/csrf
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { getSignedCookie, setSignedCookie } from 'hono/cookie';
import { csrf } from 'hono/csrf';
import type { SessionStack } from '../session-stack.js';

let generation = 0;

/** The protection is the browser's `Origin` and `Sec-Fetch-Site`: there is no token. */
export const stack: SessionStack = {
  header: null,
  lapse: () => void generation++,
  listener(act) {
    const app = new Hono();
    const secret = () => `secret ${generation}`;
    app.use('/api/*', csrf());
    app.post('/api/login', async (context) => {
      await setSignedCookie(context, 'user', (await context.req.json<{ user: string }>()).user, secret());
      return context.body(null, 204);
    });
    app.post('/api/notes', async (context) => {
      const user = await getSignedCookie(context, secret(), 'user');
      if (!user) return context.body(null, 401);
      act(`${user}: ${(await context.req.json<{ text: string }>()).text}`);
      return context.body(null, 201);
    });
    return getRequestListener(app.fetch);
  },
};
