import { createApiServer, type ApiServer } from '../support/api-server.js';
import { chromiumOnly, expect, NEVER, test, type App } from '../support/fixtures.js';

const authorization = (token: string) => ({ Authorization: `Bearer ${token}` });

test.describe('a token', () => {
  let other: ApiServer;
  test.beforeEach(async () => {
    other = await createApiServer({ cors: true });
  });
  test.afterEach(() => other.close());

  /** One entry with a token, stored and then replayed. */
  async function replayed(app: App, token: string, path = '/api/notes'): Promise<void> {
    await app.server.unlisten();
    await app.post('x', { path, headers: authorization(token) });
    await app.server.listen();
    await app.call((sync) => sync.replay());
    await app.heard('delivered');
  }

  for (const status of [307, 308]) {
    test(`C5 doesn’t go along with a ${status} that leaves the origin`, async ({ open, server }) => {
      // That key would be one more header for the other server to allow.
      const app = await open({ options: `backends: [{ baseUrl: '/api', ${NEVER}, idempotencyKey: false }]` });
      server.reply({ status, headers: { Location: `${other.origin}/api/elsewhere` } });
      await replayed(app, await server.token('ann'));
      expect(server.received).toMatchObject([{ user: 'ann' }]);
      expect(other.received).toMatchObject([{ text: 'x', path: '/api/elsewhere' }]);
      expect(other.received[0]!.headers.authorization).toBeUndefined();
    });
  }

  test('A14 doesn’t go to the remote configuration', async ({ open, server }) => {
    const seen: (string | undefined)[] = [];
    server.serve('/switches', (_url, request) => {
      seen.push(request.headers.authorization);
      return '{"autoRetry":true,"offlineMode":true}';
    });
    const app = await open({ options: `backends: [{ baseUrl: '/api', ${NEVER}, remoteConfig: '/switches' }]` });
    await app.call((sync, token: string) => sync.provideToken(token), await server.token('ann'));
    await app.call((sync) => sync.configure({}));
    await expect.poll(() => seen.length).toBeGreaterThan(1);
    expect(new Set(seen)).toEqual(new Set([undefined]));
  });

  test('A14 a remote configuration that redirects counts for nothing', chromiumOnly('the console of a worker is heard there only'), async ({ open, server }) => {
    server.serve('/switches', (_url, _request, response) => {
      response.statusCode = 302;
      response.setHeader('Location', '/other');
      return '';
    });
    server.serve('/other', '{}');
    const app = await open({ options: `backends: [{ baseUrl: '/api', ${NEVER}, remoteConfig: '/switches' }]` });
    const warned = app.page.context().waitForEvent('console', (message) => message.text().includes('is no good'));
    await app.call((sync) => sync.configure({}));
    await warned;
    expect((await app.call((sync) => sync.status())).backends[0]).toMatchObject({ autoRetry: true, offlineMode: true });
  });
});
