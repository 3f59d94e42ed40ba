import { readFile } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { Hono } from 'hono';
import { DIST, SCRIPTS, WORKER_SCRIPT, type PageFiles } from './build.js';
import type { DemoEnv } from './env.js';

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.map': 'application/json',
};

/** Blobs and data URLs are the pictures that are made on the page. */
const PAGE_POLICY = "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'";

const ON_DISK: Record<string, string> = {
  '/sw.js': WORKER_SCRIPT,
  ...Object.fromEntries(Object.keys(SCRIPTS).flatMap((file) => [file, `${file}.map`]).map((file) => [`/${file}`, resolve(DIST, file)])),
};

/** The page from memory, and the worker's scripts from disk as they are at the moment. */
export function staticRoutes(page: PageFiles): Hono<DemoEnv> {
  return new Hono<DemoEnv>().get('*', async (c) => {
    const path = c.req.path === '/' ? '/index.html' : c.req.path;
    const onDisk = Object.hasOwn(ON_DISK, path) ? ON_DISK[path] : undefined;
    const body = page.get(path) ?? (onDisk && (await readFile(onDisk).catch(() => null)));
    if (!body) return c.text('Not found', 404);
    return c.body(body as string, 200, {
      'Content-Type': TYPES[extname(path)] ?? 'application/octet-stream',
      'Cache-Control': 'no-cache',
      'X-Content-Type-Options': 'nosniff',
      ...(path === '/index.html' && { 'Content-Security-Policy': PAGE_POLICY }),
    });
  });
}
