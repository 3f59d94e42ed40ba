import { AGAIN, anyBadBearer, buried, HELD_FOR_NOTHING, held, JSON_TYPE, LOST, retried, server, type Row } from './row.js';

// Servers that weren't run for this table: what their sources, tests, documentation or users' reports say that they answer.
// A source is a repository with its file and commit, an issue, or a page.

const UNAUTHENTICATED = { type: JSON_TYPE, body: { message: 'Unauthenticated.' } };

/** Frameworks and gateways. */
export const documentedFrameworks: Row[] = [
  ...server(
    'Devise with devise-jwt',
    { ...anyBadBearer(held(401, { type: JSON_TYPE, body: { error: 'You need to sign in or sign up before continuing.' } })) },
    'heartcombo/devise, lib/devise/failure_app.rb (036ee16); waiting-for-dev/warden-jwt_auth, lib/warden/jwt_auth/strategy.rb (0075c04)',
  ),
  // The failure app offers Basic to whoever failed, so the one exception that is standardised misleads.
  ...server(
    'Devise with devise-jwt and http_authenticatable',
    {
      ...anyBadBearer(
        buried(401, {
          type: JSON_TYPE,
          challenge: 'Basic realm="Application"',
          body: { error: 'You need to sign in or sign up before continuing.' },
          wrong: LOST,
        }),
      ),
    },
    'heartcombo/devise, lib/devise/failure_app.rb (036ee16)',
  ),
  ...server(
    'Doorkeeper',
    {
      expired: held(401, {
        type: 'application/json; charset=utf-8',
        challenge: 'Bearer realm="Doorkeeper", error="invalid_token", error_description="The access token expired"',
      }),
    },
    'doorkeeper-gem/doorkeeper, lib/doorkeeper/oauth/error_response.rb (0800715) and config/locales/en.yml (02a7def)',
  ),
  ...server(
    'Laravel Sanctum 3.3.3',
    { garbage: held(401, UNAUTHENTICATED), 'no Authorization': buried(401, UNAUTHENTICATED) },
    'laravel/sanctum#519',
  ),
  ...server(
    'league/oauth2-server (Laravel Passport)',
    {
      garbage: held(401, {
        type: JSON_TYPE,
        body: { error: 'access_denied', message: 'The resource owner or authorization server denied the request.' },
      }),
    },
    'thephpleague/oauth2-server, src/Exception/OAuthServerException.php (00a7972)',
  ),
  // A scheme that nobody else has.
  ...server(
    'tymon/jwt-auth',
    {
      expired: held(401, { type: JSON_TYPE, challenge: 'jwt-auth', body: { message: 'Token has expired' } }),
      'no Authorization': buried(401, { type: JSON_TYPE, challenge: 'jwt-auth', body: { message: 'Token not provided' } }),
    },
    'tymondesigns/jwt-auth, src/Http/Middleware/BaseMiddleware.php (232326e)',
  ),
  ...server(
    'tymon/jwt-auth, the handler of its wiki',
    { expired: held(401, { type: JSON_TYPE, body: ['token_expired'] }) },
    'tymondesigns/jwt-auth#1562',
  ),
  ...server(
    'LexikJWTAuthenticationBundle (Symfony)',
    { expired: held(401, { type: JSON_TYPE, challenge: 'Bearer', body: { code: 401, message: 'Expired JWT Token' } }) },
    'lexik/LexikJWTAuthenticationBundle, Response/JWTAuthenticationFailureResponse.php (111fcff)',
  ),
  ...server(
    'Spring Security, resource server',
    {
      expired: held(401, {
        challenge:
          'Bearer error="invalid_token", ' +
          'error_description="An error occurred while attempting to decode the Jwt: Jwt expired at 2026-01-01T00:00:00Z", ' +
          'error_uri="https://tools.ietf.org/html/rfc6750#section-3.1"',
      }),
      'scope too small': buried(403, { challenge: 'Bearer error="insufficient_scope", scope="test.read test.write"' }),
      'no Authorization': buried(401, { challenge: 'Bearer' }),
    },
    'spring-projects/spring-security, BearerTokenAuthenticationEntryPointTests.java (025fd90), JwtTimestampValidator.java (20aa8be)',
  ),
  ...server(
    'Azure Spring Boot starter for Active Directory, 2020',
    { expired: retried(500, { type: JSON_TYPE, body: { error: 'Internal Server Error' }, wrong: AGAIN }) },
    'Azure/azure-sdk-for-java#15103',
  ),
  ...server(
    'ASP.NET Core, JwtBearer',
    {
      expired: held(401, { challenge: `Bearer error="invalid_token", error_description="The token expired at '02/20/2000 00:00:00'"` }),
      'bad signature': held(401, { challenge: 'Bearer error="invalid_token", error_description="The signature is invalid"' }),
      garbage: held(401, { challenge: 'Bearer error="invalid_token"' }),
      'no Authorization': buried(401, { challenge: 'Bearer' }),
    },
    'dotnet/aspnetcore, src/Security/Authentication/test/JwtBearerTests_Handler.cs (0c8b19a), src/JwtBearerHandler.cs (02d05b5)',
  ),
  ...server(
    'go-chi/jwtauth 5',
    {
      expired: held(401, { type: 'text/plain; charset=utf-8', body: 'token is expired' }),
      'no Authorization': buried(401, { type: 'text/plain; charset=utf-8', body: 'no token found' }),
    },
    'go-chi/jwtauth, jwtauth.go (023b4d6)',
  ),
  // The realm isn't quoted, and has a space.
  ...server(
    'gin-jwt',
    {
      expired: held(401, {
        type: 'application/json; charset=utf-8',
        challenge: 'JWT realm=gin jwt',
        body: { code: 401, message: 'Token is expired' },
      }),
      'wrong password': held(401, {
        type: 'application/json; charset=utf-8',
        challenge: 'JWT realm=gin jwt',
        body: { code: 401, message: 'incorrect Username or Password' },
        wrong: HELD_FOR_NOTHING,
      }),
    },
    'appleboy/gin-jwt, auth_jwt.go (021c095)',
  ),
  ...server(
    'axum, its example of JWT',
    { ...anyBadBearer(buried(400, { type: JSON_TYPE, body: { error: 'Invalid token' }, wrong: LOST })) },
    'tokio-rs/axum, examples/jwt/src/main.rs (021def6)',
  ),
  ...server(
    'django-rest-framework-jwt, 2017',
    { expired: held(401, { type: JSON_TYPE, body: { detail: 'Signature has expired.' } }) },
    'jpadilla/django-rest-framework-jwt#361',
  ),
  ...server(
    'plone.restapi, 2016',
    {
      expired: retried(500, {
        type: JSON_TYPE,
        body: { message: 'Signature has expired', type: 'ExpiredSignatureError' },
        wrong: AGAIN,
      }),
    },
    'plone/plone.restapi#159',
  ),

  // Its parameters have spaces between them, and no commas.
  ...server(
    'AWS API Gateway, HTTP API, JWT authorizer',
    {
      'wrong audience': held(401, {
        type: JSON_TYPE,
        challenge: 'Bearer scope="" error="invalid_token" error_description="the token does not have a valid audience"',
        body: { message: 'Unauthorized' },
      }),
    },
    'docs.aws.amazon.com/apigateway/latest/developerguide/http-api-troubleshooting-jwt.html',
  ),
  ...server(
    'AWS API Gateway, REST API, Cognito authorizer',
    {
      expired: held(401, {
        type: JSON_TYPE,
        headers: { 'x-amzn-errortype': 'UnauthorizedException' },
        body: { message: 'The incoming token has expired' },
      }),
    },
    'aws-amplify/amplify-js#6060',
  ),
  ...server(
    'Kong, jwt plugin 1.0.0',
    {
      expired: held(401, { type: JSON_TYPE, body: { exp: 'token expired' } }),
      'bad signature': buried(403, { type: JSON_TYPE, body: { message: 'Invalid signature' }, wrong: LOST }),
      'no Authorization': buried(401, { type: JSON_TYPE, body: { message: 'Unauthorized' } }),
    },
    'Kong/kong, kong/plugins/jwt/handler.lua (0045b67)',
  ),
  ...server(
    'Envoy, jwt_authn',
    {
      expired: held(401, { type: 'text/plain', challenge: 'Bearer realm="http://localhost/write", error="invalid_token"', body: 'Jwt is expired' }),
      'wrong audience': buried(403, {
        type: 'text/plain',
        challenge: 'Bearer realm="http://localhost/write", error="invalid_token"',
        body: 'Audiences in Jwt are not allowed',
      }),
      'no Authorization': buried(401, { type: 'text/plain', challenge: 'Bearer realm="http://localhost/write"', body: 'Jwt is missing' }),
    },
    'envoyproxy/envoy, source/extensions/filters/http/jwt_authn/filter.cc (0016b95)',
  ),
];
