import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build, type Rolldown } from 'vite';

export const LAYERS = ['workbox', 'tanstack', 'holdfast'] as const;
export type Layer = (typeof LAYERS)[number];

export const pathOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** What Rolldown makes of a script, in one piece. */
async function bundled(name: string, code: string): Promise<string> {
  const built = await build({
    configFile: false,
    logLevel: 'silent',
    resolve: { alias: { holdfast: pathOf('../../../dist/client.js') } },
    define: { 'process.env.NODE_ENV': '"production"' },
    plugins: [{ name: 'entry', resolveId: (id) => (id === name ? pathOf(`./${name}`) : null), load: (id) => (id === pathOf(`./${name}`) ? code : null) }],
    build: { write: false, minify: false, rolldownOptions: { input: name, output: { entryFileNames: 'entry.js', codeSplitting: false } } },
  });
  const { output } = built as Rolldown.RolldownOutput;
  return output[0].code;
}

/** What an app's server serves, by path: the page, its script, and the worker where the library has one. */
export async function filesOf(layer: Layer): Promise<Map<string, string>> {
  const page = `import { start } from './app/app.ts'; import { open } from './layers/${layer}/notes.ts'; await start(open);`;
  const look = `import { connect } from 'holdfast'; window.setAside = async () => (await (await connect({ worker: '/sw.js' })).entries({ state: 'dead' })).length;`;
  const files = new Map([
    ['/', '<!doctype html><title>Notes</title><p id="add"></p><ul id="notes"></ul><p id="notices"></p><script type="module" src="/page.js"></script>'],
    ['/page.js', await bundled('page.js', layer === 'holdfast' ? `${look} ${page}` : page)],
  ]);
  if (layer === 'workbox') files.set('/sw.js', await bundled('sw.js', `import './layers/workbox/sw.js';`));
  if (layer === 'holdfast') {
    files.set('/sw.js', await readFile(pathOf('./layers/holdfast/sw.js'), 'utf8'));
    files.set('/holdfast-sw.js', await readFile(pathOf('../../../dist/holdfast-sw.js'), 'utf8'));
  }
  return files;
}
