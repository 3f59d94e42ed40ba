import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: import.meta.dirname,
  cacheDir: '../../node_modules/.vite',
  test: {
    include: ['**/*.spec.ts'],
    // WebKitWebDriver has one session at a time.
    fileParallelism: false,
    // Each test starts a browser of its own, some two; on a busy machine that takes its time.
    testTimeout: 120_000,
    expect: { poll: { timeout: 30_000 } },
    // A test that fails once in a while is a bug: nothing is tried again.
    retry: 0,
  },
});
