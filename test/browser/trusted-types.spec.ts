import { chromiumOnly, connectPage, expect, FAST, test, workerScript } from '../support/fixtures.js';

test('L8 a TrustedScriptURL is taken wherever a URL is', chromiumOnly('Trusted Types are younger elsewhere'), async ({ page, server }) => {
  server.serve('/worker.js', workerScript(`backends: [{ baseUrl: '/api', ${FAST} }]`));
  server.serve(
    '/strict',
    (_url, _request, response) => {
      response.setHeader('Content-Security-Policy', "require-trusted-types-for 'script'; trusted-types app");
      return '<!doctype html><script src="/holdfast.js"></script>';
    },
    'text/html',
  );
  server.serve('/token', '{"token":"fresh"}', 'application/json');
  await page.goto(`${server.origin}/strict`);
  await page.evaluate(() => {
    const { trustedTypes } = window as unknown as { trustedTypes: { createPolicy(name: string, rules: object): { createScriptURL(url: string): URL } } };
    Object.assign(window, { policy: trustedTypes.createPolicy('app', { createScriptURL: (url: string) => url }) });
  });
  await connectPage(page, `worker: window.policy.createScriptURL('/worker.js')`);
  expect(await page.evaluate(async () => (await window.sync.status()).backends.length)).toBe(1);
  const token = `Holdfast.fetchToken({ url: window.policy.createScriptURL('/token') })`;
  expect(await page.evaluate(token)).toBe('fresh');
  expect(await page.evaluate(`window.sync.observe(window.policy.createScriptURL('/api/feed'), { taskId: 'feed' }).return()`)).toMatchObject({ done: true });
});
