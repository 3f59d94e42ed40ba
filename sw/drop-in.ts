/** The classic script: the exports of `index.ts`, and a complete worker when the script's URL names the backends. */
import { install } from './install.js';

export * from './index.js';

declare const self: ServiceWorkerGlobalScope;

// `self.location` is the worker's URL, also in a script that the worker imports.
const apis = new URL(self.location.href).searchParams.getAll('api');
if (apis.length > 0) install({ backends: apis.map((baseUrl) => ({ baseUrl })), takeOver: true, staticRouting: true });
