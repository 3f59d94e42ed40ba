import { fileURLToPath } from 'node:url';
import type { Page } from '@playwright/test';
import { runnerImport } from 'vite';
import { expect, test } from '../support/fixtures.js';

interface Demo {
  url: string;
  close(): Promise<void>;
}

const root = fileURLToPath(new URL('../../demo', import.meta.url));

/** The demo, as `npm run demo` starts it. */
async function startDemo(): Promise<Demo> {
  const { module } = await runnerImport<{ startDemo(options: { port: number }): Promise<Demo> }>(
    `${root}/server/index.ts`,
    { root, configFile: false, logLevel: 'error' },
  );
  return module.startDemo({ port: 0 });
}

const save = async (page: Page, title: string) => {
  await page.getByLabel('Title').fill(title);
  await page.getByLabel('Place').fill('North gate');
  await page.getByRole('button', { name: 'Use a sample photo' }).click();
  await page.getByRole('button', { name: 'Save report' }).click();
  await expect(page.locator('#reports').getByText(title)).toBeVisible();
};
const dial = (page: Page, mode: string) => page.locator(`input[name="dial"][value="${mode}"]`).check();

test('the demo: a report saved while the server is down, held on an expired token, released by a click', async ({ page }) => {
  const demo = await startDemo();
  try {
    await page.goto(demo.url);
    const status = page.locator('#status');
    await expect(status).toHaveAttribute('data-state', 'idle');

    await dial(page, 'down');
    await save(page, 'Loose bolt');
    await expect(status).toHaveAttribute('data-state', 'waiting');
    await expect(page.locator('#outbox [data-entry]')).toHaveCount(1);

    await dial(page, '401');
    await expect(status).toHaveAttribute('data-state', 'held');
    await save(page, 'Lamp out');
    await expect(status).toContainText('2 reports are held');
    await expect(page.locator('#outbox [data-entry][data-state="held"]')).toHaveCount(2);

    await page.locator('#status-act').click();
    await expect(status).toHaveAttribute('data-state', 'idle');
    await expect(page.locator('#reports [data-report]').filter({ hasText: /Loose bolt|Lamp out/ })).toHaveCount(2);
    await expect(page.locator('#reports [data-state="delivered"]').filter({ hasText: 'Lamp out' })).toBeVisible();
    await expect(page.locator('#outbox [data-entry]')).toHaveCount(0);
  } finally {
    await demo.close();
  }
});
