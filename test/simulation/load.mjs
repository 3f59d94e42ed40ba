/** Loads the simulation with the product's sources in it, and `idb` replaced by the simulated disk. */
import { runnerImport } from 'vite';

const root = import.meta.dirname;

/** @param plugins what changes the product's sources on the way in */
export async function load(plugins = []) {
  const { module } = await runnerImport(`${root}/index.ts`, {
    root,
    configFile: false,
    logLevel: 'error',
    plugins,
    define: { 'process.env.NODE_ENV': '"production"' },
    // Its modules name each other without an ending, which Node doesn't follow.
    environments: { inline: { resolve: { noExternal: [/^workbox-/] } } },
    resolve: {
      alias: [
        { find: 'idb', replacement: `${root}/disk/idb.ts` },
        // Its chunk is there at once: how long a real file takes to be loaded is nobody's to say.
        { find: './stream/load.js', replacement: `${root}/browser/load-stream.ts` },
      ],
    },
  });
  return module;
}
