// @fastify/jwt 10.2.8, fastify 5.12.8: https://github.com/fastify/fastify-jwt#usage
import jwt from '@fastify/jwt';
import fastify from 'fastify';
import type { Stack } from '../stack.js';
import { BY_SECRET, SECRET } from '../tokens.js';

export const stack: Stack = {
  ...BY_SECRET,
  async listener(act) {
    const app = fastify();
    await app.register(jwt, { secret: SECRET });
    app.addHook('onRequest', async (request, reply) => {
      try {
        await request.jwtVerify();
      } catch (error) {
        await reply.send(error);
      }
    });
    app.post<{ Body: { text: string } }>('/api/notes', async ({ body }, reply) => {
      act(body.text);
      return reply.code(201).send();
    });
    await app.ready();
    return app.routing;
  },
};
