// @feathersjs/koa, authentication and authentication-local 5.0.50: https://feathersjs.com/api/authentication/
import { authenticate, AuthenticationService, JWTStrategy } from '@feathersjs/authentication';
import { LocalStrategy } from '@feathersjs/authentication-local';
import { feathers } from '@feathersjs/feathers';
import { bodyParser, errorHandler, koa, parseAuthentication, rest } from '@feathersjs/koa';
import { memory } from '@feathersjs/memory';
import { json, type Stack } from '../stack.js';
import { OTHER_SECRET, SECRET, sign } from '../tokens.js';

const claims = { iss: 'feathers', aud: 'https://app.test' };

export const stack: Stack = {
  goodToken: (lifeS) => sign(SECRET, lifeS, claims),
  refusedToken: () => sign(OTHER_SECRET, 600, claims),
  wrongPassword: json('/api/authentication', { strategy: 'local', email: 'ann@app.test', password: 'wrong' }),
  async listener(act) {
    const app = koa(feathers());
    app.use(errorHandler());
    app.use(parseAuthentication());
    app.use(bodyParser());
    app.configure(rest());
    app.set('authentication', {
      secret: SECRET,
      service: 'api/users',
      entity: 'user',
      entityId: 'id',
      authStrategies: ['jwt', 'local'],
      jwtOptions: { header: { typ: 'JWT' }, audience: claims.aud, issuer: claims.iss, algorithm: 'HS256' },
      local: { usernameField: 'email', passwordField: 'password' },
    });
    const authentication = new AuthenticationService(app);
    authentication.register('jwt', new JWTStrategy());
    authentication.register('local', new LocalStrategy());
    app.use('api/users', memory({ store: { ann: { id: 'ann', email: 'ann@app.test', password: '' } } }));
    app.use('api/authentication', authentication);
    app.use('api/notes', {
      create: async ({ text }: { text: string }) => {
        act(text);
        return {};
      },
    });
    app.service('api/notes').hooks({ before: { create: [authenticate('jwt')] } });
    await app.setup();
    return app.callback();
  },
};
