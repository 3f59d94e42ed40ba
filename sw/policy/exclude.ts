/** What of a request is known before its body is read. A `Request` is one. */
export interface RequestHead {
  url: string;
  headers: { has(name: string): boolean };
}

/**
 * The last segment of a URL under which tokens are asked for and sessions begun and ended.
 *
 * | segment | of |
 * |---|---|
 * | `token` | supabase-js 2.119.1 (`/auth/v1/token?grant_type=…`), oidc-client-ts 3.5.0, and any OAuth server |
 * | `refresh`, `token-refresh`, `refresh-token` | axios-auth-refresh 5.0.2, and Django's SimpleJWT by its docs (`/token/refresh/`) |
 * | `auth-refresh`, `auth-with-password`, `auth-with-oauth2`, `auth-with-otp` | pocketbase 0.28.1 |
 * | `login`, `logout`, `sign_in`, `sign-out`, `signup` … | Laravel, Django, Devise by their docs |
 */
const ABOUT_SESSIONS = /^(log[-_]?(in|out)|sign[-_]?(in|out|up)|((access|auth|id)[-_]?)?token|(token[-_]?)?refresh([-_]?token)?|auth[-_](refresh|with[-_].+))$/i;

/** A segment before the last one that says the same of all that lies under it: better-auth, by its docs (`/sign-in/email`). */
const ABOVE = /^sign[-_]?(in|out|up)$/i;

/** The query of a URL, where it names an OAuth grant (https://www.rfc-editor.org/rfc/rfc6749#section-4), engine.io's version (socket.io-client 4.8.4), or a question for feature flags (posthog-js 1.449.2). */
const QUERY = /[?&](grant_type|EIO)=|\/flags\/\?v=/;

/** Headers of uploads that go on where they were by a protocol of their own: tus-js-client 4.3.1, and FilePond 4.32.12 in chunks. */
const UPLOADS = ['tus-resumable', 'upload-offset', 'upload-length'];

/**
 * Whether a request must not be kept for later: it asks for a token, begins or ends a session, or is a step of a protocol
 * that has a state of its own. The default of the option `exclude`.
 *
 * A stored token request would be answered with a 202, which auth libraries take for the end of the session, and sent later,
 * which uses up a refresh token that nobody waits for.
 *
 * @example exclude: (request) => excludesCredentials(request) || request.url.endsWith('/ping')
 */
export function excludesCredentials({ url, headers }: RequestHead): boolean {
  if (UPLOADS.some((name) => headers.has(name)) || QUERY.test(url)) return true;
  const segments = new URL(url).pathname.split('/').filter(Boolean);
  return ABOUT_SESSIONS.test(segments.at(-1) ?? '') || ABOVE.test(segments.at(-2) ?? '');
}

/** An OAuth grant in a form's body, or in JSON. */
const GRANT = /(^|&)grant_type=|"grant_type"\s*:/;

/** The parameters of a grant stand at the beginning of a small body. In bytes. */
const GRANT_LIMIT = 4096;

/** Whether a body asks for a token by an OAuth grant: its URL may be any. */
export const isGrant = (contentType: string | undefined, body: ArrayBuffer): boolean =>
  /urlencoded|json/i.test(contentType ?? '') && GRANT.test(new TextDecoder().decode(new Uint8Array(body, 0, Math.min(body.byteLength, GRANT_LIMIT))));
