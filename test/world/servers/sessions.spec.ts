import type { Page } from '@playwright/test';
import { expect, stopWorkers, type App, type Fetched } from '../../support/fixtures.js';
import { onDisk } from '../../support/on-disk.js';
import type { SessionStack } from './session-stack.js';
import { findDjango } from './stacks/django.js';
import { titled } from './table.js';
import { test as base, type Upstream } from './upstream.js';

declare global {
  interface Window {
    renew?: ((isLive: boolean) => void) | undefined;
    csrfToken(): Promise<string | null>;
  }
}

/** How a stack is had. */
interface Source {
  /** Why it isn't run. */
  skipped?: string | false;
  load(): Promise<SessionStack>;
}

interface Row extends Source {
  title: string;
  /** The status that answers a write of a session that's over, with a CSRF token of that. */
  lapsed: number;
}

const express = () => import('./stacks/express-session.js');

const django = findDjango();
const NO_DJANGO = 'There is no Django here (Debian: python3-django), so what needs it is skipped';
// Each of Playwright's workers loads this file again.
if (django === null && process.env['TEST_WORKER_INDEX'] === undefined) console.warn(NO_DJANGO);

const DJANGO: Source = { skipped: django === null && NO_DJANGO, load: async () => (await import('./stacks/django.js')).stack };
const LARAVEL: Source = { load: async () => (await express()).asLaravelDoes };

const skipUnlessRun = ({ skipped }: Source) => test.skip(Boolean(skipped), skipped || '');

const STACKS: Row[] = [
  { title: titled(['express-session', 'csrf-csrf']), load: async () => (await express()).byCsrfCsrf, lapsed: 403 },
  { title: titled(['express-session', 'csrf-sync']), load: async () => (await express()).byCsrfSync, lapsed: 403 },
  { title: titled(['express-session', 'lusca'], 'angular'), load: async () => (await express()).byLusca, lapsed: 403 },
  { title: titled(['express-session'], 'as Laravel does'), ...LARAVEL, lapsed: 419 },
  { title: titled(['express-session'], 'a redirect to a login page'), load: async () => (await express()).redirecting, lapsed: 302 },
  { title: titled(['@fastify/session', '@fastify/csrf-protection']), load: async () => (await import('./stacks/fastify-csrf.js')).stack, lapsed: 403 },
  { title: titled(['hono'], 'hono/jwt with a cookie'), load: async () => (await import('./stacks/hono-jwt-cookie.js')).stack, lapsed: 401 },
  { title: titled(['hono'], 'hono/csrf'), load: async () => (await import('./stacks/hono-csrf.js')).stack, lapsed: 401 },
  { title: `Django ${django ?? ''}, with its login_required`, ...DJANGO, lapsed: 302 },
];

/** A page whose `renewSession` waits for the test, and that reads its CSRF token as the stack's documentation shows. */
const CONNECT = `
  renewSession: () => new Promise((resolve) => (window.renew = resolve)),
  getCsrfToken: () => window.csrfToken(),`;

/** How a page has its CSRF token: of the cookie that a GET sets, or of the GET's answer. */
const CSRF_TOKEN = `window.csrfToken = async () => {
  const response = await fetch('/api/csrf');
  if (response.status === 200) return (await response.json()).token;
  const [, value] = /(?:XSRF-TOKEN|csrftoken)=([^;]*)/.exec(document.cookie) ?? [];
  return value ? decodeURIComponent(value) : null;
}`;

const QUICK = 'retry: { maxRetries: 1, answered: { baseMs: 1, capMs: 1 }, unreachable: { baseMs: 1, capMs: 1 } }';

interface Site {
  app: App;
  upstream: Upstream;
  /** Signs a user in at the server. */
  login(user: string): Promise<void>;
  /** Writes with the page's CSRF token. */
  write(text: string): Promise<Fetched>;
}

const test = base.extend<{ openSite: (stack: SessionStack) => Promise<Site> }>({
  openSite: async ({ open, forwardTo, server }, use) => {
    await use(async (stack) => {
      server.serve('/login', '<!doctype html><form>', 'text/html');
      const upstream = await forwardTo(stack);
      const app = await open({ options: `backends: [{ baseUrl: '/api', ${QUICK} }]`, connect: CONNECT });
      await app.page.evaluate(CSRF_TOKEN);
      let token: string | null = null;
      return {
        app,
        upstream,
        async login(user) {
          const { status } = await app.post(JSON.stringify({ user }), { path: '/api/login', headers: { 'Content-Type': 'application/json' } });
          expect(status).toBe(204);
          if (stack.header) token = await app.page.evaluate(() => window.csrfToken());
        },
        write: (text) =>
          app.post(JSON.stringify({ text }), { headers: { 'Content-Type': 'application/json', ...(stack.header && token !== null && { [stack.header]: token }) } }),
      };
    });
  },
});

const isAsked = (page: Page) => page.waitForFunction(() => window.renew !== undefined);
const renew = (page: Page) =>
  page.evaluate(() => {
    window.renew!(true);
    window.renew = undefined;
  });

