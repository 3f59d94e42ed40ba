import { anyBadBearer, buried, HELD_FOR_NOTHING, held, JSON_TYPE, LOST, server, type Row } from './row.js';

// Servers in Python and Go, as Debian 12 packages them, each asked over HTTP.

const NOT_VALID = {
  detail: 'Given token not valid for any token type',
  code: 'token_not_valid',
  messages: [{ token_class: 'AccessToken', token_type: 'access', message: 'Token is invalid or expired' }],
};
const NOT_PROVIDED = { detail: 'Authentication credentials were not provided.' };
const API = 'Bearer realm="api"';

export const otherLanguages: Row[] = [
  ...server('djangorestframework-simplejwt 5.2.2', {
    ...anyBadBearer(held(401, { type: JSON_TYPE, challenge: API, body: NOT_VALID })),
    'no Authorization': buried(401, { type: JSON_TYPE, challenge: API, body: NOT_PROVIDED }),
    // Of the login route. Nothing tells it from the answer to no token, but that the JWT is known to be good (below).
    'wrong password': held(401, {
      type: JSON_TYPE,
      challenge: API,
      body: { detail: 'No active account found with the given credentials' },
      wrong: HELD_FOR_NOTHING,
    }),
  }),
  ...server('djangorestframework-simplejwt 5.2.2 with a JWT that it accepted before', {
    'wrong password': buried(401, {
      type: JSON_TYPE,
      challenge: API,
      body: { detail: 'No active account found with the given credentials' },
      token: 'accepted',
    }),
  }),
  ...server('djangorestframework-simplejwt 5.2.2, authentication by [Session, JWT]', {
    expired: held(403, { type: JSON_TYPE, body: NOT_VALID, token: 'over' }),
    'bad signature': buried(403, { type: JSON_TYPE, body: NOT_VALID, wrong: LOST }),
    garbage: buried(403, { type: JSON_TYPE, body: NOT_VALID, wrong: LOST }),
    'no Authorization': buried(403, { type: JSON_TYPE, body: NOT_PROVIDED }),
  }),
  ...server('djangorestframework-simplejwt 5.2.2, authentication by [JWT, Session]', {
    ...anyBadBearer(held(401, { type: JSON_TYPE, challenge: API, body: NOT_VALID })),
    'no Authorization': buried(401, { type: JSON_TYPE, challenge: API, body: NOT_PROVIDED }),
  }),

  // Of all its answers only that to an expired token is a 401.
  ...server('flask-jwt-extended 4.4.4', {
    expired: held(401, { type: JSON_TYPE, body: { msg: 'Token has expired' } }),
    'bad signature': buried(422, { type: JSON_TYPE, body: { msg: 'Signature verification failed' }, wrong: LOST }),
    garbage: buried(422, { type: JSON_TYPE, body: { msg: 'Not enough segments' }, wrong: LOST }),
    'no Authorization': buried(401, { type: JSON_TYPE, body: { msg: 'Missing Authorization Header' } }),
  }),
  ...server('Flask-HTTPAuth 4.5.0, HTTPTokenAuth', {
    ...anyBadBearer(held(401, { type: 'text/html; charset=utf-8', challenge: 'Bearer realm="Authentication Required"' })),
    'no Authorization': buried(401, { type: 'text/html; charset=utf-8', challenge: 'Bearer realm="Authentication Required"' }),
  }),

  // The challenge to no token has quotes within quotes.
  ...server('Authlib 1.2.0, ResourceProtector', {
    ...anyBadBearer(
      held(401, {
        type: JSON_TYPE,
        challenge:
          'Bearer extra_attributes="{}", error="invalid_token", error_description="The access token provided is expired, revoked, …"',
        body: { error: 'invalid_token', error_description: 'The access token provided is expired, revoked, …' },
      }),
    ),
    'no Authorization': buried(401, {
      type: JSON_TYPE,
      challenge: 'bearer error="missing_authorization", error_description="Missing "Authorization" in headers."',
      body: { error: 'missing_authorization', error_description: 'Missing "Authorization" in headers.' },
    }),
  }),

  ...server('FastAPI 0.92.0, OAuth2PasswordBearer as in its tutorial', {
    ...anyBadBearer(held(401, { type: JSON_TYPE, challenge: 'Bearer', body: { detail: 'Could not validate credentials' } })),
    'no Authorization': buried(401, { type: JSON_TYPE, challenge: 'Bearer', body: { detail: 'Not authenticated' } }),
  }),
  ...server('FastAPI 0.92.0, HTTPBearer and the usual JWTBearer class', {
    expired: held(403, { type: JSON_TYPE, body: { detail: 'Invalid token or expired token.' }, token: 'over' }),
    'bad signature': buried(403, { type: JSON_TYPE, body: { detail: 'Invalid token or expired token.' }, wrong: LOST }),
    garbage: buried(403, { type: JSON_TYPE, body: { detail: 'Invalid token or expired token.' }, wrong: LOST }),
    'no Authorization': buried(403, { type: JSON_TYPE, body: { detail: 'Not authenticated' } }),
  }),

  // Opaque tokens: that one is over is known to the server alone.
  ...server('django-oauth-toolkit 1.7.0', {
    expired: held(401, {
      type: JSON_TYPE,
      challenge: 'Bearer realm="api",error="invalid_token",error_description="The access token has expired."',
      body: NOT_PROVIDED,
    }),
    garbage: held(401, {
      type: JSON_TYPE,
      challenge: 'Bearer realm="api",error="invalid_token",error_description="The access token is invalid."',
      body: NOT_PROVIDED,
    }),
    'no Authorization': buried(401, { type: JSON_TYPE, challenge: API, body: NOT_PROVIDED }),
  }),

  ...server('echo 4.2.1, middleware.JWT', {
    ...anyBadBearer(held(401, { type: 'application/json; charset=UTF-8', body: { message: 'invalid or expired jwt' } })),
    'no Authorization': buried(400, { type: 'application/json; charset=UTF-8', body: { message: 'missing or malformed jwt' } }),
  }),
];
