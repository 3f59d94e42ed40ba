import { decodeJwt, jwtVerify, SignJWT } from 'jose';
import { Hono, type Context, type MiddlewareHandler } from 'hono';
import type { Dial } from './dial.js';
import type { DemoEnv } from './env.js';
import { inSession, type Sessions } from './sessions.js';

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

/**
 * Logins, by either way: a JWT for the page, or a cookie that it never sees, with a CSRF token. Turning the dial to 401 makes all
 * of them invalid; the next login ends that fault.
 */
export function loginRoutes(tokens: Tokens, sessions: Sessions, dial: Dial): Hono<DemoEnv> {
  dial.onTurn((mode) => mode === '401' && tokens.revoke());
  return new Hono<DemoEnv>().post('/login', async (c) => {
    const { user, by } = await c.req.json<{ user?: unknown; by?: unknown }>().catch(() => ({ user: null, by: null }));
    if (typeof user !== 'string' || !USERS.includes(user)) return c.json({ code: 'unknown_user', known: USERS }, 400);
    if (dial.mode === '401' || dial.mode === 'csrf') dial.set('ok');
    return c.json(by === 'cookie' ? { csrf: sessions.begin(c, user).csrf } : await tokens.issue(user));
  });
}

/** Lets in who has a good token or, with no token at all, a session. */
export const authenticated = (tokens: Tokens, sessions: Sessions): MiddlewareHandler<DemoEnv> => async (c, next) => {
  const token = bearerOf(c);
  if (token === null && sessions.of(c)) return inSession(sessions)(c, next);
  if (token === null) {
    c.set('refused', 'token');
    return c.json({ code: 'token_missing' }, 401, { 'WWW-Authenticate': 'Bearer realm="fieldbook"' });
  }
  const user = await tokens.userOf(token);
  if (user === null) {
    c.set('refused', 'token');
    const challenge = 'Bearer realm="fieldbook", error="invalid_token", error_description="The token has expired"';
    return c.json({ code: 'token_expired' }, 401, { 'WWW-Authenticate': challenge });
  }
  c.set('user', user);
  return next();
};

/** Who the token or the session says it is, a refused one too: the log wants a name. */
export function claimedUser(c: Context<DemoEnv>, sessions: Sessions): string | null {
  const token = bearerOf(c);
  if (token === null) return sessions.of(c)?.user ?? null;
  try {
    return decodeJwt(token).sub ?? null;
  } catch {
    return null;
  }
}

const bearerOf = (c: Context<DemoEnv>): string | null =>
  /^Bearer\s+(\S+)$/i.exec(c.req.header('Authorization') ?? '')?.[1] ?? null;
