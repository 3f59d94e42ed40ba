import type { WorkboxPlugin } from 'workbox-core/types.js';
import { ConfigError } from './policy/errors.js';
import { installed } from './installed.js';
import { createAdoption } from './pipeline/adoption.js';
import { workboxQueue } from './platform/workbox-queue.js';

/**
 * Makes a strategy of workbox-strategies send by way of Holdfast, in the place of `BackgroundSyncPlugin`: its requests
 * are kept, held and replayed as `install`'s options say, and the page gets Holdfast's answer. Requests of no backend go
 * on as ever. Only for requests that a route of yours takes before Holdfast hears of them; `install` alone does the rest.
 *
 * Put the plugin last: plugins before it may change the request, and the strategy's own work on an answer of the network
 * (`fetchOptions`, `fetchDidSucceed`, its cache) isn't done.
 *
 * @throws Error at the first request, when `install` wasn't called
 * @example
 * holdfast.install({ backends: [{ baseUrl: '/api' }] });
 * registerRoute(/\/api\//, new NetworkOnly({ plugins: [holdfastPlugin()] }), 'POST');
 */
export function holdfastPlugin(): WorkboxPlugin {
  const answers = new WeakMap<Event, Promise<Response>>();
  return {
    async requestWillFetch({ request, event }) {
      const answer = needed('holdfastPlugin').answer(request.clone(), event as FetchEvent);
      if (!answer) return request;
      answers.set(event, answer);
      // `handlerDidError` gives the same promise, and with it the rejection, to the strategy.
      answer.catch(() => {});
      // A plugin can't answer in the place of the network, but it can when the handler has failed.
      throw new Error('holdfast answers this request');
    },
    handlerDidError: async ({ event }) => answers.get(event),
  };
}

/**
 * Takes over the requests in a queue of workbox-background-sync, as if they had failed just now: in their order, each
 * under one idempotency key and with the user of its token; the token itself is dropped. Each request is taken once,
 * however often this is called and whatever dies meanwhile, and leaves workbox's database when it's in Holdfast's.
 * Requests of no backend stay there, with a warning. A row's `metadata` isn't kept.
 *
 * Call it in the worker after `install`, at every start, and take the queue's `BackgroundSyncPlugin` out.
 *
 * @param name the queue's name, as in `new BackgroundSyncPlugin(name)`
 * @returns how many requests were taken
 * @throws ConfigError for a name that's no string, or is empty
 * @throws Error when `install` wasn't called
 */
export async function adoptWorkboxQueue(name: string): Promise<number> {
  if (typeof name !== 'string' || name === '') throw new ConfigError('name', name, 'it must be the name of a queue of workbox-background-sync');
  return needed('adoptWorkboxQueue').adopt(name, (parts) => createAdoption(parts)(() => workboxQueue(name)));
}

function needed(caller: string) {
  const parts = installed();
  if (!parts) throw new Error(`holdfast: ${caller} needs install; call it first, in the same worker`);
  return parts;
}
