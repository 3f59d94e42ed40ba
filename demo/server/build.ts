import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import { build } from 'vite';

const DEMO = resolve(import.meta.dirname, '..');
const ROOT = resolve(DEMO, '..');
export const DIST = resolve(ROOT, 'dist');
export const WORKER_SCRIPT = resolve(DEMO, 'page/sw.js');

/** Files of the page by their URL paths. */
export type PageFiles = ReadonlyMap<string, string | Uint8Array>;

/** Builds the page into memory, so that two demos at once can't write over each other's files. */
export async function buildPage(): Promise<PageFiles> {
  await buildMissing('holdfast-sw.js', 'classic-worker');
  await buildMissing('holdfast.js', 'classic-client');
  await buildMissing('holdfast-stream.js', 'classic-stream');
  const built = await build({
    root: resolve(DEMO, 'page'),
    configFile: false,
    logLevel: 'error',
    build: { write: false, target: 'es2022', modulePreload: { polyfill: false } },
  });
  const files = new Map<string, string | Uint8Array>();
  for (const one of [built].flat()) {
    if (!('output' in one)) continue;
    for (const file of one.output) files.set(`/${file.fileName}`, file.type === 'chunk' ? file.code : file.source);
  }
  return files;
}

/** A fresh checkout has no `dist/`, and the demo should start there too. */
async function buildMissing(file: string, mode: string): Promise<void> {
  const found = await access(resolve(DIST, file)).then(
    () => true,
    () => false,
  );
  if (!found) await build({ root: ROOT, mode, logLevel: 'error' });
}
