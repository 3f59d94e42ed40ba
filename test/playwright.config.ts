import { defineConfig } from '@playwright/test';
import { chromium } from './support/chromium.js';

export default defineConfig({
  testDir: './browser',
  testMatch: '*.spec.ts',
  outputDir: '../test-results',
  fullyParallel: true,
  workers: 2,
  timeout: 20_000,
  expect: { timeout: 8_000 },
  // A test that fails once in a while is a bug: nothing is tried again.
  retries: 0,
  reporter: [['list']],
  use: { browserName: 'chromium', launchOptions: chromium() },
});
