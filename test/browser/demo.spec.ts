import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Page } from '@playwright/test';
import { runnerImport } from 'vite';
import type { Har } from '../../client/index.js';
import type { Report } from '../../demo/server/reports.js';
import type { SeenRequest } from '../../demo/server/server-log.js';
import { expect, test as base } from '../support/fixtures.js';
import { violations } from '../support/inspector.js';

interface Demo {
  url: string;
  close(): Promise<void>;
}

const root = fileURLToPath(new URL('../../demo', import.meta.url));

/** A build has a time of its own: it's no part of what a test waits for. */
const BUILD_MS = 60_000;

const test = base.extend<{ demo: Demo }>({
  /** The demo, as `npm run demo` starts it. */
  demo: [
    async ({}, use) => {
      const { module } = await runnerImport<{ startDemo(options: { port: number }): Promise<Demo> }>(
        `${root}/server/index.ts`,
        { root, configFile: false, logLevel: 'error' },
      );
      const demo = await module.startDemo({ port: 0 });
      await use(demo);
      await demo.close();
    },
    { timeout: BUILD_MS },
  ],
});

const save = async (page: Page, title: string) => {
  await page.getByLabel('Title').fill(title);
  await page.getByLabel('Place').fill('North gate');
  await page.getByRole('button', { name: 'Use a sample photo' }).click();
  await page.getByRole('button', { name: 'Save report' }).click();
  await expect(page.locator('#reports').getByText(title)).toBeVisible();
};
/** Turns the dial, and waits until the server has heard of it. */
const dial = async (page: Page, mode: string) => {
  await page.locator(`input[name="dial"][value="${mode}"]`).check();
  await expect.poll(async () => (await fetch(new URL('/dial', page.url()))).json()).toEqual({ mode });
};

/** The reports that the server has, but for those that it begins with. */
const written = async ({ url }: Demo): Promise<Report[]> => {
  const signIn = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ user: 'joon', by: 'token' }) };
  const { token } = (await (await fetch(new URL('/auth/login', url), signIn)).json()) as { token: string };
  const reports = (await (await fetch(new URL('/api/reports', url), { headers: { Authorization: `Bearer ${token}` } })).json()) as Report[];
  return reports.filter(({ ref }) => ref !== null);
};

// A walk has as many steps as ten other tests, of which each has a deadline of its own.
test.setTimeout(60_000);

test('the demo: a report that’s saved while the server is down is held on an expired token, and released by a click', async ({ page, demo, browserName }) => {
  await page.goto(demo.url);
  const status = page.locator('#status');
  await expect(status).toHaveAttribute('data-state', 'idle');

  await dial(page, 'down');
  await save(page, 'Loose bolt');
  await expect(status).toHaveAttribute('data-state', 'waiting');
  await expect(page.locator('#outbox [data-entry]')).toHaveCount(1);
  await page.locator('#inspector-panel summary').click();
  await expect(page.locator('holdfast-entry-list [role=row]')).toContainText('POST /api/reports');
  // Playwright hears of downloads in Chromium only.
  if (browserName === 'chromium') {
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Export HAR' }).click();
    const har = JSON.parse(await readFile(await (await download).path(), 'utf8')) as Har;
    expect(har.log.entries.at(-1)?.request.postData?.params).toContainEqual({ name: 'title', value: 'Loose bolt' });
  }

  await dial(page, '401');
  // The longer the machine took, the longer is the wait for the next try by now.
  await page.locator('#outbox-panel').getByRole('button', { name: 'Replay now' }).click();
  await expect(status).toHaveAttribute('data-state', 'held');
  await save(page, 'Lamp out');
  await expect(status).toContainText('2 reports are held');
  await expect(page.locator('#outbox [data-entry][data-state="held"]')).toHaveCount(2);

  await page.locator('#status-act').click();
  await expect(status).toHaveAttribute('data-state', 'idle');
  await expect(page.locator('#reports [data-report]').filter({ hasText: /Loose bolt|Lamp out/ })).toHaveCount(2);
  await expect(page.locator('#reports [data-state="delivered"]').filter({ hasText: 'Lamp out' })).toBeVisible();
  await expect(page.locator('#outbox [data-entry]')).toHaveCount(0);
});

