// @clerk/express 2.1.70, express 5.3.0: https://www.npmjs.com/package/@clerk/express, "requireAuth"
import { clerkMiddleware, requireAuth } from '@clerk/express';
import express from 'express';
import { writeHandlers } from '../express.js';
import type { Stack } from '../stack.js';
import { PUBLIC_KEY, RSA, sign } from '../tokens.js';

const claims = { iss: 'https://clerk.clerk.test', sid: 'sess_1', azp: 'http://localhost' };
const keys = {
  // What Clerk's own keys are: the base64 of "HOST$".
  publishableKey: `pk_test_${Buffer.from('clerk.clerk.test$').toString('base64')}`,
  secretKey: 'sk_test_1',
  // Checks tokens without asking Clerk for its keys.
  jwtKey: PUBLIC_KEY,
};

export const stack: Stack = {
  goodToken: (lifeS) => sign(RSA.privateKey, lifeS, claims),
  refusedToken: () => sign(RSA.other, 600, claims),
  listener: (act) =>
    express()
      .use(clerkMiddleware(keys))
      .post('/api/notes', requireAuth(keys), ...writeHandlers(act)),
};
