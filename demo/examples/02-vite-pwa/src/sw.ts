/// <reference lib="webworker" />
import { install } from 'holdfast/sw';
import { cleanupOutdatedCaches, createHandlerBoundToURL, precacheAndRoute } from 'workbox-precaching';
import { NavigationRoute, registerRoute } from 'workbox-routing';

declare const self: ServiceWorkerGlobalScope & { __WB_MANIFEST: Parameters<typeof precacheAndRoute>[0] };

// Reads: the page and its scripts, from the cache. In development they're Vite's, and the list of files is empty.
const files = self.__WB_MANIFEST;
if (files.length > 0) {
  cleanupOutdatedCaches();
  precacheAndRoute(files);
  registerRoute(new NavigationRoute(createHandlerBoundToURL('/index.html'), { denylist: [/^\/(api|auth)\//] }));
}

// Writes: Holdfast answers those of its backends, and nothing else.
install({ takeOver: true, backends: [{ baseUrl: '/api' }] });
