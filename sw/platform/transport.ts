import { StorableRequest } from 'workbox-background-sync/StorableRequest.js';
import type { Restore, Send } from '../ports.js';

/**
 * Fetches a request. Any init drops the referrer, which is given again, and headers that only the browser may set, as client
 * hints are (https://fetch.spec.whatwg.org/#dom-request).
 */
export const browserSend: Send = (request, signal) => {
  const { referrer, referrerPolicy } = request;
  return signal ? fetch(request, { signal, referrer, referrerPolicy }) : fetch(request);
};

type RequestData = ConstructorParameters<typeof StorableRequest>[0];

/**
 * Restores a request for a replay. `keepalive` is left out: bodies with it share 64 KiB (https://fetch.spec.whatwg.org/#http-network-or-cache-fetch).
 */
export const restoreRequest: Restore = (request, body) =>
  // A missing body is left out: `new Request` refuses even an empty body for GET and HEAD.
  new StorableRequest({ ...request, ...(body && { body }) } as RequestData).toRequest();
