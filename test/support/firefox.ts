import { existsSync } from 'node:fs';
import { firefox as playwright, type LaunchOptions } from 'playwright';

/** How the tests start Firefox: `test/run.mjs` has found one, or Playwright's own serves. Null: there's none. */
export function firefox(): LaunchOptions & { channel?: string } | null {
  const executablePath = process.env['HOLDFAST_FIREFOX'];
  // Playwright's own is patched; a stock one is driven by WebDriver BiDi, which goes by this channel.
  if (executablePath) return { executablePath, channel: 'moz-firefox' };
  return existsSync(playwright.executablePath()) ? {} : null;
}
