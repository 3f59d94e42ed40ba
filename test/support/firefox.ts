import { existsSync } from 'node:fs';
import { firefox as playwright, type LaunchOptions } from 'playwright';

/** Firefox stops a worker that has been idle for these times, in milliseconds: nothing else stops a worker there. */
const firefoxUserPrefs = {
  'dom.serviceWorkers.idle_timeout': 2000,
  'dom.serviceWorkers.idle_extended_timeout': 1000,
  // Each test has a page of its own, so no process is started ahead for a next page.
  'dom.ipc.processPrelaunch.enabled': false,
};

/** How the tests start Firefox: `test/run.mjs` has found one, or Playwright's own serves. Null where there's no Firefox. */
export function firefox(): LaunchOptions & { channel?: string } | null {
  const executablePath = process.env['HOLDFAST_FIREFOX'];
  // Playwright's own Firefox is patched; a stock Firefox is driven by WebDriver BiDi, which goes by this channel.
  if (executablePath) return { executablePath, channel: 'moz-firefox', firefoxUserPrefs };
  return existsSync(playwright.executablePath()) ? { firefoxUserPrefs } : null;
}
