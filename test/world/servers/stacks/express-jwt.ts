// express-jwt 8.5.1, express 5.3.0: https://github.com/auth0/express-jwt#usage and #error-handling
import express, { type ErrorRequestHandler } from 'express';
import { expressjwt } from 'express-jwt';
import { writeHandlers } from '../express.js';
import type { Stack } from '../stack.js';
import { BY_SECRET, SECRET } from '../tokens.js';

const onError: ErrorRequestHandler = (error: Error, _request, response, next) => {
  if (error.name === 'UnauthorizedError') response.status(401).send('invalid token...');
  else next(error);
};

export const stack: Stack = {
  ...BY_SECRET,
  listener: (act) =>
    express()
      .use(expressjwt({ secret: SECRET, algorithms: ['HS256'] }))
      .post('/api/notes', ...writeHandlers(act))
      .use(onError),
};
