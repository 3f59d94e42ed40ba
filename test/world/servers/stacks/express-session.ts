// express-session 1.19.0: https://github.com/expressjs/session#example
// csrf-csrf 4.0.3: https://github.com/Psifi-Solutions/csrf-csrf#getting-started
// csrf-sync 4.2.1: https://github.com/Psifi-Solutions/csrf-sync#getting-started
// lusca 1.7.0: https://github.com/krakenjs/lusca#luscacsrfoptions
import { randomBytes } from 'node:crypto';
import cookieParser from 'cookie-parser';
import { doubleCsrf } from 'csrf-csrf';
import { csrfSync } from 'csrf-sync';
import express, { type Express, type Request, type RequestHandler } from 'express';
import session from 'express-session';
import lusca from 'lusca';
import type { SessionStack } from '../session-stack.js';

declare module 'express-session' {
  interface SessionData {
    user: string;
    csrf: string;
  }
}

/** Has a user begin a session with an id of its own. */
const login: RequestHandler = (request, response, next) => {
  const { user } = request.body as { user: string };
  request.session.regenerate((error) => {
    if (error) return next(error);
    request.session.user = user;
    response.sendStatus(204);
  });
};

const needsUser: RequestHandler = (request, response, next) => {
  if (request.session.user) return next();
  response.sendStatus(401);
};

const needsUserOrLogin: RequestHandler = (request, response, next) => {
  if (request.session.user) return next();
  response.redirect('/login');
};

/**
 * An app whose writes need a user.
 *
 * @param protect adds the protection against CSRF
 */
function stackOf(header: string | null, protect: (app: Express) => void, guard = needsUser): SessionStack {
  const store = new session.MemoryStore();
  return {
    header,
    lapse: () => store.clear(),
    listener(act) {
      const app = express();
      app.use(express.json());
      app.use(session({ secret: 'a secret', resave: false, saveUninitialized: true, store }));
      app.post('/api/login', login);
      protect(app);
      app.post('/api/notes', guard, (request, response) => {
        act(`${request.session.user}: ${(request.body as { text: string }).text}`);
        response.sendStatus(201);
      });
      return app;
    },
  };
}

/** The token is bound to a cookie that scripts don't see, and a GET gives it. The default error handler answers 403 with HTML. */
export const byCsrfCsrf = stackOf('x-csrf-token', (app) => {
  const { generateCsrfToken, doubleCsrfProtection } = doubleCsrf({
    getSecret: () => 'another secret',
    getSessionIdentifier: (request) => request.session.id,
    cookieName: 'csrf',
    cookieOptions: { secure: false, sameSite: 'strict' },
  });
  app.use(cookieParser());
  // A token of an earlier session isn't given again.
  app.get('/api/csrf', (request, response) => void response.json({ token: generateCsrfToken(request, response, { validateOnReuse: false }) }));
  app.use(doubleCsrfProtection);
});

/** The token is in the session. The refusal is JSON with its code. */
export const byCsrfSync = stackOf('x-csrf-token', (app) => {
  const { generateToken, csrfSynchronisedProtection, invalidCsrfTokenError } = csrfSync();
  app.get('/api/csrf', (request, response) => void response.json({ token: generateToken(request) }));
  app.use(csrfSynchronisedProtection);
  const answer: express.ErrorRequestHandler = (error, _request, response, next) => {
    if (error !== invalidCsrfTokenError) return next(error);
    response.status(403).json({ code: invalidCsrfTokenError['code'] as string });
  };
  app.use(answer);
});

/** The token is in a cookie, as Angular wants it. */
export const byLusca = stackOf('x-xsrf-token', (app) => {
  app.use(lusca.csrf({ angular: true }));
  app.get('/api/csrf', (_request, response) => void response.sendStatus(204));
});

/** As Laravel does: each answer sets the token in the cookie XSRF-TOKEN, and a wrong one is answered by 419. */
export const asLaravelDoes = stackOf('x-xsrf-token', (app) => {
  const protect: RequestHandler = (request, response, next) => {
    const token = (request.session.csrf ??= randomBytes(30).toString('base64'));
    response.cookie('XSRF-TOKEN', token);
    if (request.method === 'GET' || tokenIn(request) === token) return next();
    response.sendStatus(419);
  };
  app.use(protect);
  app.get('/api/csrf', (_request, response) => void response.sendStatus(204));
});

const tokenIn = (request: Request) => request.get('x-xsrf-token');

/** Whoever isn't signed in is led to the login page. */
export const redirecting = stackOf(null, () => {}, needsUserOrLogin);
