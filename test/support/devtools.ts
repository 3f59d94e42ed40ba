import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium as playwright, type CDPSession, type Page } from 'playwright';
import { expect } from '@playwright/test';
import { chromium } from './chromium.js';
import { attachTo } from './target.js';

export const EXTENSION = fileURLToPath(new URL('../../dist/devtools-extension/', import.meta.url));

/** How long DevTools may take to open on a slow machine, in milliseconds. */
const START = { timeout: 30_000 };

/** A browser with the unpacked extension, and DevTools open on its page. */
export interface DevTools {
  page: Page;
  /** Evaluates in the panel's own page. */
  panel<T>(expression: string): Promise<T>;
  /** Evaluates in DevTools itself, whose modules can be imported there. */
  frontend<T>(expression: string): Promise<T>;
  close(): Promise<void>;
}

export async function openDevTools(url: string): Promise<DevTools> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-devtools-'));
  const context = await playwright.launchPersistentContext(folder, {
    ...chromium(),
    args: [`--disable-extensions-except=${EXTENSION}`, `--load-extension=${EXTENSION}`, '--auto-open-devtools-for-tabs'],
  });
  const page = context.pages()[0]!;
  await page.goto(url);
  const browser = await context.browser()!.newBrowserCDPSession();
  const target = async (matches: (url: string) => boolean): Promise<string> => {
    let found: string | undefined;
    await expect
      .poll(async () => {
        const { targetInfos } = await browser.send('Target.getTargets');
        found = targetInfos.find((info) => matches(info.url))?.targetId;
        return found;
      }, START)
      .toBeTruthy();
    return found!;
  };

  // The extension's own page is opened by a DevTools that's up.
  await target((at) => at.endsWith('/devtools.html'));
  const frontend = await attached(browser, await target((at) => at.startsWith('devtools://')));
  // DevTools knows no key for a panel of an extension, so it's shown as its own menu would.
  const show = `import('devtools://devtools/bundled/ui/legacy/legacy.js').then(async ({ InspectorView, ViewManager }) => {
    const id = InspectorView.InspectorView.instance().tabbedPane.tabIds().find((one) => one.endsWith('Holdfast'));
    if (id) await ViewManager.ViewManager.instance().showView(id);
    return Boolean(id);
  })`;
  await expect.poll(() => frontend(show), START).toBe(true);
  const panel = await attached(browser, await target((at) => at.endsWith('/panel.html')));
  await expect.poll(() => panel('document.readyState')).toBe('complete');
  return {
    page,
    panel: <T>(expression: string) => panel(expression) as Promise<T>,
    frontend: <T>(expression: string) => frontend(expression) as Promise<T>,
    async close() {
      await context.close();
      await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    },
  };
}

/** Gives what evaluates in a target. */
async function attached(browser: CDPSession, targetId: string): Promise<(expression: string) => Promise<unknown>> {
  const target = await attachTo(browser, targetId);
  return async (expression) => {
    const { result, exceptionDetails } = (await target.send('Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true })) as Evaluated;
    if (exceptionDetails) throw new Error(JSON.stringify(exceptionDetails));
    return result?.value;
  };
}

interface Evaluated {
  exceptionDetails?: object;
  result?: { value?: unknown };
}
