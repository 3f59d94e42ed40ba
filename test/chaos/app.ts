/** The web app that the run drives: a page and a worker. */
import { build } from 'vite';
import type { ChaosServer } from './server.js';

const PAGE = '<!doctype html><meta charset="utf-8"><title>chaos</title><script src="/holdfast.js"></script><script src="/page.js"></script>';

/** A policy that never gives up, as a dead letter would have to be tended to. */
const BACKEND = `
  networkTimeoutMs: 1000,
  retry: ({ random }) => 20 + random * 130,
  auth: { maxRejections: 1000 }`;

/**
 * The page comes out of a cache of the app's own, so that it can be loaded while the server is down.
 * A new version has other bytes, which is all that makes the browser install it.
 */
const workerScript = (version: number): string => `// ${version}
importScripts('/holdfast-sw.js');
holdfast.install({
  takeOver: true,
  backends: [
    { baseUrl: '/api/plain', capture: 'on-failure', ${BACKEND} },
    { baseUrl: '/api/ahead', capture: 'write-ahead', ${BACKEND} },
  ],
});
const FILES = ['/', '/holdfast.js', '/page.js'];
addEventListener('install', (event) => event.waitUntil(caches.open('app').then((cache) => cache.addAll(FILES))));
addEventListener('fetch', (event) => {
  if (!FILES.includes(new URL(event.request.url).pathname)) return;
  event.respondWith(caches.match(event.request).then((cached) => cached ?? fetch(event.request)));
});
`;

/** Serves the app; gives what publishes the next version of its worker. */
export function serveApp(server: ChaosServer, pageScript: string): () => void {
  let version = 1;
  server.serve('/', PAGE, 'text/html');
  server.serve('/page.js', pageScript);
  server.serve('/worker.js', () => workerScript(version));
  return () => void version++;
}

/** The page's script as one classic file that leaves `chaos` on the window. */
export async function buildPage(): Promise<string> {
  const built = await build({
    configFile: false,
    logLevel: 'error',
    build: {
      write: false,
      target: 'es2022',
      lib: { entry: `${import.meta.dirname}/page/main.ts`, formats: ['iife'], name: 'chaos', fileName: 'page' },
    },
  });
  const [first] = [built].flat();
  if (!first || !('output' in first)) throw new Error('vite built no page');
  return first.output[0].code;
}
