// express-idempotency 1.0.6, express 5.3.0: https://github.com/VilledeMontreal/express-idempotency#getting-started
import { getSharedIdempotencyService, idempotency } from 'express-idempotency';
import { InMemoryDataAdapter } from 'express-idempotency/dist/defaults/inMemoryDataAdapter.js';
import { app, route, textOf } from './express.js';
import type { Layer } from './layer.js';

export const open = (): Layer => {
  const dataAdapter = new InMemoryDataAdapter();
  return {
    listener(act) {
      const write = route((request) => act(textOf(request)));
      return app().post('/api/notes', idempotency({ dataAdapter }), (request, response, next) => {
        if (!getSharedIdempotencyService().isHit(request)) write(request, response, next);
      });
    },
  };
};
