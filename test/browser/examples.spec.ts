import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Page } from '@playwright/test';
import type { ApiServer, Received } from '../support/api-server.js';
import { chromiumOnly, expect, test } from '../support/fixtures.js';

const run = promisify(execFile);
const vite = fileURLToPath(new URL('../../node_modules/vite/bin/vite.js', import.meta.url));
const examples = fileURLToPath(new URL('../../demo/examples/', import.meta.url));

/** A build has a time of its own: it's no part of what a test waits for. */
const BUILD_MS = 60_000;

const TYPES: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.webmanifest': 'application/manifest+json',
};

type Files = Map<string, { body: string; type: string }>;

/** The files of a folder by their URL paths. */
async function filesOf(folder: string): Promise<Files> {
  const files: Files = new Map();
  for (const file of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const type = TYPES[extname(file.name)];
    if (!file.isFile() || !type) continue;
    const path = join(file.parentPath, file.name);
    const served = { body: await readFile(path, 'utf8'), type };
    const url = `/${relative(folder, path).split(sep).join('/')}`;
    files.set(url, served);
    if (url === '/index.html') files.set('/', served);
  }
  return files;
}

/** What `vite build` makes of an example, with its own configuration. */
async function buildExample(name: string): Promise<Files> {
  const outDir = await mkdtemp(join(tmpdir(), 'holdfast-example-'));
  try {
    await run(process.execPath, [vite, 'build', join(examples, name), '--outDir', outDir, '--emptyOutDir', '--logLevel', 'error']);
    return await filesOf(outDir);
  } finally {
    await rm(outDir, { recursive: true });
  }
}

