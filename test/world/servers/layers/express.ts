import express, { type Express, type Request, type RequestHandler } from 'express';
import { bodyOf, type Done } from './layer.js';

/** An Express app that answers failures without logging them. */
export const app = (): Express => express().set('env', 'test').use(express.json());

export const textOf = ({ body }: Request): string => (body as { text: string }).text;

/** A route that answers as `work` says. */
export const route =
  (work: (request: Request) => Promise<Done>): RequestHandler =>
  (request, response, next) => {
    work(request).then(({ status, headers }) => response.status(status).set(headers).json(bodyOf(status)), next);
  };
