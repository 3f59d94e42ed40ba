import { defineConfig } from '@playwright/test';
import { chromium } from './support/chromium.js';
import { firefox } from './support/firefox.js';

/** Its extensions, Background Sync, and other libraries beside Holdfast. Single tests say by themselves that they need Chromium. */
const CHROMIUM_ONLY = ['extension.spec.ts', 'wake-ups.spec.ts', 'peers/**'];

/** What says least of an engine by itself: Firefox runs it with all the rest by `npm run test:firefox`, as it takes its time. */
const NOT_EVERY_TIME = ['clients.spec.ts', 'examples.spec.ts', 'fetch-token.spec.ts', 'capture.spec.ts', 'endpoint.spec.ts', 'observe.spec.ts', 'inspector.spec.ts'];
const isWhole = process.env['HOLDFAST_WHOLE'] === '1';

const launchFirefox = firefox();

export default defineConfig({
  testDir: './browser',
  testMatch: '**/*.spec.ts',
  outputDir: '../test-results',
  fullyParallel: true,
  workers: 2,
  timeout: 20_000,
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
            testIgnore: [...CHROMIUM_ONLY, ...(isWhole ? [] : NOT_EVERY_TIME)].map((file) => `**/${file}`),
            use: { browserName: 'firefox' as const, launchOptions: launchFirefox },
          },
        ]
      : []),
  ],
});
