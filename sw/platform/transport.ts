import { StorableRequest } from 'workbox-background-sync/StorableRequest.js';
import { ForbiddenError } from '../policy/errors.js';
import { maskUrl } from '../policy/secrets.js';
import type { Restore, Send } from '../ports.js';

/** The sends under way, which are told of what the worker's own policy forbids. Only an event tells; a listener for each send would cost a fifth of what the fetch does. */
const sending = new Set<{ url: string; tell(error: ForbiddenError): void }>();
let isListening = false;

function listen(): void {
  if (isListening) return;
  isListening = true;
  addEventListener('securitypolicyviolation', (event) => {
    const { blockedURI, disposition, effectiveDirective } = event as SecurityPolicyViolationEvent;
    if (disposition !== 'enforce') return;
    for (const { url, tell } of sending) if (url.startsWith(blockedURI)) tell(new ForbiddenError(effectiveDirective, maskUrl(url)));
  });
}

/**
 * Fetches a request. Any init drops the referrer, which is given again, and headers that only the browser may set, as client
 * hints are (https://fetch.spec.whatwg.org/#dom-request). What the worker's own policy forbids fails like any other request.
 */
export const browserSend: Send = async (request, signal) => {
  if (!signal) return fetch(request);
  const { referrer, referrerPolicy, url } = request;
  let tell = (_error: unknown) => {};
  const violated = new Promise((resolve) => (tell = resolve));
  const own = { url, tell };
  listen();
  sending.add(own);
  try {
    return await fetch(request, { signal, referrer, referrerPolicy });
  } catch (error) {
    // The event comes a few milliseconds after the failure, in Chromium and in Firefox.
    if (!signal.aborted) setTimeout(tell, LATE_MS, error);
    throw signal.aborted ? error : await violated;
  } finally {
    sending.delete(own);
  }
};

const LATE_MS = 50;

type RequestData = ConstructorParameters<typeof StorableRequest>[0];

/**
 * Restores a request for a replay. `keepalive` is left out: bodies with it share 64 KiB (https://fetch.spec.whatwg.org/#http-network-or-cache-fetch).
 */
export const restoreRequest: Restore = (request, body) =>
  // A missing body is left out: `new Request` refuses even an empty body for GET and HEAD.
  new StorableRequest({ ...request, ...(body && { body }) } as RequestData).toRequest();
