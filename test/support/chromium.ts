import type { LaunchOptions } from 'playwright';

/** How the tests start Chromium: `test/run.mjs` has found one, or Playwright's own serves. */
export function chromium(): LaunchOptions {
  const executablePath = process.env['HOLDFAST_CHROMIUM'];
  return {
    ...(executablePath && { executablePath }),
    // Chromium refuses its sandbox to root.
    chromiumSandbox: process.getuid?.() !== 0,
  };
}