test('the demo: signing out parks the waiting reports, and only the same user’s sign-in delivers them', async ({ page, demo }) => {
  await page.goto(demo.url);
  const status = page.locator('#status');
  const parked = page.locator('#outbox [data-entry][data-state="parked"]');
  await expect(status).toHaveAttribute('data-state', 'idle');
  await dial(page, 'down');
  await save(page, 'Loose bolt');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(parked).toContainText("It's Mara's, and waits for that sign-in.");
  await dial(page, 'ok');
  await expect(status).toContainText('1 report is held until Mara signs in');

  await page.locator('#session-user').selectOption('joon');
  await page.getByRole('button', { name: 'Sign in', exact: true }).first().click();
  await expect(page.locator('#session-name')).toHaveText('Signed in as Joon');
  await expect(page.locator('#session-life')).toContainText('token good');
  await save(page, 'Lamp out');
  await expect(page.locator('#reports [data-state="delivered"]').filter({ hasText: 'Lamp out' })).toBeVisible();
  await expect(parked).toHaveCount(1);

  await page.getByRole('button', { name: 'Sign in as Mara' }).click();
  await expect(status).toHaveAttribute('data-state', 'idle');
  await expect(page.locator('#outbox [data-entry]')).toHaveCount(0);
  await expect(page.locator('#reports [data-report]').filter({ hasText: 'Loose bolt' })).toBeVisible();
});

test('the demo: P1 P2 P5 signed in by cookie, what waits is held on a lapsed session and on a stale CSRF token, and released by a click', async ({ page, demo }) => {
  await page.goto(demo.url);
  const status = page.locator('#status');
  const life = page.locator('#session-life');
  const replay = page.locator('#outbox-panel').getByRole('button', { name: 'Replay now' });
  const delivered = (title: string) => page.locator('#reports [data-state="delivered"]').filter({ hasText: title });
  await expect(status).toHaveAttribute('data-state', 'idle');
  await page.getByText('Session cookie').click();
  await expect(life).toHaveText('by cookie, CSRF token good');
  // The session's cookie is none that a script sees.
  expect(await page.evaluate(() => document.cookie)).toBe('');

  await dial(page, 'down');
  await save(page, 'Loose bolt');
  await expect(status).toHaveAttribute('data-state', 'waiting');
  await expect(page.getByRole('radio', { name: 'JWT in a header' })).toBeDisabled();
  await dial(page, '401');
  await replay.click();
  await expect(status).toContainText('1 report is held: your session has ended.');
  await expect(life).toHaveText('session has ended');
  await page.locator('#status-act').getByText('Sign in').click();
  await expect(status).toHaveAttribute('data-state', 'idle');
  await expect(delivered('Loose bolt')).toBeVisible();

  await dial(page, 'down');
  await save(page, 'Lamp out');
  await expect(status).toHaveAttribute('data-state', 'waiting');
  await dial(page, 'csrf');
  await replay.click();
  await expect(status).toContainText("1 report is held: the page's CSRF token is stale.");
  await expect(page.locator('#reports').getByText('Held: needs a new CSRF token')).toBeVisible();
  await page.locator('#status-act').getByText('New token').click();
  await expect(status).toHaveAttribute('data-state', 'idle');
  await expect(delivered('Lamp out')).toBeVisible();

  // A page's own write hears its answer, and says so.
  await dial(page, '401');
  await page.getByLabel('Title').fill('Bent rail');
  await page.getByRole('button', { name: 'Save report' }).click();
  await expect(page.locator('#form-note')).toHaveText('Not saved: your session has ended. Sign in, and save it again.');
  await expect(page.getByLabel('Title')).toHaveValue('Bent rail');
  const statuses = await page.locator('#seen .code').allTextContents();
  expect(statuses.reverse()).toEqual(['401', '201', '403', '201', '401']);
});

