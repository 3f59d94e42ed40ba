import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { chromium } from './support/chromium.js';

export default defineConfig({
  root: import.meta.dirname,
  define: { 'process.env.NODE_ENV': '"production"' },
  test: {
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
