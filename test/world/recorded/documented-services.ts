import { AGAIN, anyBadBearer, buried, GONE, HELD_FOR_NOTHING, held, JSON_TYPE, LOST, retried, server, taken, type Row } from './row.js';

// As documented-frameworks.ts: from sources, tests, documentation and users' reports.

/** Backends and services. */
export const documentedServices: Row[] = [
  ...server(
    'PostgREST, 2025',
    {
      expired: held(401, {
        type: JSON_TYPE,
        challenge: 'Bearer error="invalid_token", error_description="JWT expired"',
        body: { code: 'PGRST303', message: 'JWT expired', details: null, hint: null },
      }),
      garbage: held(401, {
        type: JSON_TYPE,
        challenge: 'Bearer error="invalid_token", error_description="Expected 3 parts in JWT; got 2"',
        body: { code: 'PGRST301', message: 'Expected 3 parts in JWT; got 2', details: null, hint: null },
      }),
      'valid bearer': buried(403, {
        type: JSON_TYPE,
        body: { code: '42501', message: 'permission denied for table private_table', details: null, hint: null },
      }),
      'no Authorization': buried(401, {
        type: JSON_TYPE,
        challenge: 'Bearer',
        body: { code: '42501', message: 'permission denied for table authors_only', details: null, hint: null },
      }),
    },
    'PostgREST/postgrest, test/spec/Feature/Auth/AuthSpec.hs (0eb4b3b)',
  ),
  ...server(
    'Supabase, PostgREST in 2022',
    { expired: held(401, { type: JSON_TYPE, body: { code: 'PGRST301', details: null, hint: null, message: 'JWT expired' } }) },
    'rafaelwendel/phpsupabase#15',
  ),
  ...server(
    'Supabase Storage, 2023',
    {
      expired: buried(400, { type: JSON_TYPE, body: { statusCode: '400', error: 'jwt expired', message: 'jwt expired' }, wrong: LOST }),
      garbage: buried(400, { type: JSON_TYPE, body: { statusCode: '400', error: 'jwt malformed', message: 'jwt malformed' }, wrong: LOST }),
    },
    'supabase/storage, src/http/plugins/jwt.ts (01b1d8c); supabase/supabase-flutter#318; nuxt-modules/supabase#113',
  ),
  ...server(
    'Hasura 2, /v1/graphql',
    {
      expired: held(200, {
        type: JSON_TYPE,
        body: { errors: [{ extensions: { code: 'invalid-jwt', path: '$' }, message: 'Could not verify JWT: JWTExpired' }] },
        bodyErrors: 'graphql',
      }),
      'bad signature': held(200, {
        type: JSON_TYPE,
        body: { errors: [{ extensions: { code: 'invalid-jwt', path: '$' }, message: 'Could not verify JWT: JWSError JWSInvalidSignature' }] },
        bodyErrors: 'graphql',
      }),
      'scope too small': taken(200, {
        type: JSON_TYPE,
        body: { errors: [{ extensions: { code: 'access-denied', path: '$' }, message: 'Your requested role is not in allowed roles' }] },
        bodyErrors: 'graphql',
        wrong: GONE,
      }),
    },
    'hasura/graphql-engine, server/tests-py/test_jwt.py (07ef141)',
  ),
  ...server(
    'Hasura 2, /v1/graphql, without the option',
    {
      expired: taken(200, {
        type: JSON_TYPE,
        body: { errors: [{ extensions: { code: 'invalid-jwt', path: '$' }, message: 'Could not verify JWT: JWTExpired' }] },
        wrong: GONE,
      }),
    },
    'hasura/graphql-engine#8659',
  ),
  ...server(
    'Nhost Storage, 2025',
    { expired: retried(500, { type: JSON_TYPE, body: { error: { message: 'an internal server error occurred' } }, wrong: AGAIN }) },
    'nhost/nhost#3389',
  ),
  ...server(
    'Directus',
    {
      expired: held(401, { type: JSON_TYPE, body: { errors: [{ message: 'Token expired.', extensions: { code: 'TOKEN_EXPIRED' } }] } }),
      garbage: buried(403, {
        type: JSON_TYPE,
        body: { errors: [{ message: 'Invalid token.', extensions: { code: 'INVALID_TOKEN' } }] },
        wrong: LOST,
      }),
      'wrong one-time code': buried(401, {
        type: JSON_TYPE,
        body: { errors: [{ message: 'Invalid user OTP.', extensions: { code: 'INVALID_OTP' } }] },
      }),
    },
    'directus/directus, packages/errors/src/errors/token-expired.ts (3c17fab), invalid-token.ts and invalid-otp.ts (13a2b35)',
  ),
  ...server(
    'Directus with a JWT that it accepted before',
    {
      'wrong password': buried(401, {
        type: JSON_TYPE,
        body: { errors: [{ message: 'Invalid user credentials.', extensions: { code: 'INVALID_CREDENTIALS' } }] },
        token: 'accepted',
      }),
    },
    'directus/directus, packages/errors/src/errors/invalid-credentials.ts (0532b55)',
  ),
  ...server(
    'Strapi 3.1.4',
    { garbage: held(401, { type: JSON_TYPE, body: { statusCode: 401, error: 'Unauthorized', message: 'Invalid token.' } }) },
    'strapi/strapi#7579',
  ),
  ...server(
    'Strapi 5',
    {
      ...anyBadBearer(
        held(401, {
          type: JSON_TYPE,
          body: { data: null, error: { status: 401, name: 'UnauthorizedError', message: 'Missing or invalid credentials', details: {} } },
        }),
      ),
    },
    'strapi/strapi, packages/core/core/src/services/errors.ts (790f043); strapi/strapi#14602',
  ),
  ...server(
    'PocketBase before 0.23, RequireRecordAuth',
    {
      ...anyBadBearer(
        held(401, { type: JSON_TYPE, body: { code: 401, message: 'The request requires valid record authorization token to be set.', data: {} } }),
      ),
    },
    'pocketbase/pocketbase, apis/middlewares.go (0110869)',
  ),
  ...server(
    'CouchDB 3, JWT authentication',
    {
      expired: held(401, { type: JSON_TYPE, body: { error: 'unauthorized', reason: 'exp not in future' } }),
      'bad signature': buried(400, { type: JSON_TYPE, body: { error: 'bad_request', reason: 'Bad HMAC' }, wrong: LOST }),
    },
    'apache/couchdb, src/jwtf/src/jwtf.erl (1ab4ff3), test/elixir/test/jwtauth_test.exs (0721ead)',
  ),
  ...server(
    'WordPress, JWT Authentication for WP REST API 1.3.5',
    {
      expired: held(403, {
        type: JSON_TYPE,
        body: { code: 'jwt_auth_invalid_token', message: 'Expired token', data: { status: 403 } },
        token: 'over',
      }),
      'bad signature': buried(403, {
        type: JSON_TYPE,
        body: { code: 'jwt_auth_invalid_token', message: 'Signature verification failed', data: { status: 403 } },
        wrong: LOST,
      }),
    },
    'Tmeister/wp-api-jwt-auth, readme.txt (041888f)',
  ),

  ...server(
    'Firebase, Firestore REST',
    {
      expired: held(401, {
        type: JSON_TYPE,
        body: { error: { code: 401, message: 'Request had invalid authentication credentials. …', status: 'UNAUTHENTICATED' } },
      }),
    },
    'Moe03/firebase-admin-rest#4',
  ),
  ...server(
    'Auth0, Management API',
    { expired: held(401, { type: JSON_TYPE, body: { message: 'Expired token received for JSON Web Token validation' } }) },
    'auth0/laravel-auth0#455',
  ),
  ...server(
    'Microsoft Graph',
    {
      expired: held(401, {
        type: JSON_TYPE,
        challenge:
          'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", ' +
          'client_id="00000003-0000-0000-c000-000000000000"',
        body: { error: { code: 'InvalidAuthenticationToken', message: 'Access token has expired or is not yet valid.' } },
      }),
    },
    'microsofthackathons/tdi#24',
  ),
  ...server(
    'GitLab',
    {
      expired: held(401, {
        type: JSON_TYPE,
        body: { error: 'invalid_token', error_description: 'Token is expired. You can either do re-authorization or token refresh.' },
      }),
      'scope too small': buried(403, { type: JSON_TYPE, body: { error: 'insufficient_scope' } }),
    },
    'gitlabhq/gitlabhq, lib/api/api_guard.rb (017a6c1)',
  ),
  // Opaque tokens, so nothing tells that this one is good: asking for a password looks like asking for a token.
  ...server(
    'Matrix Synapse, 2025',
    {
      expired: held(401, { type: JSON_TYPE, body: { errcode: 'M_UNKNOWN_TOKEN', error: 'Access token has expired', soft_logout: true } }),
      'scope too small': buried(401, {
        type: JSON_TYPE,
        challenge: 'Bearer error="insufficient_scope", scope="urn:synapse:admin:*"',
        body: { errcode: 'M_FORBIDDEN', error: 'Insufficient scope' },
      }),
      'password asked for': held(401, {
        type: JSON_TYPE,
        body: { session: 'abc', flows: [{ stages: ['m.login.password'] }], params: {} },
        wrong: HELD_FOR_NOTHING,
      }),
      'no Authorization': buried(401, { type: JSON_TYPE, body: { errcode: 'M_MISSING_TOKEN', error: 'Missing access token' } }),
    },
    'element-hq/synapse, synapse/api/errors.py (001b1ec), synapse/handlers/auth.py (03b7d9b)',
  ),
  ...server(
    'HashiCorp Vault',
    { expired: buried(403, { type: JSON_TYPE, body: { errors: ['permission denied'] }, wrong: LOST }) },
    'hashicorp/vault, website/content/api-docs/index.mdx (085996f)',
  ),
  ...server(
    'Slack Web API',
    { expired: taken(200, { type: JSON_TYPE, body: { ok: false, error: 'invalid_auth' }, wrong: GONE }) },
    'mautrix/slack#31; jolicode/slack-php-api#47',
  ),
  ...server(
    'Slack Web API',
    {
      expired: held(200, {
        type: JSON_TYPE,
        body: { ok: false, error: 'invalid_auth' },
        bodyErrors: (body) => (body as { error?: string }).error === 'invalid_auth',
      }),
    },
    'mautrix/slack#31; jolicode/slack-php-api#47',
  ),
];
