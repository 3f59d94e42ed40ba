import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'vite';

/** What frameworks make while they build an app, as far as a page's half needs it. By the end of the module's name. */
const MADE: Record<string, string> = {
  '/navigation.js': 'export const invalidateAll = () => {};',
  '/client/client.js': 'export const app = { decoders: {} }; export const applyAction = () => {};',
  '/server/app.js': 'export const app = {};',
  'virtual:astro:actions/options': 'export const shouldAppendTrailingSlash = false;',
  'virtual:astro:adapter-config/client': 'export const internalFetchHeaders = {};',
  'virtual:astro:actions/runtime': 'export {};',
};

const frameworks: Plugin = {
  name: 'frameworks',
  enforce: 'pre',
  resolveId(id, importer) {
    const isTheirs = /\/(kit\/src\/runtime\/app|astro\/dist\/actions)\//.test(importer ?? '');
    const name = isTheirs && Object.keys(MADE).find((end) => id.endsWith(end));
    return name ? `\0${name}` : null;
  },
  load: (id) => MADE[id.slice(1)],
};

/** What a bundler makes of all pages of a folder at once: a script for each, and what they share. By file name. */
export async function bundlePages(folder: URL): Promise<Map<string, string>> {
  const input = readdirSync(folder)
    .filter((name) => name !== 'page.ts')
    .map((name) => fileURLToPath(new URL(name, folder)));
  const built = await build({
    configFile: false,
    logLevel: 'silent',
    define: { 'process.env.NODE_ENV': '"production"' },
    // Where Astro's actions lie.
    base: '/api/',
    plugins: [frameworks],
    build: {
      write: false,
      minify: false,
      modulePreload: false,
      rolldownOptions: {
        input: Object.fromEntries(input.map((path) => [basename(path).replace(/\.[jt]s$/, ''), path])),
        preserveEntrySignatures: 'strict',
        output: { entryFileNames: '[name].js', chunkFileNames: 'shared-[name].js' },
      },
    },
  });
  if (!('output' in built)) throw new Error('the pages were not built');
  return new Map(built.output.flatMap((one) => (one.type === 'chunk' ? [[one.fileName, one.code] as const] : [])));
}
