// jsonwebtoken 9.0.3 by hand, express 5.3.0: https://github.com/auth0/node-jsonwebtoken#jwtverifytoken-secretorpublickey-options-callback
import express, { type RequestHandler, type Response } from 'express';
import jwt from 'jsonwebtoken';
import { writeHandlers } from '../express.js';
import { json, type Stack } from '../stack.js';
import { BY_SECRET, SECRET } from '../tokens.js';

const authenticate =
  (refuse: (response: Response, error: Error) => void): RequestHandler =>
  (request, response, next) => {
    const token = request.headers.authorization?.split(' ')[1];
    if (!token) return void response.sendStatus(401);
    jwt.verify(token, SECRET, (error) => (error ? refuse(response, error) : next()));
  };

const refusing = (refuse: (response: Response, error: Error) => void): Stack => ({
  ...BY_SECRET,
  wrongPassword: json('/api/login', { user: 'ann', password: 'wrong' }),
  listener: (act) =>
    express()
      .post('/api/login', (_request, response) => void response.status(401).json({ message: 'Wrong user or password' }))
      .post('/api/notes', authenticate(refuse), ...writeHandlers(act)),
});

/** https://www.digitalocean.com/community/tutorials/nodejs-jwt-expressjs */
export const answering403 = refusing((response) => void response.sendStatus(403));

export const answeringItsMessage = refusing((response, error) => void response.status(401).json({ error: error.message }));

export const answeringItsName = refusing((response, error) => void response.status(401).json({ error: error.name, message: error.message }));
