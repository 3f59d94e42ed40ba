// graphql-yoga 5.24.1: https://the-guild.dev/graphql/yoga-server/docs/features/error-masking#error-codes-and-other-extensions
import { GraphQLError } from 'graphql';
import { createSchema, createYoga } from 'graphql-yoga';
import jwt from 'jsonwebtoken';
import { json, type Stack } from '../stack.js';
import { BY_SECRET, SECRET } from '../tokens.js';

const typeDefs = 'type Query { notes: [String] } type Mutation { add(text: String!): String }';
const query = 'mutation Add($text: String!) { add(text: $text) }';

const answering = (http?: { status: number }): Stack => ({
  ...BY_SECRET,
  write: (text) => json('/api/graphql', { query, variables: { text } }),
  listener(act) {
    const add = (_parent: unknown, { text }: { text: string }, { request }: { request: Request }) => {
      try {
        jwt.verify(request.headers.get('Authorization')?.split(' ')[1] ?? '', SECRET);
      } catch {
        throw new GraphQLError('Not authenticated', { extensions: { code: 'UNAUTHENTICATED', ...(http && { http }) } });
      }
      act(text);
      return text;
    };
    const schema = createSchema({ typeDefs, resolvers: { Mutation: { add } } });
    const yoga = createYoga({ schema, graphqlEndpoint: '/api/graphql', logging: false });
    return (request, response) => yoga(request, response);
  },
});

/** As documented. */
export const answering401 = answering({ status: 401 });
export const answering200 = answering();