for (const { title, lapsed, ...source } of STACKS) {
  const { load } = source;
  test.describe(title, () => {
    skipUnlessRun(source);

    test('P1 P3 P4 P5 P6 a write whose session and CSRF token lapse while the API is down is held, renewed, and delivered once', async ({ openSite }) => {
      const stack = await load();
      const { app, upstream, login, write } = await openSite(stack);
      await login('ann');
      expect(await write('first')).toMatchObject({ status: 201 });
      expect(upstream.effects).toEqual(['ann: first']);
      const token = stack.header && (await app.page.evaluate(() => window.csrfToken()));
      await upstream.stop();
      expect(await write('second')).toMatchObject({ status: 202 });
      expect(await write('third')).toMatchObject({ status: 202 });
      if (token) for (const { text } of await onDisk(app.page)) expect(text).not.toContain(token);
      await stack.lapse();
      upstream.reached.length = 0;
      await upstream.start();
      await app.call((sync) => sync.replay());
      await isAsked(app.page);
      expect(upstream.reached[0]).toMatchObject({ status: lapsed });
      expect(upstream.effects).toEqual(['ann: first']);
      expect(await app.entries()).toMatchObject([{ state: 'held', reason: 'session-expired' }, { state: 'held' }]);
      await login('ann');
      await renew(app.page);
      await app.empty();
      expect(upstream.effects).toEqual(['ann: first', 'ann: second', 'ann: third']);
      expect(await app.entries()).toEqual([]);
      expect(await app.types()).not.toContain('failed');
      if (token) for (const { text } of await onDisk(app.page)) expect(text).not.toContain(token);
    });
  });
}

/** Stacks that two users sign in at. */
const USERS: [name: string, source: Source][] = [
  ['csrf-sync', { load: async () => (await express()).byCsrfSync }],
  ['Django', DJANGO],
];

for (const [name, source] of USERS) {
  test(`P2 what one user leaves is parked while another is signed in, and goes out in its own user’s session: ${name}`, async ({ openSite }) => {
    skipUnlessRun(source);
    const stack = await source.load();
    const { app, upstream, login, write } = await openSite(stack);
    await login('ann');
    await app.call((sync) => sync.signIn('ann'));
    await upstream.stop();
    expect(await write('a note')).toMatchObject({ status: 202 });
    await stack.lapse();
    await upstream.start();
    await app.call((sync) => sync.replay());
    await isAsked(app.page);
    await login('bob');
    await app.call((sync) => sync.signIn('bob'));
    expect(await app.entries()).toMatchObject([{ state: 'parked', owner: 'ann' }]);
    expect(await write('bob’s')).toMatchObject({ status: 201 });
    await app.stopWorker();
    await app.call((sync) => sync.replay());
    expect(await app.entries()).toMatchObject([{ state: 'parked', owner: 'ann' }]);
    await login('ann');
    await app.call((sync) => sync.signIn('ann'));
    await app.empty();
    expect(upstream.effects).toEqual(['bob: bob’s', 'ann: a note']);
  });
}

test('P2 a page that says nothing releases what waits by its next write', async ({ openSite }) => {
  const stack = (await express()).redirecting;
  const { app, upstream, login, write } = await openSite(stack);
  await login('ann');
  await upstream.stop();
  await write('first');
  await stack.lapse();
  await upstream.start();
  await app.call((sync) => sync.replay());
  await isAsked(app.page);
  await login('ann');
  await write('second');
  await app.empty();
  expect(upstream.effects).toEqual(['ann: first', 'ann: second']);
});

/** The line that the docs have for a template, as the server fills it in for a user, or for nobody. */
const template = (user: string) => `<!doctype html><script src="/holdfast.js" data-worker="/holdfast-sw.js?api=/api" data-user="${user}"></script>`;

/** Stacks with templates. */
const TEMPLATES: typeof USERS = [
  ['Laravel’s way', LARAVEL],
  ['Django', DJANGO],
];

for (const [name, source] of TEMPLATES) {
  test(`P2 P6 with the template’s line nothing that one user has left goes out in another’s session: ${name}`, async ({ page, server, forwardTo }) => {
    skipUnlessRun(source);
    // Four pages are loaded one after the other, each with its worker: more than a test's time on a busy machine.
    test.setTimeout(60_000);
    const stack = await source.load();
    const upstream = await forwardTo(stack);
    const open = async (user: string) => {
      server.serve('/', template(user), 'text/html');
      await page.goto(server.origin);
      await page.waitForFunction(() => window.holdfast && navigator.serviceWorker.controller);
    };
    let token = '';
    const write = (text: string) =>
      page.evaluate(
        async ([body, headers]) => (await fetch('/api/notes', { method: 'POST', body, headers })).status,
        [JSON.stringify({ text }), { 'Content-Type': 'application/json', [stack.header!]: token }] as const,
      );
    // As another page of the browser does, where there's no Holdfast.
    const logIn = async (user: string) => {
      expect((await page.context().request.post(`${server.origin}/api/login`, { data: { user } })).status()).toBe(204);
      await open(user);
      await page.evaluate(CSRF_TOKEN);
      token = (await page.evaluate(() => window.csrfToken()))!;
    };
    const states = () => page.evaluate(async () => (await window.holdfast!.entries()).map(({ state, owner }) => `${state} ${owner}`));
    await open('');
    await logIn('ann');
    expect(await write('first')).toBe(201);
    await upstream.stop();
    expect(await write('second')).toBe(202);
    await page.goto('about:blank');
    await stopWorkers(page);
    await stack.lapse();
    await upstream.start();
    await logIn('bob');
    await expect.poll(states).toEqual(['parked ann']);
    expect(await write('bob’s')).toBe(201);
    await logIn('ann');
    await expect.poll(states).toEqual([]);
    expect(upstream.effects).toEqual(['ann: first', 'bob: bob’s', 'ann: second']);
  });
}
