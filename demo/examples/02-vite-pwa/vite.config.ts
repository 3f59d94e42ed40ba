import { holdfast } from 'holdfast/vite';
import { defineConfig } from 'vite';
import { VitePWA } from 'vite-plugin-pwa';

export default defineConfig({
  plugins: [
    // The worker in development; a build is VitePWA's.
    holdfast({ worker: 'src/sw.ts' }),
    VitePWA({
      strategies: 'injectManifest',
      srcDir: 'src',
      filename: 'sw.ts',
      // `connect` registers the worker.
      injectRegister: false,
      manifest: { name: 'Notes', short_name: 'Notes' },
    }),
  ],
});
