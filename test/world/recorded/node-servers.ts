import { anyBadBearer, buried, HELD_FOR_NOTHING, held, LOST, retried, server, type Row } from './row.js';

// Servers from npm, each asked over HTTP. A row's body is cut to what could decide; sentences keep their beginning.

const UTF8 = 'application/json; charset=utf-8';
const UNAUTHORIZED = { message: 'Unauthorized', statusCode: 401 };
const DPOP = 'DPoP algs="RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES256K ES384 ES512 EdDSA"';

export const nodeServers: Row[] = [
  ...server('express-jwt 8.5.1, res.status(err.status).json(err)', {
    ...anyBadBearer(held(401, { type: UTF8, body: { code: 'invalid_token', status: 401, name: 'UnauthorizedError' } })),
    'no Authorization': buried(401, { type: UTF8, body: { code: 'credentials_required', status: 401, name: 'UnauthorizedError' } }),
  }),
  ...server('express-oauth2-jwt-bearer 1.10.0', {
    expired: held(401, {
      type: 'text/html; charset=utf-8',
      challenge: `Bearer realm="api", error="invalid_token", error_description="'exp' claim timestamp check failed", ${DPOP}`,
    }),
    'no Authorization': buried(401, { type: 'text/html; charset=utf-8', challenge: `Bearer realm="api", ${DPOP}` }),
  }),
  ...server('passport-http-bearer 1.0.1', {
    ...anyBadBearer(held(401, { challenge: 'Bearer realm="Users", error="invalid_token"', body: 'Unauthorized' })),
    'no Authorization': buried(401, { challenge: 'Bearer realm="Users"', body: 'Unauthorized' }),
  }),

  // By hand, as tutorials have it: the sentence or the class in `error` is no code, and a 403 is no 401.
  ...server('jsonwebtoken 9.0.3, { error: err.message }', {
    expired: held(401, { type: UTF8, body: { error: 'jwt expired' } }),
    'bad signature': held(401, { type: UTF8, body: { error: 'invalid signature' } }),
    garbage: held(401, { type: UTF8, body: { error: 'jwt malformed' } }),
    'no Authorization': buried(401, { type: UTF8, body: { error: 'No token provided' } }),
  }),
  ...server('jsonwebtoken 9.0.3, { error: err.name }', {
    expired: held(401, { type: UTF8, body: { error: 'TokenExpiredError', message: 'jwt expired' } }),
    'bad signature': held(401, { type: UTF8, body: { error: 'JsonWebTokenError', message: 'invalid signature' } }),
  }),
  ...server('jsonwebtoken 9.0.3, res.sendStatus(403)', {
    expired: held(403, { type: 'text/plain; charset=utf-8', body: 'Forbidden', token: 'over' }),
    'bad signature': buried(403, { type: 'text/plain; charset=utf-8', body: 'Forbidden', wrong: LOST }),
    garbage: buried(403, { type: 'text/plain; charset=utf-8', body: 'Forbidden', wrong: LOST }),
    'no Authorization': buried(401, { type: 'text/plain; charset=utf-8', body: 'Unauthorized' }),
  }),

  ...server('@fastify/jwt 10.2.8', {
    expired: held(401, { type: UTF8, body: { statusCode: 401, code: 'FST_JWT_AUTHORIZATION_TOKEN_EXPIRED', error: 'Unauthorized' } }),
    'bad signature': held(401, {
      type: UTF8,
      body: { statusCode: 401, code: 'FST_JWT_AUTHORIZATION_TOKEN_INVALID', error: 'Unauthorized' },
    }),
    'no Authorization': buried(401, {
      type: UTF8,
      body: { statusCode: 401, code: 'FST_JWT_NO_AUTHORIZATION_IN_HEADER', error: 'Unauthorized' },
    }),
  }),
  ...server('hono 4.13.19, hono/jwt', {
    ...anyBadBearer(
      held(401, {
        type: 'text/plain;charset=UTF-8',
        challenge: 'Bearer realm="http://localhost/write",error="invalid_token",error_description="token verification failure"',
      }),
    ),
    'no Authorization': buried(401, {
      type: 'text/plain;charset=UTF-8',
      challenge: 'Bearer realm="http://localhost/write",error="invalid_request",error_description="no authorization included in request"',
    }),
  }),
  ...server('koa-jwt 4.0.4, { error: err.originalError.message }', {
    expired: held(401, { type: UTF8, body: { error: 'jwt expired' } }),
    'no Authorization': buried(401, { type: UTF8, body: { error: 'Authentication Error' } }),
  }),
  ...server('h3 1.15.11, createError', {
    ...anyBadBearer(held(401, { type: 'application/json', body: { statusCode: 401, statusMessage: 'Unauthorized', stack: [] } })),
    'no Authorization': buried(401, { type: 'application/json', body: { statusCode: 401, statusMessage: 'Unauthorized', stack: [] } }),
  }),
  ...server('h3 2.0.8, HTTPError', {
    ...anyBadBearer(held(401, { type: 'application/json;charset=UTF-8', body: { status: 401, statusText: 'Unauthorized', message: 'Unauthorized' } })),
    'no Authorization': buried(401, {
      type: 'application/json;charset=UTF-8',
      body: { status: 401, statusText: 'Unauthorized', message: 'Unauthorized' },
    }),
  }),
  ...server('elysia 1.4.30, @elysiajs/jwt 1.4.2', {
    ...anyBadBearer(held(401, { type: 'text/plain', body: 'Unauthorized' })),
    'no Authorization': buried(401, { type: 'text/plain', body: 'Unauthorized' }),
  }),
  ...server('elysia 1.4.30, @elysiajs/bearer 1.4.4', {
    'no Authorization': buried(400, { type: 'text/plain', challenge: `Bearer realm='sign', error="invalid_request"`, body: 'Unauthorized' }),
  }),

  ...server('@nestjs/core 12.5.1, the documented AuthGuard', {
    ...anyBadBearer(held(401, { type: UTF8, body: UNAUTHORIZED })),
    'no Authorization': buried(401, { type: UTF8, body: UNAUTHORIZED }),
  }),
  ...server('@nestjs/core 12.5.1, UnauthorizedException({ code })', {
    expired: held(401, { type: UTF8, body: { code: 'TOKEN_INVALID', message: 'jwt expired' } }),
    'bad signature': held(401, { type: UTF8, body: { code: 'TOKEN_INVALID', message: 'invalid signature' } }),
    'no Authorization': buried(401, { type: UTF8, body: { code: 'NO_TOKEN' } }),
  }),
  ...server('@nestjs/core 12.5.1, a guard that returns false', {
    expired: held(403, { type: UTF8, body: { message: 'Forbidden resource', error: 'Forbidden', statusCode: 403 }, token: 'over' }),
    'bad signature': buried(403, { type: UTF8, body: { message: 'Forbidden resource', error: 'Forbidden', statusCode: 403 }, wrong: LOST }),
  }),

  ...server('json-server-auth 2.1.0, guard 660', {
    expired: held(401, { type: UTF8, body: 'jwt expired' }),
    'bad signature': held(401, { type: UTF8, body: 'invalid signature' }),
    garbage: held(401, { type: UTF8, body: 'jwt malformed' }),
    'no Authorization': buried(401, { type: UTF8, body: 'Missing authorization header' }),
  }),
  ...server('LoopBack, @loopback/authentication-jwt 0.16.12', {
    expired: held(401, {
      type: UTF8,
      body: { error: { statusCode: 401, name: 'UnauthorizedError', message: 'Error verifying token : jwt expired' } },
    }),
    'bad signature': held(401, {
      type: UTF8,
      body: { error: { statusCode: 401, name: 'UnauthorizedError', message: 'Error verifying token : invalid signature' } },
    }),
    'no Authorization': buried(401, {
      type: UTF8,
      body: { error: { statusCode: 401, name: 'UnauthorizedError', message: 'Authorization header not found.' } },
    }),
  }),
  ...server('Keycloak, keycloak-connect 26.1.1, bearer-only', {
    expired: held(403, { body: 'Access denied', token: 'over' }),
    'bad signature': buried(403, { body: 'Access denied', wrong: LOST }),
    garbage: buried(403, { body: 'Access denied', wrong: LOST }),
    'no Authorization': buried(403, { body: 'Access denied' }),
  }),
  ...server('Clerk, @clerk/express 2.1.70, getAuth()', {
    ...anyBadBearer(held(401, { type: UTF8, body: { error: 'User not authenticated' } })),
    'no Authorization': buried(401, { type: UTF8, body: { error: 'User not authenticated' } }),
  }),
  // Redirected to `/`, where a page answers.
  ...server('Clerk, @clerk/express 2.1.70, requireAuth()', {
    ...anyBadBearer(buried(200, { type: 'text/html; charset=utf-8', isPage: true, wrong: LOST })),
    'no Authorization': buried(200, { type: 'text/html; charset=utf-8', isPage: true }),
  }),

  ...server('@feathersjs/koa 5.0.50', {
    expired: held(401, { type: UTF8, body: { name: 'NotAuthenticated', message: 'jwt expired', code: 401, className: 'not-authenticated' } }),
    'no Authorization': buried(401, {
      type: UTF8,
      body: { name: 'NotAuthenticated', message: 'Not authenticated', code: 401, className: 'not-authenticated' },
    }),
    'wrong password': held(401, {
      type: UTF8,
      body: { name: 'NotAuthenticated', message: 'Invalid login', code: 401, className: 'not-authenticated' },
      wrong: HELD_FOR_NOTHING,
    }),
  }),
  ...server('@feathersjs/koa 5.0.50 with a JWT that it accepted before', {
    'wrong password': buried(401, {
      type: UTF8,
      body: { name: 'NotAuthenticated', message: 'Invalid login', code: 401, className: 'not-authenticated' },
      token: 'accepted',
    }),
  }),
  ...server('better-auth 1.7.25', {
    ...anyBadBearer(held(401, { type: 'application/json', body: { message: 'Unauthorized', code: 'UNAUTHORIZED' } })),
    'no Authorization': buried(401, { type: 'application/json', body: { message: 'Unauthorized', code: 'UNAUTHORIZED' } }),
    'wrong password': buried(401, {
      type: 'application/json',
      body: { message: 'Invalid email or password', code: 'INVALID_EMAIL_OR_PASSWORD' },
    }),
  }),

  // A 401 that was kept under the idempotency key is given to the fresh token too.
  ...server('@node-idempotency/nestjs 1.0.4, a kept 401', {
    'valid bearer': held(401, {
      type: UTF8,
      headers: { 'idempotent-replayed': 'true' },
      body: { message: 'token expired', error: 'Unauthorized', statusCode: 401 },
      wrong: 'held under three fresh tokens, then a dead letter',
    }),
  }),

  // A development proxy whose API is stopped: no token is at fault.
  ...server('Vite 7.3.8, server.proxy, the API stopped', {
    'valid bearer': retried(500, { type: 'text/plain', wrong: 'a dead letter after five retries, as if the API had failed' }),
  }),
  ...server('Vite 8.3.8, server.proxy, the API stopped', { 'valid bearer': retried(502, { type: 'text/plain' }) }),
  ...server('http-proxy-middleware 3.0.11, the API stopped', { 'valid bearer': retried(504) }),
];
