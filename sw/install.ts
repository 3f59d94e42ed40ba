/** The composition root: where the pipeline meets the browser. */
import { executeQuotaErrorCallbacks } from 'workbox-core/_private/executeQuotaErrorCallbacks.js';
import { EVENT_CHANNEL, type SyncEvent } from './protocol/events.js';
import { placeOf } from './protocol/scope.js';
import type { Backend } from './pipeline/backend/backend.js';
import { backendFor } from './pipeline/capture/intercept.js';
import { createPipeline } from './pipeline/pipeline.js';
import { createNeighbours } from './pipeline/workers/neighbours.js';
import { browserChance, browserClock, browserCookie, browserDigest, browserLocks, browserStorage } from './platform/browser.js';
import { serve } from './platform/endpoint.js';
import { addRoutes } from './platform/static-routes.js';
import { browserSend, restoreRequest } from './platform/transport.js';
import { isActiveWorker, isReplacedWorker, wakeUps, type SyncEventLike } from './platform/wake-ups.js';
import { storedCheckpoints } from './store/checkpoints.js';
import { openConnection } from './store/connection.js';
import { storedOutbox } from './store/outbox.js';
import { DATABASE } from './store/schema.js';
import { routesBeside } from './policy/static-routes.js';
import { maskUrl } from './policy/secrets.js';
import type { InstallOptions } from './options.js';
import { readOptions } from './read-options.js';
import type { FetchContext, Ports } from './ports.js';
import { installed, setInstalled } from './installed.js';

declare const self: ServiceWorkerGlobalScope;

/** A Background Sync event is used for this long, in milliseconds: Chromium ends it after three minutes. */
const LINGER_MS = 60_000;

/** Lets runtime caches and the like free room for entries: see workbox-core's `registerQuotaErrorCallback`. */
const makeRoom = () =>
  executeQuotaErrorCallbacks().catch((error: unknown) => console.warn('[holdfast] a quota error callback threw; mend it', error));

class StillWaiting extends Error {
  override name = 'StillWaiting';
  override message = 'holdfast: entries wait for their time';
}

/**
 * Makes this service worker keep the failed writes of the given backends. Call it once, in the first
 * turn of the worker's script. It adds its listeners at once and answers requests of its backends only,
 * so that it works beside any other fetch listener.
 *
 * @throws ConfigError for a wrong option, naming it, its value and the rule
 * @throws Error when called twice
 * @example
 * importScripts('/holdfast-sw.js');
 * holdfast.install({ backends: [{ baseUrl: '/api' }] });
 */
