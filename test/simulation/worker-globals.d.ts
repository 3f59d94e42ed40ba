/** What of a service worker's scope the platform's sources name; the whole library of types doesn't go with a page's. */
interface ExtendableEvent extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface ExtendableMessageEvent extends ExtendableEvent {
  readonly data: unknown;
  readonly source: { postMessage(message: unknown): void } | null;
}
interface ServiceWorkerGlobalScope {
  readonly registration: ServiceWorkerRegistration;
}
