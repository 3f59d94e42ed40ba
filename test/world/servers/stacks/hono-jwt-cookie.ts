// hono/jwt 4.13.19 with a cookie, @hono/node-server 2.1.8: https://hono.dev/docs/middleware/builtin/jwt#cookie
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { setCookie } from 'hono/cookie';
import { jwt, sign, type JwtVariables } from 'hono/jwt';
import type { SessionStack } from '../session-stack.js';

let generation = 0;

/** The JWT is in a cookie that scripts don't see. `SameSite` is the protection against CSRF: there is no token for it. */
export const stack: SessionStack = {
  header: null,
  lapse: () => void generation++,
  listener(act) {
    const app = new Hono<{ Variables: JwtVariables<{ sub: string }> }>();
    const secret = () => `secret ${generation}`;
    app.post('/api/login', async (context) => {
      const { user } = await context.req.json<{ user: string }>();
      const token = await sign({ sub: user, exp: Math.floor(Date.now() / 1000) + 600 }, secret(), 'HS256');
      setCookie(context, 'jwt', token, { httpOnly: true, sameSite: 'Strict' });
      return context.body(null, 204);
    });
    app.use('/api/*', (context, next) => jwt({ secret: secret(), alg: 'HS256', cookie: 'jwt' })(context, next));
    app.post('/api/notes', async (context) => {
      act(`${context.get('jwtPayload').sub}: ${(await context.req.json<{ text: string }>()).text}`);
      return context.body(null, 201);
    });
    return getRequestListener(app.fetch);
  },
};
