import { existsSync } from 'node:fs';
import { firefox as playwright, type LaunchOptions } from 'playwright';

/** A worker is stopped when it has had nothing to do for so long, in milliseconds: there's no other way to stop one. */
const firefoxUserPrefs = {
  'dom.serviceWorkers.idle_timeout': 2000,
  'dom.serviceWorkers.idle_extended_timeout': 1000,
  // Each test is a page of its own: no process is started ahead for a next one.
  'dom.ipc.processPrelaunch.enabled': false,
};

/** How the tests start Firefox: `test/run.mjs` has found one, or Playwright's own serves. Null: there's none. */
export function firefox(): LaunchOptions & { channel?: string } | null {
  const executablePath = process.env['HOLDFAST_FIREFOX'];
  // Playwright's own is patched; a stock one is driven by WebDriver BiDi, which goes by this channel.
  if (executablePath) return { executablePath, channel: 'moz-firefox', firefoxUserPrefs };
  return existsSync(playwright.executablePath()) ? { firefoxUserPrefs } : null;
}
