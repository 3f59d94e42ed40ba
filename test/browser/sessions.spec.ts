import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { chromiumOnly, connectPage, expect, NEVER, openApp, stopWorkers, test } from '../support/fixtures.js';
import { onDisk } from '../support/on-disk.js';

declare global {
  interface Window {
    askedFor?: string[];
    isLive?: boolean;
    csrf?: string;
  }
}

const DROP_IN = `<!doctype html><script>
    window.askedFor = [];
    function appRenew() { askedFor.push('session'); return window.isLive === true; }
    function appCsrf() { askedFor.push('csrf'); return window.csrf; }
  </script>
  <script src="/holdfast.js" data-worker="/holdfast-sw.js?api=/api" data-renew-session="appRenew" data-get-csrf-token="appCsrf"></script>`;

const write = (page: Page, body: string, headers: Record<string, string> = {}) =>
  page.evaluate(async ([text, own]) => (await fetch('/api/notes', { method: 'POST', body: text, headers: own })).status, [body, headers] as const);

test('P3 P5 the drop-in’s attributes name the functions that renew the session and give the CSRF token', async ({ page, server }) => {
  server.serve('/', DROP_IN, 'text/html');
  await page.goto(server.origin);
  await page.waitForFunction(() => window.holdfast && navigator.serviceWorker.controller);
  let csrf = 'first';
  let isLive = true;
  server.reply(({ headers }) => (headers['x-csrf-token'] !== csrf ? { status: 403, body: { code: 'EBADCSRFTOKEN' } } : isLive ? { status: 201 } : { status: 401 }));
  await server.unlisten();
  expect(await write(page, 'a', { 'X-CSRF-Token': 'first' })).toBe(202);
  [csrf, isLive] = ['second', false];
  await page.evaluate(() => (window.csrf = 'second'));
  await server.listen();
  await page.evaluate(() => window.holdfast!.replay());
  await page.waitForFunction(() => window.askedFor!.includes('session'));
  expect(await page.evaluate(() => window.askedFor)).toEqual(['csrf', 'session']);
  isLive = true;
  await page.evaluate(() => {
    window.isLive = true;
    window.dispatchEvent(new Event('focus'));
  });
  await expect.poll(async () => page.evaluate(async () => (await window.holdfast!.status()).waiting)).toBe(0);
  expect(server.received.map(({ headers }) => headers['x-csrf-token'])).toEqual(['first', 'second', 'second']);
  expect((await onDisk(page)).filter(({ text }) => /first|second/.test(text.replace('first-send', '')))).toEqual([]);
});

for (const [what, header, page] of [
  ['the meta tag', 'X-CSRF-Token', '<!doctype html><meta name="csrf-token" content="fresh"><script src="/holdfast.js"></script>'],
  ['the cookie, which Chromium shows the worker and Firefox the page', 'X-XSRF-TOKEN', '<!doctype html><script src="/holdfast.js"></script><script>document.cookie = "XSRF-TOKEN=fresh"</script>'],
] as const) {
  test(`P4 after a restart a stored request gets the CSRF token of ${what}`, async ({ open, server }) => {
    const app = await open({ options: `backends: [{ baseUrl: '/api', ${NEVER} }]` });
    await server.unlisten();
    await app.post('a', { headers: { [header]: 'old' } });
    await app.stopWorker();
    await server.listen();
    server.serve('/', page, 'text/html');
    await app.page.goto(server.origin);
    await stopWorkers(app.page);
    await connectPage(app.page);
    await app.call((sync) => sync.replay());
    await app.empty();
    expect(server.received.map(({ headers }) => headers[header.toLowerCase()])).toEqual(['fresh']);
  });
}

/** The files under a folder that contain a text, as bytes of a character each or as UTF-16. */
async function filesWith(folder: string, text: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const contents = await Promise.all(files.map((file) => readFile(file)));
  return files.filter((_, index) => contents[index]!.includes(text) || contents[index]!.includes(text, 0, 'utf16le'));
}

test('P4 no file of the browser’s profile has a CSRF token, of a write that waits, was delivered or was refused', chromiumOnly('Firefox takes twenty seconds to start on a profile of its own'), async ({ server, profile, launch }) => {
  // The start of a browser takes a busy machine up to twenty seconds.
  test.setTimeout(60_000);
  const context = await launch(profile);
  const app = await openApp(await context.newPage(), server, { options: `backends: [{ baseUrl: '/api', ${NEVER} }]` });
  const send = (body: string, csrf: string) => app.post(body, { headers: { 'X-CSRF-Token': csrf, 'X-Own': 'an-ordinary-header' } });
  server.reply({ status: 201, headers: { 'X-CSRF-Token': 'csrf-of-an-answer' } });
  expect(await send('sent', 'csrf-sent')).toMatchObject({ status: 201 });
  await server.unlisten();
  for (const body of ['delivered', 'refused', 'waiting']) expect(await send(body, 'csrf-stored')).toMatchObject({ status: 202 });
  await server.listen();
  server.reply(({ text }) => (text === 'delivered' ? { status: 201, headers: { 'X-CSRF-Token': 'csrf-of-an-answer' } } : { status: 403, body: { code: 'EBADCSRFTOKEN' } }));
  await app.call((sync) => sync.replay());
  await app.heard('held');
  expect(server.received.map(({ headers }) => headers['x-csrf-token'])).toEqual(['csrf-sent', 'csrf-stored', 'csrf-stored']);
  await context.close();
  expect(await filesWith(profile, 'an-ordinary-header')).not.toEqual([]);
  expect(await filesWith(profile, 'csrf-sent')).toEqual([]);
  expect(await filesWith(profile, 'csrf-stored')).toEqual([]);
  expect(await filesWith(profile, 'csrf-of-an-answer')).toEqual([]);
});
