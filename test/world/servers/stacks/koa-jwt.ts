// koa-jwt 4.0.4, koa 3.3.0: https://github.com/koajs/jwt#example, with its handler of 401s that shows `originalError`
import Koa from 'koa';
import jwt from 'koa-jwt';
import { json as readJson } from 'node:stream/consumers';
import type { Stack } from '../stack.js';
import { BY_SECRET, SECRET } from '../tokens.js';

export const stack: Stack = {
  ...BY_SECRET,
  listener: (act) =>
    new Koa()
      .use((context, next) =>
        next().catch((error: Error & { status?: number; originalError?: Error }) => {
          if (error.status !== 401) throw error;
          context.status = 401;
          context.body = { error: error.originalError ? error.originalError.message : error.message };
        }),
      )
      .use(jwt({ secret: SECRET }))
      .use(async (context) => {
        act(((await readJson(context.req)) as { text: string }).text);
        context.status = 201;
      })
      .callback(),
};
