import { Hono, type Context, type MiddlewareHandler } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { randomUUID } from 'node:crypto';
import type { Dial } from './dial.js';
import type { DemoEnv } from './env.js';

export interface Session {
  user: string;
  /** What a write must send in `X-CSRF-Token`. */
  csrf: string;
  isLive: boolean;
}

/** Sessions by cookie, in memory, each with a CSRF token of its own. */
export interface Sessions {
  /** Begins a user's session, and sets its cookie. */
  begin(c: Context<DemoEnv>, user: string): Session;
  /** The session of the request's cookie, one that has ended too; null for none. */
  of(c: Context<DemoEnv>): Session | null;
  /** Ends the session, and removes its cookie. */
  end(c: Context<DemoEnv>): void;
  /** Ends all sessions that live, as a restarted server does. Their cookies stay in the browsers. */
  lapse(): void;
  /** Gives every session a new CSRF token, so that the old ones are stale. */
  renewCsrf(): void;
}

export function createSessions(): Sessions {
  const sessions = new Map<string, Session>();
  return {
    begin(c, user) {
      const id = randomUUID();
      const session = { user, csrf: randomUUID(), isLive: true };
      sessions.set(id, session);
      setCookie(c, cookieOf(c), id, { httpOnly: true, sameSite: 'Strict', path: '/' });
      return session;
    },
    of: (c) => sessions.get(getCookie(c, cookieOf(c)) ?? '') ?? null,
    end(c) {
      sessions.delete(deleteCookie(c, cookieOf(c), { path: '/' }) ?? '');
    },
    lapse() {
      for (const session of sessions.values()) session.isLive = false;
    },
    renewCsrf() {
      for (const session of sessions.values()) session.csrf = randomUUID();
    },
  };
}

/** Cookies know no ports, and two demos on one machine must not end each other's sessions. */
const cookieOf = (c: Context<DemoEnv>): string => `fieldbook-${new URL(c.req.url).port}`;

/** What a page asks about its own session. The fault of the stale CSRF token ends when a page has fetched the new one. */
export function sessionRoutes(sessions: Sessions, dial: Dial): Hono<DemoEnv> {
  dial.onTurn((mode) => {
    if (mode === '401') sessions.lapse();
    if (mode === 'csrf') sessions.renewCsrf();
  });
  return new Hono<DemoEnv>()
    .get('/session', (c) => {
      const session = sessions.of(c);
      if (!session?.isLive) return c.json({ code: 'session_expired' }, 401);
      if (dial.mode === 'csrf') dial.set('ok');
      return c.json({ user: session.user, csrf: session.csrf });
    })
    .post('/logout', (c) => {
      sessions.end(c);
      return c.body(null, 204);
    });
}

/** Lets in who has a live session, and whose writes carry its CSRF token. */
export const inSession = (sessions: Sessions): MiddlewareHandler<DemoEnv> => async (c, next) => {
  const session = sessions.of(c);
  if (!session?.isLive) {
    c.set('refused', 'session');
    return c.json({ code: 'session_expired' }, 401);
  }
  const isRead = c.req.method === 'GET' || c.req.method === 'HEAD';
  if (!isRead && c.req.header('X-CSRF-Token') !== session.csrf) {
    c.set('refused', 'csrf');
    return c.json({ code: 'csrf_token_stale' }, 403);
  }
  c.set('user', session.user);
  return next();
};
