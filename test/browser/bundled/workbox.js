export { Queue } from 'workbox-background-sync/Queue.js';
export { precacheAndRoute } from 'workbox-precaching/precacheAndRoute.js';
export { registerRoute } from 'workbox-routing/registerRoute.js';
export { NetworkOnly } from 'workbox-strategies/NetworkOnly.js';
