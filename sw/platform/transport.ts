import { StorableRequest } from 'workbox-background-sync/StorableRequest.js';
import type { Restore, Send } from '../ports.js';

/** An init of any kind makes `fetch` forget the referrer (https://fetch.spec.whatwg.org/#dom-request), so it's said again. */
export const browserSend: Send = (request, signal) => {
  const { referrer, referrerPolicy } = request;
  return fetch(request, { signal, referrer, referrerPolicy });
};

type RequestData = ConstructorParameters<typeof StorableRequest>[0];

/**
 * The same way for the first send and for every replay, so that both put the same bytes on the wire.
 * `keepalive` is left out: such bodies share 64 KiB (https://fetch.spec.whatwg.org/#http-network-or-cache-fetch).
 */
export const restoreRequest: Restore = (request, body) =>
  // An empty body must be no body: `new Request` refuses one for GET and HEAD.
  new StorableRequest({ ...request, ...(body && { body }) } as RequestData).toRequest();
