import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { chromium } from './support/chromium.js';

export default defineConfig({
  root: import.meta.dirname,
  define: { 'process.env.NODE_ENV': '"production"' },
  test: {
    // A busy machine takes its time, and vitest's own patience is seconds: what never comes fails all the same.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 15_000 } },
    projects: [
      {
        extends: true,
        test: { name: 'node', include: ['**/*.test.ts'], exclude: ['browser/**', '**/node_modules/**'] },
      },
      {
        // What needs real IndexedDB or a document, and no service worker around it.
        extends: true,
        // A dependency that's found on the way reloads the page, and its tests with it.
        optimizeDeps: { include: ['react', 'react-dom', 'react-dom/client', 'react-dom/server'] },
        test: {
          name: 'chromium',
          include: ['**/*.idb.ts', '**/*.dom.ts'],
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({ launchOptions: chromium() }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
    ],
  },
});