/** An example from its sources, by `serve.mjs --dev`. Vite’s own builds set `NODE_ENV` in the process that runs the tests. */
async function inDev(name: string, NODE_ENV: string | undefined) {
  const child = spawn(process.execPath, [join(examples, 'serve.mjs'), name, '--dev'], { env: { ...process.env, PORT: '0', NODE_ENV }, stdio: ['pipe', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.on('data', (part: Buffer) => void (said += part.toString()));
  const saying = (what: RegExp) => expect.poll(() => said, { timeout: BUILD_MS }).toMatch(what);
  await saying(/http:\S+ is up/);
  const enter = async (what: RegExp) => {
    child.stdin.write('\n');
    await saying(what);
  };
  return {
    origin: /http:\S+/.exec(said)![0],
    apiDown: () => enter(/API is down/),
    apiUp: () => enter(/API is up/),
    delivered: (text: string) => saying(new RegExp(`delivered: .*"${text}"`)),
    end: () => void child.kill(),
  };
}

function serveAll(server: ApiServer, files: Files): void {
  for (const [url, { body, type }] of files) server.serve(url, body, type);
}

/** Serves JSON with a token that the API refuses until it's told to give good ones. */
function serveTokens(server: ApiServer, path: string): { renew(): void } {
  let isGood = false;
  server.serve(path, async () => JSON.stringify({ token: isGood ? await server.token('ann', 600) : await server.refusedToken() }), 'application/json');
  return { renew: () => void (isGood = true) };
}

async function add(page: Page, text: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Note' }).fill(text);
  await page.getByRole('button', { name: 'Add' }).click();
}

/** Takes the server up again, and lets the page know, as the wait for the next try may be long by now. */
async function bringBack(page: Page, server: ApiServer): Promise<void> {
  await server.listen();
  await page.evaluate(() => window.dispatchEvent(new Event('online')));
}

const textsOf = (requests: Received[]) => requests.map(({ text }) => (JSON.parse(text) as { text: string }).text);

test('01-script: the waiting writes are listed, held on a lapsed token, and delivered in order after a sign-in', async ({ page, server }) => {
  serveAll(server, await filesOf(join(examples, '01-script')));
  const tokens = serveTokens(server, '/login');
  server.requireToken();
  await page.goto(server.origin);
  const badge = page.locator('holdfast-status');
  const waiting = page.locator('#waiting li');
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await expect(page.getByRole('button', { name: 'Add' })).toBeEnabled();
  await expect(badge).toBeHidden();

  await server.unlisten();
  await add(page, 'one');
  await expect(waiting).toHaveText([/unreachable/]);
  await add(page, 'two');
  await expect(waiting).toHaveCount(2);
  await expect(badge).toContainText('2 waiting');
  expect(server.received).toHaveLength(0);

  await server.listen();
  await page.getByRole('button', { name: 'Send now' }).click();
  await expect(page.getByText('Your session has expired')).toBeVisible();
  await expect(waiting).toHaveText([/held: auth-expired/, /held/]);
  await expect(badge).toContainText('2 on hold');
  expect(textsOf(server.received)).toEqual(['one']);

  tokens.renew();
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await expect(waiting).toHaveCount(0);
  await expect(page.getByText('Your session has expired')).toBeHidden();
  await expect(badge).toBeHidden();
  expect(textsOf(server.received)).toEqual(['one', 'one', 'two']);
  expect(server.received.map(({ user }) => user)).toEqual([null, 'ann', 'ann']);
});

for (const [name, NODE_ENV, kept] of [
  ['02-vite-pwa', undefined, '#waiting:text("1")'],
  ['02-vite-pwa', 'production', '#waiting:text("1")'],
  ['03-tanstack-query', undefined, '#notes :text("one (waiting)")'],
] as const) {
  test(`W8 ${name} from its sources${NODE_ENV ? ` with NODE_ENV=${NODE_ENV}` : ''}: the worker comes from Vite’s dev server, keeps a write, and delivers it`, chromiumOnly('the server is Vite, whatever the browser'), async ({ page }) => {
    test.setTimeout(2 * BUILD_MS);
    const dev = await inDev(name, NODE_ENV);
    try {
      await page.goto(dev.origin);
      // Vite prepares the dependencies at the first load, and reloads a page that came too early.
      await expect(page.getByRole('button', { name: 'Add' })).toBeEnabled({ timeout: BUILD_MS });
      await dev.apiDown();
      await add(page, 'one');
      await expect(page.locator(kept)).toBeVisible();
      await dev.apiUp();
      await page.evaluate(() => window.dispatchEvent(new Event('online')));
      await dev.delivered('one');
      await expect(page.locator(kept)).toBeHidden();
    } finally {
      dev.end();
    }
  });
}

test.describe('02-vite-pwa', () => {
  let files: Files;
  test.beforeAll(async () => {
    test.setTimeout(BUILD_MS);
    files = await buildExample('02-vite-pwa');
  });

  test('opens the app from its precache with the server down, and Holdfast keeps the app’s writes', async ({ page, server }) => {
    serveAll(server, files);
    const bearers: string[] = [];
    const giveToken = async () => {
      const token = await server.token('ann', 600);
      bearers.push(`Bearer ${token}`);
      return JSON.stringify({ token });
    };
    server.serve('/auth/token', giveToken, 'application/json');
    // The first token is revoked when the server comes back.
    server.reply(({ headers }) => (headers.authorization === bearers[0] ? { status: 401, body: { code: 'token_expired' } } : { status: 201 }));
    await page.goto(server.origin);
    await expect(page.getByRole('button', { name: 'Add' })).toBeEnabled();

    await server.unlisten();
    await page.reload();
    await expect(page.getByRole('heading', { name: 'Notes' })).toBeVisible();
    await add(page, 'one');
    await expect(page.locator('#waiting')).toHaveText('1');
    // A deep link is a navigation to the same page.
    await page.goto(`${server.origin}/notes/7`);
    await expect(page.locator('#waiting')).toHaveText('1');
    await add(page, 'two');
    await expect(page.locator('#waiting')).toHaveText('2');
    expect(server.received).toHaveLength(0);

    await bringBack(page, server);
    await expect(page.locator('#waiting')).toHaveText('0');
    expect(textsOf(server.received)).toEqual(['one', 'one', 'two']);
    expect(server.received.map(({ headers }) => headers.authorization)).toEqual([bearers[0], bearers[1], bearers[1]]);
  });
});

test.describe('03-tanstack-query', () => {
  let files: Files;
  test.beforeAll(async () => {
    test.setTimeout(BUILD_MS);
    files = await buildExample('03-tanstack-query');
  });

  for (const outage of ['the server down', 'the browser offline'] as const) {
    const details = outage === 'the browser offline' ? chromiumOnly('no other cuts the worker from the network') : {};
    test(`has a mutation that isn’t paused with ${outage}, and is delivered once`, details, async ({ page, context, server }) => {
      serveAll(server, files);
      const stored: unknown[] = [{ id: '0', text: 'old' }];
      server.reply(({ method, text }) => {
        if (method === 'GET') return { body: [...stored] };
        stored.push(JSON.parse(text));
        return { status: 201 };
      });
      const isOffline = outage === 'the browser offline';
      await page.goto(server.origin);
      const notes = page.locator('#notes li');
      await expect(notes).toHaveText(['old']);

      await (isOffline ? context.setOffline(true) : server.unlisten());
      await expect(page.locator('#network')).toHaveText(isOffline ? 'offline' : 'online');
      await add(page, 'new');
      await expect(page.locator('#mutation')).toHaveText('kept for later');
      await expect(notes).toHaveText(['old', 'new (waiting)']);
      expect(stored).toHaveLength(1);

      await (isOffline ? context.setOffline(false) : bringBack(page, server));
      await expect(notes).toHaveText(['old', 'new']);
      const posts = server.received.filter(({ method }) => method === 'POST');
      expect(posts).toHaveLength(1);
      expect(posts[0]!.headers['idempotency-key']).toBeTruthy();
    });
  }

  test('keeps waiting writes in its list when the notes are read anew, a reload included', async ({ page, server }) => {
    serveAll(server, files);
    const stored: unknown[] = [];
    let isFirst = true;
    let recover = () => {};
    const recovered = new Promise<void>((resolve) => (recover = resolve));
    server.reply(async ({ method, text }) => {
      if (method === 'GET') return { body: [...stored] };
      if (isFirst) {
        isFirst = false;
        return { status: 503 };
      }
      await recovered;
      stored.push(JSON.parse(text));
      return { status: 201 };
    });
    await page.goto(server.origin);
    await add(page, 'new');
    await expect(page.locator('#mutation')).toHaveText('kept for later');
    await page.reload();
    await expect(page.locator('#notes li')).toHaveText(['new (waiting)']);
    recover();
    await expect(page.locator('#notes li')).toHaveText(['new']);
    expect(stored).toHaveLength(1);
  });

  test('makes a refusal the mutation’s error, and takes the optimistic note back', async ({ page, server }) => {
    serveAll(server, files);
    server.reply(({ method }) => (method === 'GET' ? { body: [] } : { status: 422 }));
    await page.goto(server.origin);
    await add(page, 'new');
    await expect(page.locator('#mutation')).toHaveText('error');
    await expect(page.locator('#notes li')).toHaveCount(0);
    expect(server.received.filter(({ method }) => method === 'POST')).toHaveLength(1);
  });
});