test('the demo: M1 M2 M3 reports that are made offline are marked done and deleted offline, and each is one report at the server', async ({ page, demo }) => {
  await page.goto(demo.url);
  const status = page.locator('#status');
  const outbox = page.locator('#outbox [data-entry]');
  const row = (title: string) => page.locator('#reports [data-report]').filter({ hasText: title });
  const press = async (name: string) => {
    await page.getByRole('button', { name, exact: true }).focus();
    await page.keyboard.press('Enter');
  };
  await expect(status).toHaveAttribute('data-state', 'idle');
  await dial(page, 'down');
  await save(page, 'Loose bolt');
  await press('Mark done: Loose bolt');
  await expect(row('Loose bolt')).toHaveAttribute('data-done', 'true');
  await save(page, 'Lamp out');
  await press('Mark done: Lamp out');
  await press('Delete: Lamp out');
  await expect(outbox).toHaveCount(5);
  await expect(row('Lamp out')).toContainText('Deletion waits');
  // The button that had the focus is hidden.
  await expect(page.getByRole('button', { name: 'Delete: Loose bolt' })).toBeFocused();
  // Colours change at once then.
  await page.emulateMedia({ reducedMotion: 'reduce' });
  const found = await violations(page);
  await page.emulateMedia({ reducedMotion: null });
  expect(found).toEqual([]);
  // The page knows what waits, and under which names.
  await page.reload();
  await expect(row('Loose bolt')).toHaveAttribute('data-done', 'true');
  await expect(row('Lamp out')).toContainText('Deletion waits');

  await dial(page, 'ok');
  await page.locator('#outbox-panel').getByRole('button', { name: 'Replay now' }).click();
  await expect(outbox).toHaveCount(0);
  await expect(row('Loose bolt')).toHaveCount(1);
  await expect(row('Loose bolt')).toContainText('Done');
  await expect(row('Lamp out')).toHaveCount(0);

  const { seen } = (await (await fetch(new URL('/server-log', demo.url))).json()) as { seen: SeenRequest[] };
  const writes = (title: string) => seen.filter(({ about, method }) => about === title && method !== 'GET');
  expect(writes('Loose bolt')).toMatchObject([{ method: 'POST', status: 201 }, { method: 'PATCH', status: 200 }]);
  expect(writes('Lamp out')).toMatchObject([{ method: 'POST', status: 201 }, { method: 'PATCH', status: 200 }, { method: 'DELETE', status: 204 }]);
  expect(seen.filter(({ method }) => method !== 'GET')).toHaveLength(5);

  // The page goes on with what the server has by now.
  expect(await written(demo)).toMatchObject([{ title: 'Loose bolt', done: true }]);
  await press('Reopen: Loose bolt');
  await expect(row('Loose bolt')).toHaveAttribute('data-state', 'delivered');
  expect(await written(demo)).toMatchObject([{ title: 'Loose bolt', done: false }]);
});

test('the demo: S3 the live feed goes on where it was, after an outage and after a reload', async ({ page, demo }) => {
  await page.goto(demo.url);
  const state = page.locator('#feed-state');
  const ids = async () => (await page.locator('#feed .code').allTextContents()).map((id) => Number(id.slice(1))).reverse();
  await expect(page.locator('#feed .code').first()).toBeVisible();
  await dial(page, 'down');
  await expect(state).toContainText('Cut off');
  const known = (await ids()).at(-1)!;
  await dial(page, 'ok');
  await expect(page.locator('#feed .resumed')).toContainText(`Resumed at #${known}`);
  await expect.poll(async () => (await ids()).at(-1)).toBeGreaterThan(known);
  await page.reload();
  await expect(page.locator('#feed .resumed')).toHaveCount(2);
  const length = (await ids()).length;
  await expect.poll(async () => (await ids()).length).toBeGreaterThan(length);
  // None is missing, and none is there twice.
  const all = await ids();
  expect(all).toEqual(all.map((_, index) => all[0]! + index));
});
