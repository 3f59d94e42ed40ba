import type { LaunchOptions } from 'playwright';

/**
 * How the tests start Chromium: `test/run.mjs` has found one, or Playwright's own serves. `HOLDFAST_CHROMIUM_FEATURES` turns features on
 * that aren't yet: with `IdbSqliteBackingStore` IndexedDB is on SQLite.
 */
export function chromium(): LaunchOptions {
  const { HOLDFAST_CHROMIUM: executablePath, HOLDFAST_CHROMIUM_FEATURES: features } = process.env;
  return {
    ...(executablePath && { executablePath }),
    ...(features && { args: [`--enable-features=${features}`] }),
    // Chromium refuses its sandbox to root.
    chromiumSandbox: process.getuid?.() !== 0,
  };
}
