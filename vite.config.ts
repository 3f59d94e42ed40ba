import { build, defineConfig, type Plugin, type Rolldown, type UserConfig } from 'vite';
import { readFileSync } from 'node:fs';
import { minify } from 'terser';

const { version } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8')) as { version: string };

/** What one build makes. The classic scripts carry everything; the modules leave it to the app's bundler. */
const builds: Record<string, UserConfig['build']> = {
  modules: {
    lib: {
      entry: { sw: 'sw/index.ts', client: 'client/index.ts', inspector: 'client/inspector/index.ts', react: 'client/react/index.ts' },
      formats: ['es'],
    },
    rolldownOptions: { external: [/^(comlink|eventsource-parser|idb|lit|react$|workbox-)/] },
    minify: false,
    emptyOutDir: true,
  },
  'classic-worker': {
    lib: { entry: 'sw/drop-in.ts', formats: ['iife'], name: 'holdfast', fileName: () => 'holdfast-sw.js' },
    emptyOutDir: false,
  },
  'classic-client': {
    lib: { entry: 'client/drop-in.ts', formats: ['iife'], name: 'Holdfast', fileName: () => 'holdfast.js' },
    emptyOutDir: false,
  },
  'classic-stream': {
    lib: { entry: 'client/stream/open.ts', formats: ['es'], fileName: () => 'holdfast-stream.js' },
    emptyOutDir: false,
  },
  'classic-inspector': {
    lib: { entry: 'client/inspector/index.ts', formats: ['iife'], name: 'HoldfastInspector', fileName: () => 'holdfast-inspector.js' },
    emptyOutDir: false,
  },
  'classic-tools': {
    lib: { entry: 'client/tools/tools.ts', formats: ['es'], fileName: () => 'holdfast-tools.js' },
    emptyOutDir: false,
  },
  'classic-outbox': {
    lib: { entry: 'client/outbox/follow.ts', formats: ['es'], fileName: () => 'holdfast-outbox.js' },
    emptyOutDir: false,
  },
  'classic-zh': {
    lib: { entry: 'client/words/zh.ts', formats: ['es'], fileName: () => 'holdfast-zh.js' },
    emptyOutDir: false,
  },
  node: {
    lib: { entry: { vite: 'node/vite.ts', cli: 'node/cli.ts' }, formats: ['es'] },
    rolldownOptions: { external: [/^node:/, 'vite'] },
    minify: false,
    emptyOutDir: false,
  },
  'devtools-extension': {
    lib: {
      entry: { devtools: 'client/inspector/extension/devtools.ts', panel: 'client/inspector/extension/panel.ts' },
      formats: ['es'],
    },
    outDir: 'dist/devtools-extension',
    emptyOutDir: true,
  },
};

const EXTENSION = new URL('client/inspector/extension/', import.meta.url).pathname;

/** Gives the panel the script that it evaluates in the page, and the folder its manifest, of the package's version. */
const extension: Plugin = {
  name: 'holdfast-devtools-extension',
  resolveId: (id) => (id === 'virtual:holdfast-bridge' ? `\0${id}` : null),
  async load(id) {
    if (id !== '\0virtual:holdfast-bridge') return null;
    const lib = { entry: `${EXTENSION}bridge.ts`, formats: ['iife' as const], name: 'bridge' };
    const built = await build({ configFile: false, logLevel: 'warn', build: { lib, write: false, target: 'es2022' } });
    const [{ output }] = built as Rolldown.RolldownOutput[] as [Rolldown.RolldownOutput];
    return `export default ${JSON.stringify(output[0].code)}`;
  },
  generateBundle() {
    const manifest = {
      manifest_version: 3,
      name: 'Holdfast',
      description: 'Shows what a page has still to send.',
      version,
      minimum_chrome_version: '116',
      devtools_page: 'devtools.html',
    };
    this.emitFile({ type: 'asset', fileName: 'manifest.json', source: JSON.stringify(manifest, null, 2) });
  },
};

/** A classic script can't be split by the bundler, so it loads what few pages need from beside itself. */
const loaded = (path: string) => ({ find: `./${path}.js`, replacement: new URL(`client/${path}-classic.ts`, import.meta.url).pathname });
const beside = ['stream/load', 'tools/load', 'outbox/load'].map(loaded);

/**
 * Makes the classic scripts small: smaller than Vite's own minifier does, which leaves the white space in modules. A
 * classic script is decoded in its page's charset, which need not be UTF-8, so that outside of ASCII all is escaped.
 */
const small: Plugin = {
  name: 'small',
  async generateBundle({ format }, bundle) {
    for (const chunk of Object.values(bundle)) {
      if (chunk.type !== 'chunk') continue;
      const { code, map } = await minify(chunk.code, {
        ecma: 2020,
        module: format === 'es',
        compress: { passes: 2, hoist_funs: true },
        // `npx holdfast init` reads the version of a script that lies in an app's folder.
        format: { comments: false, preamble: `/* holdfast ${version} */` },
        sourceMap: { content: JSON.stringify(chunk.map), asObject: true },
      });
      // In tagged templates terser itself escapes nothing.
      const ascii = code!.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
      chunk.code = `${ascii}\n//# sourceMappingURL=${chunk.fileName}.map\n`;
      const own = bundle[`${chunk.fileName}.map`];
      if (own?.type === 'asset') own.source = JSON.stringify(map);
    }
  },
};

/**
 * What nobody here uses of a dependency, and no bundler can shake off: what idb adds when it's loaded (a database's shortcuts for
 * a transaction of one request, and cursors as iterators), and methods of a class of workbox's.
 */
const unused = [
  { file: /\/idb\/build\/index\.js$/, part: /^replaceTraps\([^]*?^\}\)\);$/gm, count: 2 },
  { file: /\/workbox-background-sync\/lib\/StorableRequest\.js$/, part: /^ {4}(static async fromRequest|toObject|clone)\([^]*?^ {4}\}$/gm, count: 3 },
];

const lean: Plugin = {
  name: 'lean',
  // Nobody asks for the string tag of `Holdfast`.
  outputOptions: (options) => ({ ...options, generatedCode: { symbols: false } }),
  transform(code, id) {
    const found = unused.find(({ file }) => file.test(id));
    if (!found) return null;
    if (code.match(found.part)?.length !== found.count) throw new Error(`${id} has changed: look what of it is unused`);
    // Nobody steps through a dependency's source.
    return { code: code.replace(found.part, ''), map: { mappings: '' } };
  },
};

export default defineConfig(({ mode }) => ({
  plugins: mode.startsWith('classic-') ? [lean, small] : mode === 'devtools-extension' ? [extension] : [],
  define: { 'process.env.NODE_ENV': '"production"' },
  ...(mode === 'classic-client' && { resolve: { alias: [...beside, loaded('words/chinese')] } }),
  ...(mode === 'classic-inspector' && { resolve: { alias: beside } }),
  ...(mode === 'devtools-extension' && { publicDir: `${EXTENSION}static` }),
  build: { target: 'es2022', outDir: 'dist', sourcemap: true, ...builds[mode] },
}));
