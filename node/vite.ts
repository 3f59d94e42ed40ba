import { readFile } from 'node:fs/promises';
import { basename, extname, resolve } from 'node:path';
import type { Plugin, ResolvedConfig } from 'vite';
import { readScript } from './scripts.js';

/** Which worker the app has. With neither `api` nor `worker` it's `holdfast-sw.js` as it is: its URL names the backends (`?api=/api`), or the app's script does that imports it. */
export interface HoldfastOptions {
  /** Base URLs whose writes are kept, as the `baseUrl` of `install`: `holdfast-sw.js` is a complete worker for them. Not with `worker`. */
  api?: string | readonly string[];
  /** The app's own worker, which calls `install`: a path from Vite's `root`. It's bundled into a classic script. Not with `api`. */
  worker?: string;
  /** The script's path below Vite's `base`. A worker sees only the pages below its own folder. @default 'holdfast-sw.js', or the name of `worker` with the ending `.js` */
  fileName?: string;
}

/** A file of the build, by its path below `base`. */
interface File {
  fileName: string;
  source: string | Uint8Array;
}

/** What Workbox's `injectManifest` replaces by the list of files to precache. */
const MANIFEST = 'self.__WB_MANIFEST';

/**
 * Serves the worker's script in development, made anew for each request, and writes it in a build, so that `vite preview` has it, too.
 *
 * Where vite-plugin-pwa builds the same worker (`injectManifest`), the build is left to it, and its list of files is empty in
 * development. Into a worker that it writes itself (`generateSW`), `holdfast-sw.js` comes by `workbox.importScripts`.
 *
 * @throws Error for `api` beside `worker`
 * @example
 * import { holdfast } from 'holdfast/vite';
 * export default defineConfig({ plugins: [holdfast({ api: '/api' })] });
 * // in the page
 * const sync = await connect({ worker: '/holdfast-sw.js' });
 */
export function holdfast(options: HoldfastOptions = {}): Plugin {
  const { api, worker } = options;
  if (api !== undefined && worker !== undefined) throw new Error('holdfast: name `api` or `worker`; a worker of your own names its backends by `install`');
  const { fileName = worker === undefined ? 'holdfast-sw.js' : `${basename(worker, extname(worker))}.js` } = options;
  let config: ResolvedConfig;

  const files = async (): Promise<File[]> =>
    worker === undefined
      ? [{ fileName, source: (await readScript('holdfast-sw.js')) + installing([api ?? []].flat(), fileName) }]
      : bundle(config, resolve(config.root, worker), fileName);

  return {
    name: 'holdfast',
    // A server's build has no use for it.
    applyToEnvironment: ({ name }) => name === 'client',
    configResolved(resolved) {
      config = resolved;
    },
    configureServer({ middlewares }) {
      // Vite takes any other `base` for `/` in development.
      const { pathname: base } = new URL(config.base, 'http://localhost/');
      middlewares.use((request, response, next) => {
        const { pathname } = new URL(request.url ?? '/', 'http://localhost/');
        if (pathname !== base + fileName) return next();
        files().then(([script]) => {
          response.setHeader('Content-Type', 'text/javascript');
          response.setHeader('Cache-Control', 'no-cache');
          response.end(script!.source);
        }, next);
      });
    },
    async generateBundle() {
      if (worker !== undefined && (await isBuiltByPwa(config, resolve(config.root, worker)))) return;
      for (const { fileName, source } of await files()) this.emitFile({ type: 'asset', fileName, source });
    },
  };
}

export default holdfast;

/** The end of the drop-in that has its backends from here. A worker that imports it decides itself when it takes over, and what it precaches. */
function installing(apis: string[], fileName: string): string {
  if (apis.length === 0) return '';
  const backends = JSON.stringify(apis.map((baseUrl) => ({ baseUrl })));
  return `
{
  const { pathname, searchParams } = new URL(self.location.href);
  const isWorker = pathname.endsWith(${JSON.stringify(`/${fileName}`)});
  if (!searchParams.has('api')) holdfast.install({ backends: ${backends}, takeOver: isWorker, staticRouting: isWorker });
}
`;
}

/** True for a worker into which vite-plugin-pwa injects its list of files: it bundles the worker itself, after Vite's build. */
async function isBuiltByPwa({ plugins }: ResolvedConfig, worker: string): Promise<boolean> {
  return plugins.some(({ name }) => name === 'vite-plugin-pwa') && (await readFile(worker, 'utf8')).includes(MANIFEST);
}

/** The app's worker as a classic script, as Firefox before 147 takes no module for a worker. Its source map comes after it. */
async function bundle(config: ResolvedConfig, worker: string, fileName: string): Promise<File[]> {
  const { build } = await import('vite');
  const { command, isProduction, root, mode, base, define, envDir, envPrefix, resolve: { alias } } = config;
  const isDev = command === 'serve';
  const built = await build({
    configFile: false,
    root,
    mode,
    base,
    logLevel: 'warn',
    publicDir: false,
    define: {
      'process.env.NODE_ENV': JSON.stringify(isProduction ? 'production' : 'development'),
      ...define,
      ...(isDev && { [MANIFEST]: '[]' }),
    },
    resolve: { alias },
    ...(envDir !== undefined && { envDir }),
    ...(envPrefix !== undefined && { envPrefix }),
    build: {
      write: false,
      target: config.build.target,
      minify: isDev ? false : config.build.minify,
      sourcemap: isDev ? 'inline' : config.build.sourcemap,
      // A library's build inlines assets and late imports; an app's adds preloading to them, which needs a page.
      lib: { entry: worker, formats: ['iife'], name: 'worker', fileName: () => fileName },
    },
  });
  if (!('output' in built) && !Array.isArray(built)) throw new Error('holdfast: the build of the worker watches, and gives no files');
  const outputs = [built].flat().flatMap(({ output }) => output);
  return outputs
    .map((output) => (output.type === 'chunk' ? { fileName: output.fileName, source: output.code } : { fileName: output.fileName, source: output.source }))
    .sort((a, b) => Number(b.fileName === fileName) - Number(a.fileName === fileName));
}
