import type { Server } from './stack.js';

/**
 * A server framework with sessions by cookie and protection against CSRF, set up as its documentation shows.
 *
 * `POST /api/login` with `{"user"}` begins a session, `GET /api/csrf` gives `{"token"}` where a GET is the way to the CSRF
 * token, and `POST /api/notes` writes as the session's user.
 */
export interface SessionStack extends Server {
  /** The header that carries the CSRF token; null where the framework looks at `Origin` alone. */
  header: string | null;
  /** Ends all sessions, as a restarted server does. */
  lapse(): void | Promise<void>;
}
