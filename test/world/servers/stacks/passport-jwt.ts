// passport-jwt 4.0.1, passport 0.7.0, express 5.3.0: https://www.passportjs.org/packages/passport-jwt/
import express from 'express';
import passport from 'passport';
import { ExtractJwt, Strategy } from 'passport-jwt';
import { writeHandlers } from '../express.js';
import type { Stack } from '../stack.js';
import { BY_SECRET, SECRET } from '../tokens.js';

export const stack: Stack = {
  ...BY_SECRET,
  listener(act) {
    const options = { jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(), secretOrKey: SECRET };
    passport.use(new Strategy(options, ({ sub }: { sub: string }, done) => done(null, { id: sub })));
    return express().post('/api/notes', passport.authenticate('jwt', { session: false }), ...writeHandlers(act));
  },
};
