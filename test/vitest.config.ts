import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { chromium } from './support/chromium.js';

export default defineConfig({
  root: import.meta.dirname,
  define: { 'process.env.NODE_ENV': '"production"' },
  // React isn't installed here: the hooks are tested over a small part of it.
  resolve: { alias: [{ find: /^react$/, replacement: `${import.meta.dirname}/support/react.ts` }] },
  test: {
    projects: [
      {
        extends: true,
        test: { name: 'node', include: ['**/*.test.ts'], exclude: ['browser/**', '**/node_modules/**'] },
      },
      {
        // What needs real IndexedDB, and no service worker around it.
        extends: true,
        test: {
          name: 'chromium',
          include: ['**/*.idb.ts'],
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
