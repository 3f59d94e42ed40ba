import { AGAIN, anyBadBearer, buried, GONE, held, retried, server, taken, type Row } from './row.js';

// What is refused inside of a body, by servers from npm, each asked over HTTP.

const UNAUTHENTICATED = { errors: [{ message: 'no', path: ['write'], extensions: { code: 'UNAUTHENTICATED' } }], data: { write: null } };
const GRAPHQL = 'application/graphql-response+json; charset=utf-8';
const TRPC_ERROR = { error: { message: 'UNAUTHORIZED', code: -32001, data: { code: 'UNAUTHORIZED', httpStatus: 401, path: 'write' } } };
const HALF_GONE = 'one half is gone; the event says that it’s partial';
const CONTEXT_ERROR = { errors: [{ message: 'User is not authenticated', extensions: { code: 'UNAUTHENTICATED' } }] };

export const graphqlAndTrpc: Row[] = [
  ...server('graphql-yoga 5.24.1, http.status 401', {
    ...anyBadBearer(held(401, { type: GRAPHQL, body: UNAUTHENTICATED })),
    'no Authorization': buried(401, { type: GRAPHQL, body: UNAUTHENTICATED }),
  }),
  ...server('graphql-yoga 5.24.1, no http.status', {
    ...anyBadBearer(taken(200, { type: GRAPHQL, body: UNAUTHENTICATED, wrong: GONE })),
    'no Authorization': taken(200, { type: GRAPHQL, body: UNAUTHENTICATED }),
  }),
  ...server('graphql-yoga 5.24.1, no http.status', {
    ...anyBadBearer(held(200, { type: GRAPHQL, body: UNAUTHENTICATED, bodyErrors: 'graphql' })),
    'no Authorization': taken(200, { type: GRAPHQL, body: UNAUTHENTICATED, bodyErrors: 'graphql' }),
  }),
  ...server('@apollo/server 5.5.1, the context throws with http.status 401', {
    ...anyBadBearer(held(401, { type: GRAPHQL, body: CONTEXT_ERROR })),
    'no Authorization': buried(401, { type: GRAPHQL, body: CONTEXT_ERROR }),
  }),
  ...server('@apollo/server 5.5.1, the context throws UNAUTHENTICATED', {
    expired: retried(500, { type: GRAPHQL, body: CONTEXT_ERROR, wrong: AGAIN }),
    'no Authorization': retried(500, { type: GRAPHQL, body: CONTEXT_ERROR }),
  }),
  ...server('@apollo/server 5.5.1, the context throws UNAUTHENTICATED', {
    expired: held(500, { type: GRAPHQL, body: CONTEXT_ERROR, bodyErrors: 'graphql' }),
    'no Authorization': retried(500, { type: GRAPHQL, body: CONTEXT_ERROR, bodyErrors: 'graphql' }),
  }),
  ...server('@apollo/server 5.5.1, jwt.verify throws in the context', {
    expired: retried(500, {
      type: GRAPHQL,
      body: { errors: [{ message: 'Context creation failed: jwt expired', extensions: { code: 'INTERNAL_SERVER_ERROR' } }] },
      bodyErrors: 'graphql',
      wrong: AGAIN,
    }),
  }),
  ...server('@apollo/server 5.5.1, a resolver throws UNAUTHENTICATED', {
    expired: taken(200, { type: GRAPHQL, body: UNAUTHENTICATED, wrong: GONE }),
  }),
  ...server('@apollo/server 5.5.1, a resolver throws UNAUTHENTICATED', {
    expired: held(200, { type: GRAPHQL, body: UNAUTHENTICATED, bodyErrors: 'graphql' }),
  }),

  ...server('@trpc/server 11.25.2, httpLink', {
    ...anyBadBearer(held(401, { type: 'application/json', body: TRPC_ERROR })),
    'no Authorization': buried(401, { type: 'application/json', body: TRPC_ERROR }),
  }),
  ...server('@trpc/server 11.25.2, httpBatchLink, two refused', {
    ...anyBadBearer(held(401, { type: 'application/json', body: [TRPC_ERROR, TRPC_ERROR] })),
    'no Authorization': buried(401, { type: 'application/json', body: [TRPC_ERROR, TRPC_ERROR] }),
  }),
  ...server('@trpc/server 11.25.2, httpBatchLink, one of two refused', {
    expired: taken(207, { type: 'application/json', body: [{ result: { data: 'done' } }, TRPC_ERROR], bodyErrors: 'trpc', wrong: HALF_GONE }),
  }),
  // Several lines of JSON, as the worker reads them.
  ...server('@trpc/server 11.25.2, httpBatchStreamLink', {
    ...anyBadBearer(taken(200, { type: 'application/json', body: [{ 0: [[0], [null, 0, 0]] }, [0, 0, [[TRPC_ERROR]]]], wrong: GONE })),
  }),
  ...server('@trpc/server 11.25.2, httpBatchStreamLink', {
    ...anyBadBearer(held(200, { type: 'application/json', body: [{ 0: [[0], [null, 0, 0]] }, [0, 0, [[TRPC_ERROR]]]], bodyErrors: 'trpc' })),
  }),
  ...server('@trpc/server 11.25.2, httpBatchStreamLink, two refused', {
    expired: held(200, {
      type: 'application/json',
      body: [{ 0: [[0], [null, 0, 0]], 1: [[0], [null, 0, 1]] }, [0, 0, [[TRPC_ERROR]]], [1, 0, [[TRPC_ERROR]]]],
      bodyErrors: 'trpc',
    }),
  }),
  ...server('@trpc/server 11.25.2, httpBatchStreamLink, one of two refused', {
    expired: taken(200, {
      type: 'application/json',
      body: [
        { 0: [[0], [null, 0, 0]], 1: [[0], [null, 0, 1]] },
        [1, 0, [[TRPC_ERROR]]],
        [0, 0, [[{ result: 0 }], ['result', 0, 2]]],
        [2, 0, [[{ data: 0 }], ['data', 0, 3]]],
        [3, 0, [['done']]],
      ],
      bodyErrors: 'trpc',
      wrong: HALF_GONE,
    }),
  }),
];
