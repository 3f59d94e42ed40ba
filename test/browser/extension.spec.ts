import { readFile } from 'node:fs/promises';
import type { EntryInfo } from '../../sw/protocol/api.js';
import { connectPage, expect, NEVER, stopWorkers, test as base, workerScript } from '../support/fixtures.js';
import { EXTENSION, openDevTools, type DevTools } from '../support/devtools.js';

const test = base.extend<{ devtools: DevTools }>({
  devtools: async ({ server }, use) => {
    server.serve('/worker.js', workerScript(`backends: [{ baseUrl: '/api', ${NEVER} }]`));
    server.serve('/plain', '<!doctype html><title>No Holdfast</title>', 'text/html');
    const devtools = await openDevTools(server.origin);
    await use(devtools);
    await devtools.close();
  },
});
test.setTimeout(60_000);

const INSPECTOR = `document.querySelector('holdfast-inspector')`;
const LOOK_AGAIN = `document.querySelector('button').click()`;
const MESSAGE = `(({ hidden, textContent }) => hidden ? '' : textContent)(document.querySelector('p'))`;
const HAS_CLIENT = `Boolean(${INSPECTOR}.client)`;
const ENTRIES = `${INSPECTOR}.client?.entries()`;

const post = (devtools: DevTools) =>
  devtools.page.evaluate(async () => (await fetch('/api/notes', { method: 'POST', body: 'one' })).status);

test('the panel lists what the page has queued, and a cancel and a replay there take effect in the page', async ({ devtools, server }) => {
  const { page, panel } = devtools;
  await connectPage(page);
  await panel(LOOK_AGAIN);
  await expect.poll(() => panel(HAS_CLIENT)).toBe(true);

  await server.unlisten();
  expect([await post(devtools), await post(devtools)]).toEqual([202, 202]);
  const entries = await panel<EntryInfo[]>(ENTRIES);
  const queued = { state: 'pending', method: 'POST', baseUrl: `${server.origin}/api` };
  expect(entries).toMatchObject([queued, queued]);
  const rows = `[...(${INSPECTOR}.shadowRoot.querySelector('holdfast-entry-list')?.shadowRoot.querySelectorAll('[role=row]') ?? [])].map(({ textContent }) => textContent.replace(/\\s+/g, ' '))`;
  const waits = expect.stringMatching(/POST \/api\/notes .*Waiting/) as unknown;
  await expect.poll(() => panel(rows)).toEqual([waits, waits]);

  expect(await panel(`${INSPECTOR}.client.cancel(${JSON.stringify(entries[0]!.key)})`)).toBe(true);
  expect(await page.evaluate(() => window.sync.entries())).toHaveLength(1);

  await server.listen();
  await panel(`${INSPECTOR}.client.addEventListener('delivered', () => (window.delivered = true))`);
  await panel(`${INSPECTOR}.client.replay()`);
  await expect.poll(() => panel('window.delivered')).toBe(true);
  expect(server.bodies()).toEqual(['one']);
});

test('a page without Holdfast is told so plainly, before and after a page that has it', async ({ devtools, server }) => {
  const { page, panel } = devtools;
  await expect.poll(() => panel(MESSAGE)).toContain('This page has no Holdfast');
  await connectPage(page);
  await page.reload();
  await expect.poll(() => panel(HAS_CLIENT)).toBe(true);
  // Another origin: the same server by its address.
  await page.goto(`${server.origin.replace('localhost', '127.0.0.1')}/plain`);
  await expect.poll(() => panel(MESSAGE)).toContain('This page has no Holdfast');
  expect(await panel(HAS_CLIENT)).toBe(false);
  await page.goto(server.origin);
  await expect.poll(() => panel(HAS_CLIENT)).toBe(true);
  expect(await panel(MESSAGE)).toBe('');
});

test("the panel's calls and events outlive a worker that was stopped", async ({ devtools, server }) => {
  const { page, panel } = devtools;
  await connectPage(page);
  await panel(LOOK_AGAIN);
  await expect.poll(() => panel(HAS_CLIENT)).toBe(true);
  await stopWorkers(page);
  await panel(`${INSPECTOR}.client.addEventListener('queued', ({ detail }) => (window.queued = detail))`);
  await server.unlisten();
  expect(await post(devtools)).toBe(202);
  await expect.poll(() => panel('window.queued')).toMatchObject({ type: 'queued', method: 'POST' });
  const [{ key }] = await panel<[EntryInfo]>(ENTRIES);
  const text = `${INSPECTOR}.client.body(${JSON.stringify(key)}).then(({ bytes }) => new TextDecoder().decode(bytes))`;
  expect(await panel(text)).toBe('one');
});