export function install(options: InstallOptions): void {
  const log = console;
  const warn = (message: string, error: unknown) => log.warn(message, error);
  const configs = readOptions(options, { location: self.location.href, warn });
  if (installed()) throw new Error('holdfast: install was called before in this worker; list all backends in one call');

  const isReplaced = () => isReplacedWorker(self);
  const place = placeOf(self.registration.scope);
  const connection = openConnection({ clock: browserClock, makeRoom, name: place + DATABASE });
  /** Throws in a replaced worker, where a late call must change nothing: the page has asked the new worker too, and may have asked it for more since. */
  const refuseIfReplaced = () => {
    if (isReplaced()) throw new Error();
  };
  const isOnline = () => navigator.onLine;
  const backgroundSync = wakeUps(self.registration, isOnline);
  const channel = new BroadcastChannel(place + EVENT_CHANNEL);
  const workerId = browserChance.uuid();
  const isActive = () => isActiveWorker(self);
  const locks = browserLocks(place);
  const neighbours = createNeighbours(locks, workerId, isActive);
  const ports: Ports = {
    clock: browserClock,
    chance: browserChance,
    send: browserSend,
    restore: restoreRequest,
    digest: browserDigest,
    locks,
    outbox: storedOutbox(connection, { isAlone: neighbours.isAlone, refuseIfReplaced }),
    checkpoints: storedCheckpoints(connection, refuseIfReplaced),
    broadcast: (event) => channel.postMessage(event),
    isOnline,
    cookie: browserCookie,
    storage: browserStorage,
    isActive,
    askForWakeUp: backgroundSync.ask,
    log,
  };
  const { state, report, drain, remote, connectivityChanged, activated, calls, intercept, overhear } = createPipeline({
    ports,
    configs,
    location: self.location.href,
    workerId,
    neighbours,
    onEvent: options.onEvent,
    locale: options.locale,
  });
  // A newer worker may deliver an entry whose page waits for its answer here.
  channel.addEventListener('message', ({ data }: MessageEvent<SyncEvent>) => report.heard(data));
  const answer = serve(calls, drain.idle, isReplaced);
  let isSaid = false;
  const isNobodys = ({ method, mode, url }: Request) => {
    if (isSaid || method === 'GET' || method === 'HEAD' || mode === 'navigate') return;
    isSaid = true;
    const places = configs.map(({ baseUrl }) => baseUrl).join(', ');
    log.debug(`[holdfast] ${method} ${maskUrl(url)} isn't kept: no backend takes it, by base URL (${places}), methods, match and exclude. Said once`);
  };
  const answerTo = (request: Request, backend: Backend, event: FetchEvent): Promise<Response> => {
    const response = intercept(request, backend, contextOf(event));
    // A drain that this request started goes on after the page has its answer.
    event.waitUntil(response.then(() => drain.idle(), () => {}));
    return response;
  };
  const oldQueues = new Map<string, () => Promise<number>>();
  setInstalled({
    answer(request, event) {
      const backend = backendFor(request, state, warn);
      return backend && answerTo(request, backend, event);
    },
    adopt(name, take) {
      const adopt = () => take({ ports, report, drain, state });
      oldQueues.set(name, adopt);
      return adopt();
    },
  });
  const wake = (event: ExtendableEvent) => {
    connectivityChanged(true);
    event.waitUntil(drain.hurry());
  };

  if (options.staticRouting) {
    self.addEventListener('install', (event) => event.waitUntil(addRoutes(event, routesBeside(configs))));
  }
  if (options.takeOver) {
    self.addEventListener('install', () => void self.skipWaiting());
    // Claiming is part of the activation, so that pages that wait for the activation are controlled when it ends.
    self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));
  }
  self.addEventListener('activate', () => {
    activated();
    connectivityChanged(false);
    // The drain isn't part of the activation, as every request of every page waits until the activation ends.
    void drain.hurry();
    void remote.refresh();
    // The previous worker may have added to the workbox queues until now.
    for (const [name, adopt] of oldQueues) {
      adopt().catch((error: unknown) => log.error(`[holdfast] the queue ${name} can't be taken over; it's tried again`, error));
    }
  });
  self.addEventListener('fetch', (event) => {
    const backend = backendFor(event.request, state, warn);
    if (!backend) {
      const learning = overhear(event.request);
      if (learning) event.waitUntil(learning);
      return isNobodys(event.request);
    }
    // `respondWith` keeps the event from all other listeners: https://w3c.github.io/ServiceWorker/#fetch-event-respondwith
    event.respondWith(answerTo(event.request, backend, event));
  });
  self.addEventListener('message', (event) => void answer(event));
  self.addEventListener('sync', (event) => {
    const sync = event as SyncEventLike;
    const taken = backgroundSync.take(sync);
    if (!taken) return;
    if (taken.news) wake(sync);
    sync.waitUntil(
      drain.linger(LINGER_MS, () => self.registration.waiting !== null).then((done) => {
        backgroundSync.done();
        // A rejection asks the browser for another event later.
        if (!done) throw new StillWaiting();
      }),
    );
  });
  self.addEventListener('periodicsync', (event) => wake(event as ExtendableEvent));
}

const contextOf = (event: FetchEvent): FetchContext => ({
  clientId: event.clientId,
  // `event.handled` rejects when the answer is a network error.
  handled: Promise.resolve(event.handled).then(() => {}, () => {}),
  waitUntil: (work) => event.waitUntil(work),
});
