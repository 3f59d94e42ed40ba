// @fastify/rate-limit 11.2.0, fastify 5.12.8: https://github.com/fastify/fastify-rate-limit#options, "ban"
import rateLimit from '@fastify/rate-limit';
import fastify from 'fastify';
import type { Server } from '../stack.js';

export const limiter: Server = {
  async listener(act) {
    const app = fastify();
    // The first refusal is a 429, and the second a 403.
    await app.register(rateLimit, { max: 1, ban: 1, timeWindow: 2_000 });
    app.post<{ Body: { text: string } }>('/api/notes', async ({ body }, reply) => {
      act(body.text);
      return reply.code(201).send();
    });
    await app.ready();
    return app.routing;
  },
};
