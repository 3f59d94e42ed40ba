// keycloak-connect 26.1.1, express 5.3.0: https://www.keycloak.org/securing-apps/nodejs-adapter, bearer-only
import express from 'express';
import Keycloak, { type KeycloakConfig } from 'keycloak-connect';
import { writeHandlers } from '../express.js';
import type { Stack } from '../stack.js';
import { PUBLIC_KEY, RSA, sign } from '../tokens.js';

const claims = { iss: 'https://keycloak.test/realms/app', aud: 'api', azp: 'api', typ: 'Bearer' };
// The adapter's types lack `realm-public-key`.
const config = {
  realm: 'app',
  'auth-server-url': 'https://keycloak.test',
  resource: 'api',
  'bearer-only': true,
  'ssl-required': 'external',
  'confidential-port': 0,
  'realm-public-key': PUBLIC_KEY.replace(/-----[^-]+-----|\s/g, ''),
} as KeycloakConfig;

export const stack: Stack = {
  goodToken: (lifeS) => sign(RSA.privateKey, lifeS, claims),
  refusedToken: () => sign(RSA.other, 600, claims),
  listener(act) {
    const keycloak = new Keycloak({}, config);
    return express()
      .use(keycloak.middleware())
      .post('/api/notes', keycloak.protect(), ...writeHandlers(act));
  },
};
