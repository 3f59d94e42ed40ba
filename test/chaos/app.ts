/** The web app that the run drives: a page and a worker. */
import { readFile } from 'node:fs/promises';
import { build } from 'vite';
import type { ChaosServer } from './server.js';

const PAGE = '<!doctype html><meta charset="utf-8"><title>chaos</title><script src="/holdfast.js"></script><script src="/page.js"></script>';

/** A policy that never gives up, as a dead letter would have to be tended to. */
const BACKEND = `
  retry: ({ random }) => 20 + random * 130,
  auth: { maxRejections: 1000 }`;

/**
 * The page is part of the worker's script, so that it can be loaded while the server is down. Not in a
 * cache: Chromium's `caches.match` never answers for a file that a worker was writing when it was
 * stopped in its installation. A new version has other bytes, which is all that makes the browser
 * install it.
 */
const workerScript = (version: number, networkTimeoutMs: number, files: Record<string, string>): string => `// ${version}
importScripts('/holdfast-sw.js');
holdfast.install({
  takeOver: true,
  backends: [
    { baseUrl: '/api/plain', capture: 'on-failure', networkTimeoutMs: ${networkTimeoutMs}, ${BACKEND} },
    { baseUrl: '/api/ahead', capture: 'write-ahead', networkTimeoutMs: ${networkTimeoutMs}, ${BACKEND} },
  ],
});
const files = ${JSON.stringify(files)};
addEventListener('fetch', (event) => {
  const { pathname } = new URL(event.request.url);
  const type = (pathname === '/' ? 'text/html' : 'text/javascript') + '; charset=utf-8';
  if (files[pathname]) event.respondWith(new Response(files[pathname], { headers: { 'Content-Type': type } }));
});
`;

/** Serves the app; gives what publishes the next version of its worker. */
export async function serveApp(server: ChaosServer, pageScript: string, networkTimeoutMs: number): Promise<() => void> {
  const client = await readFile(new URL('../../dist/holdfast.js', import.meta.url), 'utf8');
  let version = 1;
  server.serve('/', PAGE, 'text/html');
  server.serve('/page.js', pageScript);
  server.serve('/worker.js', () => workerScript(version, networkTimeoutMs, { '/': PAGE, '/holdfast.js': client, '/page.js': pageScript }));
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
