// @apollo/server 5.5.1, @as-integrations/express5 1.1.2: https://www.apollographql.com/docs/apollo-server/security/authentication
import { ApolloServer } from '@apollo/server';
import { expressMiddleware } from '@as-integrations/express5';
import express, { type Request } from 'express';
import { GraphQLError } from 'graphql';
import jwt from 'jsonwebtoken';
import { json, type Stack } from '../stack.js';
import { BY_SECRET, SECRET } from '../tokens.js';

const typeDefs = 'type Query { notes: [String] } type Mutation { add(text: String!): String }';
const query = 'mutation Add($text: String!) { add(text: $text) }';

const unauthenticated = (http?: { status: number }) =>
  new GraphQLError('User is not authenticated', { extensions: { code: 'UNAUTHENTICATED', ...(http && { http }) } });

const isSignedIn = ({ headers }: Request): boolean => {
  try {
    jwt.verify(headers.authorization?.split(' ')[1] ?? '', SECRET);
    return true;
  } catch {
    return false;
  }
};

interface Context {
  signedIn: boolean;
}

interface Checks {
  context?(request: Request): void;
  resolver?(context: Context): void;
}

const checking = (checks: Checks): Stack => ({
  ...BY_SECRET,
  write: (text) => json('/api/graphql', { query, variables: { text } }, { Accept: 'application/graphql-response+json, application/json;q=0.9' }),
  async listener(act) {
    const add = (_parent: unknown, { text }: { text: string }, context: Context) => {
      checks.resolver?.(context);
      act(text);
      return text;
    };
    const server = new ApolloServer<Context>({ typeDefs, resolvers: { Mutation: { add } }, stopOnTerminationSignals: false });
    await server.start();
    const context = async ({ req }: { req: Request }) => {
      checks.context?.(req);
      return { signedIn: isSignedIn(req) };
    };
    return express().use('/api/graphql', express.json(), expressMiddleware(server, { context }));
  },
});

/** The documentation's own. */
export const contextAnswers401 = checking({
  context(request) {
    if (!isSignedIn(request)) throw unauthenticated({ status: 401 });
  },
});

export const resolverThrows = checking({
  resolver({ signedIn }) {
    if (!signedIn) throw unauthenticated();
  },
});

export const contextThrows = checking({
  context(request) {
    if (!isSignedIn(request)) throw unauthenticated();
  },
});

export const contextLetsVerifyThrow = checking({
  context: ({ headers }) => void jwt.verify(headers.authorization?.split(' ')[1] ?? '', SECRET),
});
