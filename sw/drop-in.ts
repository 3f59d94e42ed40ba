/** The classic script: the same door, and a worker by itself when its URL names the backends. */
import { install } from './install.js';

export * from './index.js';

declare const self: ServiceWorkerGlobalScope;

// In a script that is imported, this is the URL of the worker that imports it.
const apis = new URL(self.location.href).searchParams.getAll('api');
if (apis.length > 0) install({ backends: apis.map((baseUrl) => ({ baseUrl })), takeOver: true, staticRouting: true });
