/** Who takes part: each at an origin of its own, with a worker, a database and a renderer of its own. */
import { readFile } from 'node:fs/promises';
import { build } from 'vite';

export const VARIANTS = ['none', 'bare', 'holdfast', 'ahead', 'relaxed', 'routed', 'workbox', 'serwist'] as const;
export type VariantName = (typeof VARIANTS)[number];

export const TITLES: Record<VariantName, string> = {
  none: 'no worker',
  bare: 'a worker that only forwards',
  holdfast: 'Holdfast',
  ahead: 'Holdfast, write-ahead',
  relaxed: 'Holdfast, relaxed durability',
  routed: 'Holdfast, static routing',
  workbox: 'workbox-background-sync',
  serwist: 'serwist',
};

/** Where a variant keeps what it owes, to count that from outside. */
export interface Store {
  database: string;
  store: string;
  /** Its tag of Background Sync. */
  tag: string;
}

const HOLDFAST: Store = { database: 'holdfast', store: 'entries', tag: 'holdfast' };

export const STORES: Partial<Record<VariantName, Store>> = {
  holdfast: HOLDFAST,
  ahead: HOLDFAST,
  relaxed: HOLDFAST,
  workbox: { database: 'workbox-background-sync', store: 'requests', tag: 'workbox-background-sync:writes' },
  serwist: { database: 'serwist-background-sync', store: 'requests', tag: 'serwist-background-sync:writes' },
};

export const isHoldfast = (name: VariantName): boolean => ['holdfast', 'ahead', 'relaxed', 'routed'].includes(name);

/** No limit is reached, and nothing is sent again by itself while something else is measured. */
const BACKEND = "baseUrl: '/api', limits: { maxEntries: Infinity, maxBytes: Infinity }, retry: () => 3600000";

const holdfastWorker = (backend = '', install = ''): string =>
  `importScripts('/holdfast-sw.js');\nholdfast.install({ takeOver: true, backends: [{ ${BACKEND}, ${backend} }], ${install} });`;

/** A variant's scripts by path. */
export async function scriptsOf(name: VariantName): Promise<Record<string, string>> {
  switch (name) {
    case 'none':
      return {};
    case 'holdfast':
      return { '/worker.js': holdfastWorker() };
    case 'ahead':
      return { '/worker.js': holdfastWorker("capture: 'write-ahead'") };
    case 'relaxed':
      return { '/worker.js': holdfastWorker(), '/holdfast-sw.js': await relaxed() };
    case 'routed':
      return { '/worker.js': holdfastWorker('', 'staticRouting: true') };
    default:
      return { '/worker.js': await bundled(name) };
  }
}

/** The same script with the other durability, which is no option: what is owed isn't to be lost with the power. */
async function relaxed(): Promise<string> {
  const script = await readFile(new URL('../../dist/holdfast-sw.js', import.meta.url), 'utf8');
  const [before, after, ...more] = script.split(/(?<=durability:\s*[`'"])strict(?=[`'"])/);
  if (before === undefined || after === undefined || more.length > 0) throw new Error('holdfast-sw.js says its durability in another way: mend the bench');
  return `${before}relaxed${after}`;
}

async function bundled(name: string): Promise<string> {
  const built = await build({
    configFile: false,
    logLevel: 'error',
    define: { 'process.env.NODE_ENV': '"production"' },
    build: {
      write: false,
      target: 'es2022',
      lib: { entry: `${import.meta.dirname}/workers/${name}.js`, formats: ['iife'], name: 'worker', fileName: 'worker' },
    },
  });
  const [first] = [built].flat();
  if (!first || !('output' in first)) throw new Error(`vite built no worker for ${name}`);
  return first.output[0].code;
}
