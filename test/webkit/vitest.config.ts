import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: import.meta.dirname,
  test: {
    include: ['**/*.spec.ts'],
    // WebKitWebDriver has one session at a time.
    fileParallelism: false,
    testTimeout: 60_000,
    expect: { poll: { timeout: 15_000 } },
    // A test that fails once in a while is a bug: nothing is tried again.
    retry: 0,
  },
});
