// hono/jwt 4.13.19, @hono/node-server 2.1.8: https://hono.dev/docs/middleware/builtin/jwt
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { jwt } from 'hono/jwt';
import type { Stack } from '../stack.js';
import { BY_SECRET, SECRET } from '../tokens.js';

export const stack: Stack = {
  ...BY_SECRET,
  listener(act) {
    const app = new Hono();
    app.use('/api/*', jwt({ secret: SECRET, alg: 'HS256' }));
    app.post('/api/notes', async (context) => {
      act((await context.req.json<{ text: string }>()).text);
      return context.body(null, 201);
    });
    return getRequestListener(app.fetch);
  },
};
