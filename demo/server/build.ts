import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import { build } from 'vite';

const DEMO = resolve(import.meta.dirname, '..');
const ROOT = resolve(DEMO, '..');
export const DIST = resolve(ROOT, 'dist');
export const WORKER_SCRIPT = resolve(DEMO, 'page/sw.js');

/** Holdfast's own scripts, and how vite builds each. */
export const SCRIPTS = {
  'holdfast-sw.js': 'classic-worker',
  'holdfast.js': 'classic-client',
  'holdfast-stream.js': 'classic-stream',
  'holdfast-tools.js': 'classic-tools',
  'holdfast-outbox.js': 'classic-outbox',
  'holdfast-zh.js': 'classic-zh',
  'holdfast-inspector.js': 'classic-inspector',
};

/** Files of the page by their URL paths. */
export type PageFiles = ReadonlyMap<string, string | Uint8Array>;

/** Builds the page into memory, so that two demos at once can't write over each other's files. */
export async function buildPage(): Promise<PageFiles> {
  for (const [file, mode] of Object.entries(SCRIPTS)) await buildMissing(file, mode);
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
