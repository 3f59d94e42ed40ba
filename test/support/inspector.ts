import { createRequire } from 'node:module';
import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import type { InspectorClient } from '../../client/inspector/client.js';
import { expect, NEVER, type App } from './fixtures.js';

/** A lane for each path, and no entry that's tried by itself. */
export const QUIET = `backends: [{ baseUrl: '/api', lane: ({ url }) => new URL(url).pathname, ${NEVER} }]`;

/** Puts an element into the app's page, with the page's client. */
export async function show(page: Page, tag = 'holdfast-inspector', attributes = ''): Promise<void> {
  await page.addScriptTag({ url: '/holdfast-inspector.js' });
  await page.evaluate(
    ([name, more]) => {
      document.documentElement.lang = 'en';
      document.body.innerHTML = `<main><h1>A page</h1><${name} ${more}></${name}></main>`;
      (document.querySelector(name) as unknown as { client: InspectorClient }).client = window.sync;
    },
    [tag, attributes] as const,
  );
}

/** Stores a request that the server has failed once: with a 500 it may have acted, with a 429 it hasn't. */
export async function queued(app: App, path: string, body = '{"title":"tree"}', headers: Record<string, string> = {}, fails = 500): Promise<void> {
  app.server.reply({ status: fails });
  const { status } = await app.post(body, { path, headers: { 'Content-Type': 'application/json', ...headers } });
  expect(status).toBe(202);
}

/** Makes a dead letter of each waiting entry. */
export async function buried(app: App, count = 1, answer: Parameters<App['server']['reply']>[0] = { status: 422, body: { error: 'too long' } }): Promise<void> {
  app.server.reply(answer);
  await app.call((sync) => sync.replay());
  await app.heard('failed', count);
}

const axeSource = readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe-core finds wrong, as `rule: where`. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(await axeSource);
  return page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run(options: object): Promise<{ violations: { id: string; nodes: { target: unknown; failureSummary: string }[] }[] }> } };
    const found = await axe.run({ resultTypes: ['violations'] });
    return found.violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id}: ${JSON.stringify(target)} ${failureSummary}`));
  });
}
