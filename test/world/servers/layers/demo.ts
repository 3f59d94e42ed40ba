// demo/server/idempotency.ts, with hono 4.13.19
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { DemoEnv } from '../../../../demo/server/env.js';
import { idempotent } from '../../../../demo/server/idempotency.js';
import { bodyOf, type Layer } from './layer.js';

/** The keys are in memory beside what's written, so a server that dies takes both with it. */
export const openDemo = (): Layer => ({
  listener: (act) =>
    getRequestListener(
      new Hono<DemoEnv>()
        .onError((_error, c) => c.json({}, 500))
        .post('/api/notes', idempotent(), async (c) => {
          const { text } = await c.req.json<{ text: string }>();
          const { status, headers } = await act(text);
          return c.json(bodyOf(status), status as ContentfulStatusCode, headers);
        }).fetch,
    ),
});
