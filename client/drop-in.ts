/**
 * The classic script: the same door, and a client by itself when its tag names the worker.
 *
 * ```html
 * <script src="/holdfast.js" data-worker="/holdfast-sw.js?api=/api" data-get-token="appGetToken"></script>
 * ```
 */
import { connect, type ConnectOptions } from './connect.js';
import type { SyncClient } from './sync-client.js';

// All of the door but `describeStatus`, which is in the inspector's script, beside the badge: `HoldfastInspector.describeStatus`.
export type * from './index.js';
export { addLanguage, AmbiguousReferenceError, AuthRejectedError, ConfigError, connect, describeEvent, fetchToken, isKept } from './index.js';
export { RegistrationError, StreamError, SyncClient, TokenRefreshError, UnknownEntryError, workerEndpoint } from './index.js';

declare global {
  interface Window {
    /** The client, once the worker is active. `holdfast-ready` is dispatched on the window then. */
    holdfast?: SyncClient;
  }
}

const { worker, scope, type, getToken, renewSession, getCsrfToken, user, persist, trace } = (document.currentScript as HTMLScriptElement | null)?.dataset ?? {};
if (worker !== undefined) {
  connect({
    worker,
    scope,
    type,
    // A template leaves it empty where nobody is signed in.
    user: user || undefined,
    trace: trace !== undefined,
    persist: persist !== undefined || undefined,
    getToken: named('data-get-token', getToken),
    renewSession: named('data-renew-session', renewSession),
    getCsrfToken: named('data-get-csrf-token', getCsrfToken),
  } as ConnectOptions).then(
    (client) => {
      window.holdfast = client;
      window.dispatchEvent(new CustomEvent('holdfast-ready', { detail: client }));
    },
    (error: unknown) => console.error('[holdfast] could not connect', error),
  );
}

/** A function of the page by its name. Looked up when it's needed, as the page may define it later. */
function named(attribute: string, name: string | undefined) {
  if (name === undefined) return undefined;
  return (request: unknown): unknown => {
    const found = (window as unknown as Record<string, unknown>)[name];
    if (typeof found === 'function') return (found as (request: unknown) => unknown)(request);
    throw new TypeError(`holdfast: ${attribute} names "${name}", which is no function of the page`);
  };
}
