import { StorableRequest } from 'workbox-background-sync/StorableRequest.js';
import type { Restore, Send } from '../ports.js';

/** Fetches a request. The referrer is given again, as `fetch` with any init drops it (https://fetch.spec.whatwg.org/#dom-request). */
export const browserSend: Send = (request, signal) => {
  const { referrer, referrerPolicy } = request;
  return fetch(request, { signal, referrer, referrerPolicy });
};

type RequestData = ConstructorParameters<typeof StorableRequest>[0];

/**
 * Restores a request, for the first send and for every replay, so that both put the same bytes on the wire.
 * `keepalive` is left out: bodies with it share 64 KiB (https://fetch.spec.whatwg.org/#http-network-or-cache-fetch).
 */
export const restoreRequest: Restore = (request, body) =>
  // A missing body is left out: `new Request` refuses even an empty body for GET and HEAD.
  new StorableRequest({ ...request, ...(body && { body }) } as RequestData).toRequest();
