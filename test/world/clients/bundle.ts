import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

/** What a bundler makes of all pages of a folder at once: a script for each, and what they share. By file name. */
export async function bundlePages(folder: URL): Promise<Map<string, string>> {
  const input = readdirSync(folder)
    .filter((name) => name !== 'page.ts')
    .map((name) => fileURLToPath(new URL(name, folder)));
  const built = await build({
    configFile: false,
    logLevel: 'silent',
    define: { 'process.env.NODE_ENV': '"production"' },
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
