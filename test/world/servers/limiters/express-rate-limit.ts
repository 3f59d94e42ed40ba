// express-rate-limit 8.7.5, express 5.3.0: https://express-rate-limit.mintlify.app/quickstart/usage
import express from 'express';
import { rateLimit } from 'express-rate-limit';
import { writeHandlers } from '../express.js';
import type { Server } from '../stack.js';

export const limiter: Server = {
  listener: (act) =>
    express()
      .use(rateLimit({ windowMs: 2_000, limit: 1 }))
      .post('/api/notes', ...writeHandlers(act)),
};
