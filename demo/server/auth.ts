import { decodeJwt, jwtVerify, SignJWT } from 'jose';
import { Hono, type Context, type MiddlewareHandler } from 'hono';
import type { Dial } from './dial.js';
import type { DemoEnv } from './env.js';

const USERS = ['mara', 'joon'];
export const TOKEN_LIFE_S = 60;

export interface Tokens {
  issue(user: string): Promise<{ token: string; expiresAt: number }>;
  /** The user, or null for a token that's expired, revoked or not ours. */
  userOf(token: string): Promise<string | null>;
  /** Makes every token that was issued until now invalid. */
  revoke(): void;
}

export function createTokens(): Tokens {
  const secret = crypto.getRandomValues(new Uint8Array(32));
  // `iat` has whole seconds only; a token of the same second must be told from one that came later.
  let era = 1;
  return {
    async issue(user) {
      const now = Math.floor(Date.now() / 1000);
      const exp = now + TOKEN_LIFE_S;
      const claims = new SignJWT({ era, jti: crypto.randomUUID() }).setProtectedHeader({ alg: 'HS256' });
      const token = await claims.setSubject(user).setIssuedAt(now).setExpirationTime(exp).sign(secret);
      return { token, expiresAt: exp * 1000 };
    },
    async userOf(token) {
      try {
        const { payload } = await jwtVerify(token, secret, { algorithms: ['HS256'] });
        return payload['era'] === era ? (payload.sub ?? null) : null;
      } catch {
        return null;
      }
    },
    revoke() {
      era++;
    },
  };
}

/** Turning the dial to 401 ends every session; the next login ends the fault. */
export function authRoutes(tokens: Tokens, dial: Dial): Hono<DemoEnv> {
  dial.onTurn((mode) => mode === '401' && tokens.revoke());
  return new Hono<DemoEnv>().post('/login', async (c) => {
    const { user } = await c.req.json<{ user?: unknown }>().catch(() => ({ user: null }));
    if (typeof user !== 'string' || !USERS.includes(user)) return c.json({ code: 'unknown_user', known: USERS }, 400);
    if (dial.mode === '401') dial.set('ok');
    return c.json(await tokens.issue(user));
  });
}

/** Lets in who has a good token. */
export const authenticated = (tokens: Tokens): MiddlewareHandler<DemoEnv> => async (c, next) => {
  const token = bearerOf(c);
  if (token === null)
    return c.json({ code: 'token_missing' }, 401, { 'WWW-Authenticate': 'Bearer realm="fieldbook"' });
  const user = await tokens.userOf(token);
  if (user === null) {
    const challenge = 'Bearer realm="fieldbook", error="invalid_token", error_description="The token has expired"';
    return c.json({ code: 'token_expired' }, 401, { 'WWW-Authenticate': challenge });
  }
  c.set('user', user);
  return next();
};

/** Who the token says it is, a refused one too: the log wants a name. */
export function claimedUser(c: Context<DemoEnv>): string | null {
  try {
    return decodeJwt(bearerOf(c) ?? '').sub ?? null;
  } catch {
    return null;
  }
}

const bearerOf = (c: Context<DemoEnv>): string | null =>
  /^Bearer\s+(\S+)$/i.exec(c.req.header('Authorization') ?? '')?.[1] ?? null;
