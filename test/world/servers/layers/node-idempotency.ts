// @node-idempotency/core 1.0.11, express 5.3.0. Its plugin for Express isn't on npm; the middleware does what that plugin does:
// https://github.com/mahendraHegde/node-idempotency/blob/main/packages/plugin-express/src/middleware.ts
import { Idempotency, IdempotencyError, IdempotencyErrorCodes, type IdempotencyParams } from '@node-idempotency/core';
import { MemoryStorageAdapter } from '@node-idempotency/storage-adapter-memory';
import type { RequestHandler } from 'express';
import { app, route, textOf } from './express.js';
import type { Layer } from './layer.js';

const STATUSES = {
  [IdempotencyErrorCodes.REQUEST_IN_PROGRESS]: 409,
  [IdempotencyErrorCodes.IDEMPOTENCY_FINGERPRINT_MISSMATCH]: 422,
  [IdempotencyErrorCodes.IDEMPOTENCY_KEY_LEN_EXEEDED]: 400,
  [IdempotencyErrorCodes.IDEMPOTENCY_KEY_MISSING]: 400,
};

const middleware =
  (idempotency: Idempotency): RequestHandler =>
  async ({ headers, url: path, method, body }, response, next) => {
    const request: IdempotencyParams = { headers, path, method, body: body as Record<string, unknown> };
    try {
      const kept = await idempotency.onRequest(request);
      if (kept) {
        response.status(kept.additional!.statusCode as number).header('idempotent-replayed', 'true');
        if (kept.body) response.send(kept.body);
        else next(kept.error);
        return;
      }
    } catch (error) {
      if (!(error instanceof IdempotencyError)) throw error;
      if (error.code === IdempotencyErrorCodes.REQUEST_IN_PROGRESS) response.header('retry-after', '1');
      response.status(STATUSES[error.code]);
      return next(error);
    }
    const send = response.send.bind(response);
    response.send = (text: string) => {
      const payload = JSON.parse(text) as unknown;
      const { statusCode } = response;
      void idempotency.onResponse(request, { additional: { statusCode }, ...(statusCode < 400 ? { body: payload } : { error: payload }) });
      return send(text);
    };
    next();
  };

export const open = (): Layer => {
  const storage = new MemoryStorageAdapter();
  return {
    listener: (act) =>
      app().post(
        '/api/notes',
        middleware(new Idempotency(storage)),
        route((request) => act(textOf(request))),
      ),
  };
};