test('a panel that’s shown again keeps its client and an open editor, and makes another client for a new document', async ({ devtools, server }) => {
  const { page, panel } = devtools;
  await connectPage(page);
  await panel(LOOK_AGAIN);
  await expect.poll(() => panel(HAS_CLIENT)).toBe(true);
  const isSame = `window.before === ${INSPECTOR}.client`;
  await panel(`window.before = ${INSPECTOR}.client`);
  await panel(`dispatchEvent(new Event('panel-hidden'))`);
  await server.unlisten();
  expect(await post(devtools)).toBe(202);
  await panel(`dispatchEvent(new Event('panel-shown'))`);
  await expect.poll(() => panel(`${INSPECTOR}.shadowRoot.querySelector('holdfast-entry-list')?.entries.length`)).toBe(1);
  expect(await panel(isSame)).toBe(true);
  await server.listen();
  await page.reload();
  await expect.poll(() => panel(`${isSame} || !${HAS_CLIENT}`)).toBe(false);
});

test('V1 DevTools’ own importer reads the HAR, attempt by attempt', async ({ devtools, server }) => {
  const { page, panel, frontend } = devtools;
  await connectPage(page);
  await panel(LOOK_AGAIN);
  await expect.poll(() => panel(HAS_CLIENT)).toBe(true);
  server.reply({ status: 500, body: { error: 'down' } });
  expect(await post(devtools)).toBe(202);
  const har = await panel(`${INSPECTOR}.client.exportHar()`);
  const read = await frontend(`import('devtools://devtools/bundled/models/har/har.js').then(async ({ HARFormat, Importer }) => {
    const requests = Importer.Importer.requestsFromHARLog(new HARFormat.HARRoot(${JSON.stringify(har)}).log);
    return Promise.all(requests.map(async (one) => [one.requestMethod, new URL(one.url()).pathname, one.statusCode, await one.requestFormData(), one.duration >= 0]));
  })`);
  expect(read).toEqual([['POST', '/api/notes', 500, 'one', true]]);
});

test('L6 either of two scopes can be chosen in the panel, and is all that it shows', async ({ devtools, server }) => {
  const { page, panel } = devtools;
  server.serve('/other/worker.js', workerScript(`backends: [{ baseUrl: '/other-api' }]`));
  await connectPage(page);
  await page.evaluate(async () => {
    const registration = await navigator.serviceWorker.register('/other/worker.js');
    const worker = registration.active ?? registration.waiting ?? registration.installing!;
    if (worker.state !== 'activated')
      await new Promise<void>((resolve) => (worker.onstatechange = () => worker.state === 'activated' && resolve()));
  });
  await panel(LOOK_AGAIN);
  const choice = `[...document.querySelectorAll('option')].map(({ value }) => value).sort()`;
  await expect.poll(() => panel(choice)).toEqual([`${server.origin}/`, `${server.origin}/other/`]);
  await panel(`{
    const bar = document.querySelector('select');
    bar.value = ${JSON.stringify(`${server.origin}/other/`)};
    bar.dispatchEvent(new Event('change'));
  }`);
  const backends = `${INSPECTOR}.client.status().then(({ backends }) => backends.map(({ baseUrl }) => baseUrl))`;
  expect(await panel(backends)).toEqual([`${server.origin}/other-api`]);
  // L6 The panel hears of the chosen scope's worker alone.
  await panel(`window.heard = []; ${INSPECTOR}.client.addEventListener('event', ({ detail }) => window.heard.push(detail.type))`);
  server.serve('/other/', '<!doctype html>', 'text/html');
  await page.evaluate(async () => {
    const frame = Object.assign(document.createElement('iframe'), { src: '/other/' });
    await new Promise((resolve) => document.body.append(Object.assign(frame, { onload: resolve })));
  });
  await server.unlisten();
  expect(await post(devtools)).toBe(202);
  expect(await page.evaluate(async () => (await window.frames[0]!.fetch('/other-api/notes', { method: 'POST', body: 'theirs' })).status)).toBe(202);
  await expect.poll(() => panel('window.heard')).toContain('queued');
  expect((await panel<string[]>('window.heard')).filter((type) => type === 'queued')).toHaveLength(1);
  const listed = await panel<EntryInfo[]>(ENTRIES);
  expect(listed.map(({ baseUrl }) => baseUrl)).toEqual([`${server.origin}/other-api`]);
});

test('the manifest asks for no permission', async () => {
  const manifest = JSON.parse(await readFile(`${EXTENSION}manifest.json`, 'utf8')) as object;
  expect(Object.keys(manifest).sort()).toEqual(
    ['description', 'devtools_page', 'manifest_version', 'minimum_chrome_version', 'name', 'version'],
  );
});
