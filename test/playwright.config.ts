import { defineConfig } from '@playwright/test';
import { chromium } from './support/chromium.js';
import { firefox } from './support/firefox.js';

/**
 * Its extensions, Background Sync, other libraries beside Holdfast, and servers that answer every browser alike. Single tests
 * say by themselves that they need Chromium.
 */
const CHROMIUM_ONLY = ['extension.spec.ts', 'wake-ups.spec.ts', 'peers/**', 'test/world/**'];

const launchFirefox = firefox();

export default defineConfig({
  testMatch: ['test/browser/**/*.spec.ts', 'test/world/**/*.spec.ts'],
  outputDir: '../test-results',
  fullyParallel: true,
  workers: 2,
  timeout: 40_000,
  expect: { timeout: 8_000 },
  // A test that fails once in a while is a bug: nothing is tried again.
  retries: 0,
  reporter: [['list']],
  projects: [
    { name: 'chromium', use: { browserName: 'chromium', launchOptions: chromium() } },
    ...(launchFirefox
      ? [
          {
            name: 'firefox',
            grepInvert: /@chromium/,
            testIgnore: CHROMIUM_ONLY,
            use: { browserName: 'firefox' as const, launchOptions: launchFirefox },
          },
        ]
      : []),
  ],
});
