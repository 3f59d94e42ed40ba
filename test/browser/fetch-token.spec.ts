import type { Page } from '@playwright/test';
import type { FetchTokenOptions } from '../../client/index.js';
import { expect, test } from '../support/fixtures.js';

interface Failure {
  name: string;
  status?: number | null;
  body?: string;
  message: string;
}

type Given = Omit<FetchTokenOptions, 'pick' | 'signal'>;

/** What `fetchToken` gives, or how it fails. */
const fetchToken = (page: Page, options: Given = { url: '/api/token', baseDelayMs: 1 }): Promise<string | Failure> =>
  page.evaluate(async (given) => {
    const { Holdfast } = window as unknown as { Holdfast: typeof import('../../client/index.js') };
    return Holdfast.fetchToken(given).catch((error: Failure): Failure => {
      const { name, status, body, message } = error;
      return { name, status: status!, body: body!, message };
    });
  }, options);

test.describe('T2 fetchToken', () => {
  test.beforeEach(({ page, server }) => page.goto(server.origin).then(() => {}));

  for (const answer of [{ access_token: 't', token_type: 'Bearer' }, { accessToken: 't' }, { token: 't' }]) {
    test(`finds the token in ${JSON.stringify(answer)}`, async ({ page, server }) => {
      server.reply({ body: answer });
      expect(await fetchToken(page)).toBe('t');
      expect(server.received).toMatchObject([{ method: 'POST' }]);
    });
  }

  test.describe('by the clock', () => {
    // A page's clock is its whole context's.
    test.use({ apart: true });

    test('tries a server that fails three times, 500 ms and then 1 000 ms apart', async ({ page, server }) => {
      server.reply({ status: 503, body: 'busy', endless: true });
      await page.clock.install();
      await page.clock.pauseAt(Date.now() + 60_000);
      const result = fetchToken(page, { url: '/api/token' });
      for (const [sends, ms] of [[1, 500], [2, 1_000]] as const) {
        await server.arrived(sends);
        // The body of a failure is cancelled before the wait for the next try.
        await expect.poll(() => server.abandoned).toHaveLength(sends);
        await page.clock.runFor(ms - 10);
        expect(server.received).toHaveLength(sends);
        await page.clock.runFor(10);
      }
      await server.arrived(3);
      expect(await result).toMatchObject({ name: 'TokenRefreshError', status: 503 });
      expect(server.received).toHaveLength(3);
    });
  });

  test('sends the request that it’s given, and takes the token from where pick says', async ({ page, server }) => {
    server.reply({ body: { data: { jwt: 't' } } });
    const token = await page.evaluate(() => {
      const { Holdfast } = window as unknown as { Holdfast: typeof import('../../client/index.js') };
      const body = new URLSearchParams({ grant_type: 'refresh_token' });
      return Holdfast.fetchToken({ url: '/api/token', method: 'PUT', headers: { 'X-Own': '1' }, body, pick: ({ data }) => data.jwt });
    });
    expect(token).toBe('t');
    expect(server.received).toMatchObject([{ method: 'PUT', text: 'grant_type=refresh_token', headers: { 'x-own': '1' } }]);
  });

  test('takes what a retry brings, and cancels the body of a failure', async ({ page, server }) => {
    server.reply((_request, count) => (count < 2 ? { status: 500, body: 'x', endless: true } : { body: { token: 't' } }));
    expect(await fetchToken(page)).toBe('t');
    await expect.poll(() => server.abandoned).toHaveLength(2);
  });

  test('tries a network that fails three times', async ({ page, server }) => {
    let failed = 0;
    page.on('requestfailed', () => failed++);
    await server.unlisten();
    expect(await fetchToken(page)).toMatchObject({ name: 'TokenRefreshError', status: null });
    expect(failed).toBe(3);
  });

  test('tries as often again as maxRetries says', async ({ page, server }) => {
    server.reply({ status: 500 });
    await fetchToken(page, { url: '/api/token', maxRetries: 0 });
    expect(server.received).toHaveLength(1);
  });

  for (const status of [400, 401, 403, 404, 429]) {
    test(`ends at once at a ${status}, with its status and body`, async ({ page, server }) => {
      server.reply({ status, body: '{"error":"invalid_grant"}' });
      expect(await fetchToken(page)).toEqual({
        name: 'TokenRefreshError',
        status,
        body: '{"error":"invalid_grant"}',
        message: `holdfast: no token from the server: it answered ${status}`,
      });
      expect(server.received).toHaveLength(1);
    });
  }

  for (const body of ['<!doctype html>', '', '{"token":', '{}', 'null', '{"token":7}', '{"token":" "}']) {
    test(`fails at a 200 with ${JSON.stringify(body)}, and doesn’t retry it`, async ({ page, server }) => {
      server.reply({ body });
      expect(await fetchToken(page)).toMatchObject({ name: 'TokenRefreshError', status: 200, body });
      expect(server.received).toHaveLength(1);
    });
  }

  test('fails at a redirect, and neither retries nor follows it', async ({ page, server }) => {
    server.reply({ status: 302, headers: { Location: '/api/login' } });
    expect(await fetchToken(page)).toMatchObject({ name: 'TokenRefreshError', message: /redirects/ });
    expect(server.received).toHaveLength(1);
  });

  for (const when of ['before', 'in flight', 'between two tries'] as const) {
    test(`ends at an abort (${when}) with the signal’s reason`, async ({ page, server }) => {
      server.reply(() => (when === 'in flight' ? 'hang' : { status: 500 }));
      const result = page.evaluate(async (when) => {
        const { Holdfast } = window as unknown as { Holdfast: typeof import('../../client/index.js') };
        const abort = new AbortController();
        Object.assign(window, { abort });
        if (when === 'before') abort.abort();
        return Holdfast.fetchToken({ url: '/api/token', baseDelayMs: 60_000, signal: abort.signal }).catch(({ name }: Error) => name);
      }, when);
      if (when !== 'before') {
        await server.arrived(1);
        await page.evaluate(() => (window as unknown as { abort: AbortController }).abort.abort());
      }
      expect(await result).toBe('AbortError');
      expect(server.received).toHaveLength(when === 'before' ? 0 : 1);
    });
  }

  test('is never stored by the worker', async ({ open, server }) => {
    const app = await open();
    server.reply({ status: 503 });
    expect(await fetchToken(app.page)).toMatchObject({ status: 503 });
    expect(await app.entries()).toEqual([]);
    expect(server.received).toHaveLength(3);
  });

  test('refuses a wrong option by name', async ({ page }) => {
    for (const [options, message] of [
      [{}, /option "url"/],
      [{ url: '/x', maxRetries: -1 }, /option "maxRetries" is -1; it must be a whole number, 0 or more/],
      [{ url: '/x', retries: 1 }, /option "retries"/],
    ] as const)
      expect(await fetchToken(page, options as Given)).toMatchObject({ name: 'ConfigError', message });
  });
});
