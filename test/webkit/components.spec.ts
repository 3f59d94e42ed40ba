import type { InspectorClient } from '../../client/inspector/client.js';
import { NEVER } from '../support/worker-script.js';
import { expect, test } from './fixtures.js';
import type { Page } from './page.js';

const QUIET = `backends: [{ baseUrl: '/api', ${NEVER} }]`;

async function show(page: Page, tag: string): Promise<void> {
  await page.evaluate(async (tag) => {
    document.documentElement.lang = 'en';
    const script = Object.assign(document.createElement('script'), { src: '/holdfast-inspector.js' });
    document.head.append(script);
    await new Promise((resolve, reject) => Object.assign(script, { onload: resolve, onerror: reject }));
    const element = document.createElement(tag) as HTMLElement & { client: InspectorClient };
    element.client = window.sync;
    document.body.append(element);
  }, tag);
}

/** The text in an element's shadow tree, those inside of it included. */
const textOf = (page: Page, tag: string): Promise<string> =>
  page.evaluate((tag) => {
    const text = (node: Node): string => {
      if (node instanceof Text) return node.data;
      if (node instanceof HTMLStyleElement) return '';
      const children = node instanceof Element && node.shadowRoot ? node.shadowRoot.childNodes : node.childNodes;
      return [...children].map(text).join('');
    };
    return text(document.querySelector(tag)!).replace(/\s+/g, ' ').trim();
  }, tag);

test('V1 <holdfast-status> says how many entries wait, and that all is saved', async ({ open, page, server }) => {
  const app = await open(QUIET);
  await show(page, 'holdfast-status');
  await expect.poll(() => textOf(page, 'holdfast-status')).toContain('All saved');
  server.reply({ status: 500 });
  expect(await app.post('x')).toBe(202);
  await expect.poll(() => textOf(page, 'holdfast-status')).toMatch(/1 waiting since \d.*: server error/);
  server.reply({ status: 201 });
  await page.evaluate(() => window.sync.replay());
  await expect.poll(() => textOf(page, 'holdfast-status')).toContain('All saved');
});

test('V1 <holdfast-inspector> lists the waiting entries, and its button replays them', async ({ open, page, server }) => {
  const app = await open(QUIET);
  await show(page, 'holdfast-inspector');
  server.reply({ status: 500 });
  expect(await app.post('x')).toBe(202);
  await expect.poll(() => textOf(page, 'holdfast-inspector')).toMatch(/Outbox \(1\).*POST \/api\/notes.*Waiting.*server error/);
  server.reply({ status: 201 });
  await page.evaluate(() => {
    const buttons = document.querySelector('holdfast-inspector')!.shadowRoot!.querySelectorAll('button');
    [...buttons].find(({ textContent }) => textContent?.trim() === 'Replay now')!.click();
  });
  await expect.poll(() => textOf(page, 'holdfast-inspector')).toContain('Nothing is waiting');
  expect(server.bodies()).toEqual(['x', 'x']);
});
