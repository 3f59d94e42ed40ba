// @fastify/csrf-protection 8.0.2, @fastify/session 11.1.3: https://github.com/fastify/csrf-protection#use-with-fastifysession
import cookie from '@fastify/cookie';
import csrf from '@fastify/csrf-protection';
import session from '@fastify/session';
import fastify from 'fastify';
import type { SessionStack } from '../session-stack.js';

declare module 'fastify' {
  interface Session {
    user: string;
  }
}

/** The sessions that live. */
let sessions = new Map<string, string>();

export const stack: SessionStack = {
  header: 'csrf-token',
  lapse: () => sessions.clear(),
  async listener(act) {
    sessions = new Map();
    const app = fastify();
    await app.register(cookie);
    await app.register(session, {
      secret: 'a secret with the length of thirty-two characters',
      cookie: { secure: false },
      store: {
        set: (id, value, done) => {
          sessions.set(id, JSON.stringify(value));
          done();
        },
        get: (id, done) => done(null, JSON.parse(sessions.get(id) ?? 'null')),
        destroy: (id, done) => {
          sessions.delete(id);
          done();
        },
      },
    });
    await app.register(csrf, { sessionPlugin: '@fastify/session' });
    app.post<{ Body: { user: string } }>('/api/login', async (request, reply) => {
      await request.session.regenerate();
      request.session.user = request.body.user;
      return reply.code(204).send();
    });
    app.get('/api/csrf', async (_request, reply) => ({ token: reply.generateCsrf() }));
    app.post<{ Body: { text: string } }>('/api/notes', { onRequest: app.csrfProtection }, async (request, reply) => {
      if (!request.session.user) return reply.code(401).send();
      act(`${request.session.user}: ${request.body.text}`);
      return reply.code(201).send();
    });
    await app.ready();
    return app.routing;
  },
};
