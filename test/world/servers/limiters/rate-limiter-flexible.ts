// rate-limiter-flexible 11.4.0, express 5.3.0: https://github.com/animir/node-rate-limiter-flexible#basic-example, with its headers
import express, { type RequestHandler } from 'express';
import { RateLimiterMemory, type RateLimiterRes } from 'rate-limiter-flexible';
import { writeHandlers } from '../express.js';
import type { Server } from '../stack.js';

const opts = { points: 1, duration: 1.5 };

const middleware = (): RequestHandler => {
  const rateLimiter = new RateLimiterMemory(opts);
  return (request, response, next) => {
    rateLimiter
      .consume(request.ip!)
      .then(() => next())
      .catch((rateLimiterRes: RateLimiterRes) => {
        response.set({
          'Retry-After': String(rateLimiterRes.msBeforeNext / 1000),
          'X-RateLimit-Limit': String(opts.points),
          'X-RateLimit-Remaining': String(rateLimiterRes.remainingPoints),
          'X-RateLimit-Reset': String(Math.ceil((Date.now() + rateLimiterRes.msBeforeNext) / 1000)),
        });
        response.status(429).send('Too Many Requests');
      });
  };
};

export const limiter: Server = {
  listener: (act) =>
    express()
      .use(middleware())
      .post('/api/notes', ...writeHandlers(act)),
};
