/// <reference lib="webworker" />
/// <reference types="vite/client" />
import { install } from 'holdfast/sw';
import { cleanupOutdatedCaches, createHandlerBoundToURL, precacheAndRoute } from 'workbox-precaching';
import { NavigationRoute, registerRoute } from 'workbox-routing';

declare const self: ServiceWorkerGlobalScope & { __WB_MANIFEST: Parameters<typeof precacheAndRoute>[0] };

// Reads: the page and its scripts, from the cache; in development they're Vite's.
if (import.meta.env.PROD) {
  cleanupOutdatedCaches();
  precacheAndRoute(self.__WB_MANIFEST);
  registerRoute(new NavigationRoute(createHandlerBoundToURL('/index.html'), { denylist: [/^\/(api|auth)\//] }));
}

// Writes: Holdfast answers those of its backends, and nothing else.
install({ takeOver: true, backends: [{ baseUrl: '/api' }] });
