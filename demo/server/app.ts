import { Hono } from 'hono';
import { authenticated, createTokens, loginRoutes } from './auth.js';
import type { PageFiles } from './build.js';
import { createDial, dialRoutes, lostAnswer, outage, trouble } from './dial.js';
import type { DemoEnv } from './env.js';
import { feedRoutes } from './feed.js';
import { idempotent } from './idempotency.js';
import { reportRoutes } from './reports.js';
import { seedBook } from './seeds.js';
import { createServerLog, logged, logRoutes } from './server-log.js';
import { createSessions, sessionRoutes } from './sessions.js';
import { staticRoutes } from './static.js';

/** The whole demo as one app: the API that can be broken, the dial that breaks it, and the page. */
export async function createDemoApp(page: PageFiles = new Map()): Promise<Hono<DemoEnv>> {
  const dial = createDial();
  const log = createServerLog();
  const tokens = createTokens();
  const sessions = createSessions();

  const api = new Hono<DemoEnv>()
    .use(outage(dial), lostAnswer(dial), logged(log, sessions), trouble(dial), authenticated(tokens, sessions), idempotent())
    .route('/reports', reportRoutes(seedBook()))
    .route('/feed', feedRoutes(dial))
    .notFound((c) => c.json({ code: 'not_found' }, 404));

  return new Hono<DemoEnv>()
    .use(async (c, next) => {
      await next();
      if (c.env.incoming.socket.destroyed) return;
      // A browser sends a request by itself again when a connection that it had used before breaks.
      // The dial's breaks are to be seen one by one.
      c.header('Connection', 'close');
      if (!c.res.headers.has('Cache-Control')) c.header('Cache-Control', 'no-store');
    })
    .route('/auth', loginRoutes(tokens, sessions, dial))
    .route('/auth', sessionRoutes(sessions, dial))
    .route('/dial', dialRoutes(dial))
    .route('/server-log', logRoutes(log, dial))
    .route('/api', api)
    .route('/', staticRoutes(page));
}
