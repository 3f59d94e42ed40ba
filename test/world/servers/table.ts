import { readFileSync } from 'node:fs';
import type { Stack } from './stack.js';

interface Row {
  /** The packages that the title names, each with its version. */
  packages: string[];
  /** Which of several set-ups of the same packages this one is. */
  setup?: string;
  load(): Promise<Stack>;
  /** The status that answers a write which the stack accepts. @default 201 */
  accepted?: number;
  /** The status that answers a token which the stack refuses. */
  refused: number;
  /** The status that answers a request without a token. @default refused */
  anonymous?: number;
  /** Set where nothing in the refusal speaks of the token: the replay becomes a dead letter, and isn't held. */
  dead?: { reason: 'permanent' | 'redirected' | 'retries-exhausted'; because: string };
  /** The source text of the backend's `auth` options. */
  auth?: string;
  /** Only the stack can tell when one of its tokens is over. */
  opaque?: true;
  signsIn?: true;
}

const GRAPHQL = `bodyErrors: 'graphql'`;
export const TRPC = `bodyErrors: 'trpc'`;
const FORBIDDEN = 'a 403 to a token that isn’t over may speak of rights';

export const STACKS: Row[] = [
  { packages: ['express-jwt', 'express'], load: async () => (await import('./stacks/express-jwt.js')).stack, refused: 401 },
  {
    packages: ['jsonwebtoken', 'express'],
    setup: '{ error: err.message }',
    load: async () => (await import('./stacks/jsonwebtoken.js')).answeringItsMessage,
    refused: 401,
    signsIn: true,
  },
  {
    packages: ['jsonwebtoken', 'express'],
    setup: '{ error: err.name }',
    load: async () => (await import('./stacks/jsonwebtoken.js')).answeringItsName,
    refused: 401,
  },
  {
    packages: ['jsonwebtoken', 'express'],
    setup: 'sendStatus(403)',
    load: async () => (await import('./stacks/jsonwebtoken.js')).answering403,
    refused: 403,
    anonymous: 401,
    dead: { reason: 'permanent', because: FORBIDDEN },
  },
  { packages: ['@fastify/jwt', 'fastify'], load: async () => (await import('./stacks/fastify-jwt.js')).stack, refused: 401 },
  { packages: ['hono', '@hono/node-server'], setup: 'hono/jwt', load: async () => (await import('./stacks/hono-jwt.js')).stack, refused: 401 },
  { packages: ['koa-jwt', 'koa'], load: async () => (await import('./stacks/koa-jwt.js')).stack, refused: 401 },
  { packages: ['passport-jwt', 'passport', 'express'], load: async () => (await import('./stacks/passport-jwt.js')).stack, refused: 401 },
  { packages: ['express-oauth2-jwt-bearer', 'express'], load: async () => (await import('./stacks/express-oauth2-jwt-bearer.js')).stack, refused: 401 },
  { packages: ['@nestjs/core', '@nestjs/jwt'], load: async () => (await import('./stacks/nest.js')).documented, refused: 401, signsIn: true },
  {
    packages: ['@nestjs/core', '@nestjs/jwt'],
    setup: '{ code: TOKEN_INVALID }',
    load: async () => (await import('./stacks/nest.js')).answeringItsCode,
    refused: 401,
  },
  {
    packages: ['@nestjs/core', '@nestjs/jwt'],
    setup: 'a guard that returns false',
    load: async () => (await import('./stacks/nest.js')).returningFalse,
    refused: 403,
    anonymous: 401,
    dead: { reason: 'permanent', because: FORBIDDEN },
  },
  { packages: ['@feathersjs/koa', '@feathersjs/authentication'], load: async () => (await import('./stacks/feathers.js')).stack, refused: 401, signsIn: true },
  { packages: ['@apollo/server'], setup: 'http: 401', load: async () => (await import('./stacks/apollo.js')).contextAnswers401, accepted: 200, refused: 401 },
  {
    packages: ['@apollo/server'],
    setup: 'a resolver that throws',
    load: async () => (await import('./stacks/apollo.js')).resolverThrows,
    accepted: 200,
    refused: 200,
    auth: GRAPHQL,
  },
  {
    packages: ['@apollo/server'],
    setup: 'a context that throws',
    load: async () => (await import('./stacks/apollo.js')).contextThrows,
    accepted: 200,
    refused: 500,
    auth: GRAPHQL,
  },
  {
    packages: ['@apollo/server'],
    setup: 'a context where jwt.verify throws',
    load: async () => (await import('./stacks/apollo.js')).contextLetsVerifyThrow,
    accepted: 200,
    refused: 500,
    auth: GRAPHQL,
    dead: { reason: 'retries-exhausted', because: 'INTERNAL_SERVER_ERROR says nothing of the token' },
  },
  { packages: ['graphql-yoga'], setup: 'http: 401', load: async () => (await import('./stacks/yoga.js')).answering401, accepted: 200, refused: 401 },
  { packages: ['graphql-yoga'], setup: 'no http', load: async () => (await import('./stacks/yoga.js')).answering200, accepted: 200, refused: 200, auth: GRAPHQL },
  { packages: ['@trpc/server', '@trpc/client'], setup: 'httpLink', load: async () => (await import('./stacks/trpc.js')).byHttpLink, accepted: 200, refused: 401 },
  { packages: ['@trpc/server', '@trpc/client'], setup: 'httpBatchLink', load: async () => (await import('./stacks/trpc.js')).byHttpBatchLink, accepted: 200, refused: 401 },
  {
    packages: ['@trpc/server', '@trpc/client'],
    setup: 'httpBatchStreamLink',
    load: async () => (await import('./stacks/trpc.js')).byHttpBatchStreamLink,
    accepted: 200,
    refused: 200,
    auth: TRPC,
  },
  { packages: ['better-auth', 'hono'], load: async () => (await import('./stacks/better-auth.js')).stack, refused: 401, opaque: true, signsIn: true },
  {
    packages: ['@clerk/express', 'express'],
    setup: 'requireAuth()',
    load: async () => (await import('./stacks/clerk.js')).stack,
    refused: 302,
    dead: { reason: 'redirected', because: 'the redirect leads to a page' },
  },
  {
    packages: ['keycloak-connect', 'express'],
    setup: 'bearer-only',
    load: async () => (await import('./stacks/keycloak-connect.js')).stack,
    refused: 403,
    dead: { reason: 'permanent', because: FORBIDDEN },
  },
];

/** Names the packages with the versions that package.json pins. */
export function titled(packages: string[], setup?: string): string {
  const versions = packages.map((name) => `${name} ${DEPENDENCIES[name]}`).join(' + ');
  return setup ? `${versions}, ${setup}` : versions;
}

const { devDependencies: DEPENDENCIES } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
  devDependencies: Record<string, string>;
};
