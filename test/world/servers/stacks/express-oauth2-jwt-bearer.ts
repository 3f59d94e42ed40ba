// express-oauth2-jwt-bearer 1.10.0, express 5.3.0: https://auth0.github.io/node-oauth2-jwt-bearer/
import express from 'express';
import { auth } from 'express-oauth2-jwt-bearer';
import { writeHandlers } from '../express.js';
import type { Stack } from '../stack.js';
import { OTHER_SECRET, SECRET, sign } from '../tokens.js';

const issuer = 'https://issuer.test/';
const audience = 'https://api.test';
const claims = { iss: issuer, aud: audience };

export const stack: Stack = {
  goodToken: (lifeS) => sign(SECRET, lifeS, claims),
  refusedToken: () => sign(OTHER_SECRET, 600, claims),
  listener: (act) =>
    express()
      // Else express prints each refusal.
      .set('env', 'test')
      .use(auth({ issuer, audience, secret: SECRET, tokenSigningAlg: 'HS256' }))
      .post('/api/notes', ...writeHandlers(act)),
};
