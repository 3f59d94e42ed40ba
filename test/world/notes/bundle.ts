import { readFile } from 'node:fs/promises';
import { brotliCompressSync } from 'node:zlib';
import { build, type Rolldown } from 'vite';
import { pathOf, type Layer } from './layers.js';

/** What Rolldown makes of a script: in one piece, or minified, and only what is loaded at once. */
async function bundled(name: string, code: string, minify: boolean): Promise<string> {
  const built = await build({
    configFile: false,
    logLevel: 'silent',
    resolve: { alias: { holdfast: pathOf('../../../dist/client.js') } },
    define: { 'process.env.NODE_ENV': '"production"' },
    plugins: [{ name: 'entry', resolveId: (id) => (id === name ? pathOf(`./${name}`) : null), load: (id) => (id === pathOf(`./${name}`) ? code : null) }],
    build: { write: false, minify, modulePreload: false, rolldownOptions: { input: name, output: { codeSplitting: minify } } },
  });
  const chunks = (built as Rolldown.RolldownOutput).output.filter((one) => one.type === 'chunk');
  const withImports = (chunk: Rolldown.OutputChunk): Rolldown.OutputChunk[] => [chunk, ...chunk.imports.flatMap((file) => withImports(chunks.find(({ fileName }) => fileName === file)!))];
  return [...new Set(withImports(chunks.find(({ isEntry }) => isEntry)!))].map((chunk) => chunk.code).join('\n');
}

/** The scripts that an app's server serves, by path: the page's, and the worker's where the library has one. */
async function scriptsOf(layer: Layer, { minify = false, before = '' } = {}): Promise<Map<string, string>> {
  const page = `import { start } from './app/app.ts'; import { open } from './layers/${layer}/notes.ts'; await start(open);`;
  const scripts = new Map([['/page.js', await bundled('page.js', `${before}${page}`, minify)]]);
  if (layer === 'workbox') scripts.set('/sw.js', await bundled('sw.js', `import './layers/workbox/sw.js';`, minify));
  if (layer === 'holdfast') {
    scripts.set('/sw.js', await readFile(pathOf('./layers/holdfast/sw.js'), 'utf8'));
    scripts.set('/holdfast-sw.js', await readFile(pathOf('../../../dist/holdfast-sw.js'), 'utf8'));
  }
  return scripts;
}

const LOOK = `import { connect } from 'holdfast'; window.setAside = async () => (await (await connect({ worker: '/sw.js' })).entries({ state: 'dead' })).length;`;
const PAGE = '<!doctype html><title>Notes</title><p id="add"></p><ul id="notes"></ul><p id="notices"></p><script type="module" src="/page.js"></script>';

/** All that an app's server serves, by path. */
export async function filesOf(layer: Layer): Promise<Map<string, string>> {
  return (await scriptsOf(layer, { before: layer === 'holdfast' ? LOOK : '' })).set('/', PAGE);
}

/** How many bytes an app's scripts are, as browsers are sent them: minified, by brotli. */
export async function bytesOf(layer: Layer): Promise<number> {
  const scripts = await scriptsOf(layer, { minify: true });
  return [...scripts.values()].reduce((sum, script) => sum + brotliCompressSync(script).byteLength, 0);
}
