// koa-ratelimit 6.0.0, koa 3.3.0: https://github.com/koajs/ratelimit#with-a-memory-driver
import Koa from 'koa';
import ratelimit from 'koa-ratelimit';
import { json as readJson } from 'node:stream/consumers';
import type { Server } from '../stack.js';

export const limiter: Server = {
  listener: (act) =>
    new Koa()
      .use(ratelimit({ driver: 'memory', db: new Map(), duration: 2_000, max: 1, id: ({ ip }) => ip }))
      .use(async (context) => {
        act(((await readJson(context.req)) as { text: string }).text);
        context.status = 201;
      })
      .callback(),
};
