// better-auth 1.7.25, its bearer plugin and memory adapter, hono 4.13.19: https://better-auth.com/docs/plugins/bearer and
// https://better-auth.com/docs/integrations/hono
import { getRequestListener } from '@hono/node-server';
import { betterAuth } from 'better-auth';
import { memoryAdapter, type MemoryDB } from 'better-auth/adapters/memory';
import { bearer } from 'better-auth/plugins';
import { Hono } from 'hono';
import { json, type Stack } from '../stack.js';
import { SECRET } from '../tokens.js';

const ann = { email: 'ann@app.test', password: 'her password', name: 'Ann' };
const tables: MemoryDB = { user: [], session: [], account: [], verification: [] };

const auth = betterAuth({
  baseURL: 'http://localhost',
  secret: SECRET,
  database: memoryAdapter(tables),
  emailAndPassword: { enabled: true },
  plugins: [bearer()],
  trustedOrigins: ['http://localhost:*'],
  telemetry: { enabled: false },
  logger: { disabled: true },
});
await auth.api.signUpEmail({ body: ann });

/** A session's token. It's opaque: only the server can tell when it is over. */
async function goodToken(): Promise<string> {
  const { headers } = await auth.api.signInEmail({ body: ann, returnHeaders: true });
  return headers.get('set-auth-token')!;
}

export const stack: Stack = {
  goodToken,
  async refusedToken() {
    const token = await goodToken();
    await auth.api.signOut({ headers: new Headers({ Authorization: `Bearer ${token}` }) });
    return token;
  },
  wrongPassword: json('/api/auth/sign-in/email', { email: ann.email, password: 'wrong' }),
  listener(act) {
    const app = new Hono();
    app.on(['POST', 'GET'], '/api/auth/*', ({ req }) => auth.handler(req.raw));
    app.post('/api/notes', async (context) => {
      if (!(await auth.api.getSession({ headers: context.req.raw.headers }))) return context.json({ error: 'Unauthorized' }, 401);
      act((await context.req.json<{ text: string }>()).text);
      return context.body(null, 201);
    });
    return getRequestListener(app.fetch);
  },
};
